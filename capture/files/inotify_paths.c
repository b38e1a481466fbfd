/*
 * inotify_paths.c - which paths the service has had inotify(7) watch
 */
#include "inotify_paths.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/io.h"

/* A string ends with its page, if not before. */
static bool read_text(const struct tracee *t, uint64_t address, char *ret_text,
		      size_t size)
{
	struct error ignored = {0};

	for (size_t i = 0; i < size; i++) {
		if (tracee_read(t, address + i, ret_text + i, 1, &ignored) < 0)
			return false;
		if (ret_text[i] == '\0')
			return true;
	}
	return false;
}

void inotify_paths_see(struct inotify_paths *paths, const struct tracee *t,
		       const struct stop *stop)
{
	char path[PATH_MAX], link[64], folder[PATH_MAX] = "";
	char **items;
	char *item;

	if (!read_text(t, stop->arguments[1], path, sizeof(path)))
		return;
	snprintf(link, sizeof(link), "/proc/%d/cwd", stop->tid);
	if (path[0] != '/' && io_read_link(link, folder, sizeof(folder)) < 0)
		return;
	items = realloc(paths->items, (paths->count + 1) * sizeof(*items));
	if (!items)
		return;
	paths->items = items;
	if (asprintf(&item, "%s%s%s", folder, folder[0] ? "/" : "", path) >= 0)
		paths->items[paths->count++] = item;
}

const char *inotify_paths_find(const struct inotify_paths *paths,
			       uint64_t device, uint64_t inode)
{
	for (size_t i = 0; paths && i < paths->count; i++) {
		struct stat status;

		if (stat(paths->items[i], &status) == 0 &&
		    status.st_dev == device && status.st_ino == inode)
			return paths->items[i];
	}
	return NULL;
}

void inotify_paths_deinit(struct inotify_paths *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		free(paths->items[i]);
	free(paths->items);
	*paths = (struct inotify_paths){0};
}
