/*
 * files_kinds.h - how open files of each kind are made
 *
 * Included by files.c and files_*.c only.
 */
#ifndef RESTORE_FILES_KINDS_H
#define RESTORE_FILES_KINDS_H

#include "files.h"

/*
 * Each makes files->fds[file], and of a pair the other end with it.  Errors say
 * why; the caller says of which descriptor.
 */
int file_make_path(struct files *files, uint32_t file, struct error *err);
int file_make_memfd(struct files *files, uint32_t file, struct error *err);
int file_make_pipe(struct files *files, uint32_t file, struct error *err);
int file_make_socketpair(struct files *files, uint32_t file, struct error *err);
int file_make_socket(struct files *files, uint32_t file, struct error *err);
int file_make_event(struct files *files, uint32_t file, struct error *err);

/* The name of a unix listener that was made, or NULL. */
const char *file_socket_path(const struct files *files, uint32_t file);

/* When all are at their places. */
int file_arm_timer(const struct files *files, uint32_t file, int fd,
		   struct error *err);
/* The numbers of an inotify file that are not to be given again. */
void file_use_up(const struct files *files, uint32_t file, int fd);
int file_watch(const struct files *files, const struct core_watch *watch,
	       int fd, struct error *err);

#endif
