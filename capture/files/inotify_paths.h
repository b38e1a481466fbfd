/*
 * inotify_paths.h - which paths the service has had inotify(7) watch
 *
 * The kernel shows the inode of a watch, and its path to nobody; but it was an
 * argument of inotify_add_watch(2).
 */
#ifndef FILES_INOTIFY_PATHS_H
#define FILES_INOTIFY_PATHS_H

#include <stddef.h>

#include "capture/tracee/tracee.h"

/* @items: absolute paths, each allocated */
struct inotify_paths {
	char **items;
	size_t count;
};

/* At the entry of that call.  A path that cannot be read or kept is not known. */
void inotify_paths_see(struct inotify_paths *paths, const struct tracee *t,
		       const struct stop *stop);
/* A path that leads to that file now, or NULL; @paths may be NULL. */
const char *inotify_paths_find(const struct inotify_paths *paths,
			       uint64_t device, uint64_t inode);
void inotify_paths_deinit(struct inotify_paths *paths);

#endif
