/*
 * files.c - the open files of the service, made again
 */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files_kinds.h"
#include "numbers.h"

enum {
	SPARE = 16, /* what is open for a moment only, and the core */
};

/* By enum core_file_kind; those that are taken from the caller have none. */
static int (*const makers[CORE_FILE_KINDS])(struct files *files, uint32_t file,
					    struct error *err) = {
	[CORE_FILE_PATH] = file_make_path,
	[CORE_FILE_PIPE] = file_make_pipe,
	[CORE_FILE_SOCKETPAIR] = file_make_socketpair,
	[CORE_FILE_SOCKET] = file_make_socket,
	[CORE_FILE_EVENTFD] = file_make_event,
	[CORE_FILE_TIMERFD] = file_make_event,
	[CORE_FILE_SIGNALFD] = file_make_event,
	[CORE_FILE_EPOLL] = file_make_event,
	[CORE_FILE_INOTIFY] = file_make_event,
	[CORE_FILE_MEMFD] = file_make_memfd,
};

static int first_fd(const struct core *core, uint32_t file, int *ret_others)
{
	int first = -1;

	*ret_others = 0;
	for (size_t i = 0; i < core->descriptor_count; i++) {
		if (core->descriptors[i].file != file)
			continue;
		if (first < 0)
			first = (int)core->descriptors[i].fd;
		else
			(*ret_others)++;
	}
	return first;
}

const char *file_name(const struct core *core, uint32_t file, char text[32])
{
	int others;
	int first = first_fd(core, file, &others);

	snprintf(text, 32, others ? "fd %d and %d more" : "fd %d", first,
		 others);
	return text;
}

/* A copy of the caller's, so that numbers may be exchanged. */
static int take_callers(struct files *files, uint32_t file, int number,
			struct error *err)
{
	files->fds[file] = fcntl(number, F_DUPFD_CLOEXEC, files->lowest);
	if (files->fds[file] < 0)
		return error_system(err, errno,
				    "the caller's fd %d cannot be had", number);
	return 0;
}

static int make_one(struct files *files, uint32_t file, int inherited,
		    struct error *err)
{
	const struct core_file *core = &files->core->files[file];
	int r = 0;

	if (files->fds[file] >= 0 || core->kind == CORE_FILE_CLOSED)
		return 0; /* with its other end */
	if (inherited >= 0)
		return take_callers(files, file, inherited, err);
	if (core->kind == CORE_FILE_INHERITED)
		return take_callers(files, file, (int)core->values[0], err);
	r = makers[core->kind](files, file, err);
	if (r == 0)
		r = numbers_lift(&files->fds[file], files->lowest, err);
	if (r == 0)
		r = numbers_lift(&files->fds[core->peer], files->lowest, err);
	return r;
}

int files_prepare(struct files *ret_files, struct core *core, struct error *err)
{
	struct files files = {
		.core = core,
		.lowest = numbers_lowest(core),
	};
	int r;

	if (core->file_count == 0) {
		*ret_files = files;
		return numbers_lift(&core->fd, files.lowest, err);
	}
	files.fds = malloc(core->file_count * sizeof(int));
	if (!files.fds)
		return error_system(err, ENOMEM, "cannot keep open files");
	memset(files.fds, 0xff, core->file_count * sizeof(int));
	r = numbers_raise(core,
			  core->file_count + core->mapping_count +
				  core->source_count + SPARE,
			  &files.soft, err);
	if (r == 0)
		r = numbers_lift(&core->fd, files.lowest, err);
	if (r < 0)
		free(files.fds);
	else
		*ret_files = files;
	return r;
}

int files_make(struct files *files, const struct inherited *inherited,
	       struct error *err)
{
	int r = 0;

	files->inherited = inherited;
	for (uint32_t i = 0; r == 0 && i < files->core->file_count; i++) {
		char name[32];

		r = make_one(files, i, inherited->fds[i], err);
		if (r < 0)
			error_context(err, "cannot restore %s",
				      file_name(files->core, i, name));
	}
	if (r < 0)
		files_undo(files);
	return r;
}

void files_undo(const struct files *files)
{
	for (uint32_t i = 0; files->fds && i < files->core->file_count; i++) {
		const char *path = file_socket_path(files, i);

		if (path && files->inherited->fds[i] < 0)
			unlink(path);
	}
}

static int place_one(const struct files *files, const struct core_descriptor *d,
		     struct error *err)
{
	const struct core_file *file = &files->core->files[d->file];
	const int flags = d->flags & FD_CLOEXEC ? O_CLOEXEC : 0;

	if (file->kind == CORE_FILE_CLOSED) {
		close((int)d->fd);
		return 0;
	}
	if (dup3(files->fds[d->file], (int)d->fd, flags) < 0)
		return error_system(err, errno, "cannot restore fd %u", d->fd);
	return 0;
}

static int connect_them(const struct files *files, struct error *err)
{
	const struct core *core = files->core;
	int r = 0;

	for (size_t i = 0; r == 0 && i < core->watch_count; i++) {
		const struct core_watch *watch = &core->watches[i];
		char name[32];

		r = file_watch(files, watch, files->fds[watch->file], err);
		if (r < 0)
			error_context(err, "cannot restore %s",
				      file_name(core, watch->file, name));
	}
	for (uint32_t i = 0; r == 0 && i < core->file_count; i++)
		if (core->files[i].kind == CORE_FILE_TIMERFD)
			r = file_arm_timer(files, i, files->fds[i], err);
		else if (core->files[i].kind == CORE_FILE_INOTIFY)
			file_use_up(files, i, files->fds[i]);
	return r;
}

int files_place(struct files *files, struct error *err)
{
	const struct core *core = files->core;
	int r = 0;

	for (size_t i = 0; r == 0 && i < core->descriptor_count; i++)
		r = place_one(files, &core->descriptors[i], err);
	if (r == 0)
		r = connect_them(files, err);
	if (r < 0) {
		files_undo(files);
		return r;
	}
	for (size_t i = 0; i < core->file_count; i++)
		if (files->fds[i] >= 0)
			close(files->fds[i]);
	if (core->file_count > 0)
		numbers_lower(files->soft);
	return 0;
}
