/*
 * files_paths.c - what is opened by its name, and memfds
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "files_kinds.h"

enum {
	PIECE = 256 << 10,
	/* Of a name that leads to something else now, this must do nothing. */
	HARMLESS = O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
};

static bool is_same(const struct core_file *file, const struct stat *status)
{
	/* A folder that is read from its beginning has no size or time. */
	const bool is_exact = file->seconds || file->nanoseconds || file->size;

	if (status->st_dev != file->device || status->st_ino != file->inode)
		return false;
	if (S_ISCHR(status->st_mode))
		return status->st_rdev == file->values[1];
	return !is_exact || ((uint64_t)status->st_size == file->size &&
			     status->st_mtim.tv_sec == file->seconds &&
			     status->st_mtim.tv_nsec == file->nanoseconds);
}

static int changed(const char *name, struct error *err)
{
	error_set(err, FAULT_UNSUPPORTED,
		  "'%s' is not the file of the capture any more", name);
	error_hint(err, "It was changed or replaced since. Capture again, or "
			"with --carry=file:any, which takes whatever file has "
			"the name.");
	return -err->code;
}

/* A device is what its number says, whatever file system names it. */
static bool will_do(const struct core_file *file, const struct stat *status)
{
	if ((status->st_mode & S_IFMT) != file->values[0])
		return false;
	if (S_ISCHR(status->st_mode))
		return status->st_rdev == file->values[1];
	return file->rules & CORE_FILE_ANY || is_same(file, status);
}

int file_make_path(struct files *files, uint32_t index, struct error *err)
{
	const struct core_file *file = &files->core->files[index];
	const char *name = files->core->names + file->name;
	cleanup_fd int fd = open(name, (int)file->flags | HARMLESS);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return error_system(err, errno, "cannot open '%s'", name);
	if (!will_do(file, &status))
		return changed(name, err);
	if (fcntl(fd, F_SETFL, (int)file->flags) < 0)
		return error_system(err, errno, "cannot set the flags of '%s'",
				    name);
	if (file->position && lseek(fd, (off_t)file->position, SEEK_SET) < 0)
		return error_system(err, errno,
				    "cannot go to byte %" PRIu64 " of '%s'",
				    file->position, name);
	files->fds[index] = take_fd(&fd);
	return 0;
}

/* Where the core has the next bytes that are there, or the end. */
static uint64_t next_data(const struct core *core, const struct core_file *file,
			  uint64_t at)
{
	off_t found = lseek(core->fd, (off_t)(file->data + at), SEEK_DATA);

	return found < 0 ? file->data_size : (uint64_t)found - file->data;
}

static int fill(const struct core *core, const struct core_file *file, int fd)
{
	cleanup_heap char *piece = malloc(PIECE);
	int r = piece ? 0 : -ENOMEM;

	if (r == 0 && ftruncate(fd, (off_t)file->size) < 0)
		r = -errno;
	for (uint64_t at = next_data(core, file, 0);
	     r == 0 && at < file->data_size;
	     at = next_data(core, file, at + PIECE)) {
		uint64_t rest = file->data_size - at;
		size_t part = rest < PIECE ? rest : PIECE;

		r = io_pread_all(core->fd, piece, part, file->data + at);
		if (r == 0 && !io_is_zero(piece, part))
			r = io_pwrite_all(fd, piece, part, at);
	}
	return r;
}

/* The first opening of the same memfd, perhaps itself. */
static uint32_t find_first(const struct core *core, uint32_t index)
{
	const struct core_file *file = &core->files[index];
	uint32_t i = 0;

	while (core->files[i].kind != CORE_FILE_MEMFD ||
	       core->files[i].inode != file->inode ||
	       core->files[i].device != file->device)
		i++;
	return i;
}

static int open_again(const struct core_file *file, int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, (int)file->flags | O_CLOEXEC);
}

/* It may be mapped to be written only if it is not sealed against that. */
int file_make_memfd(struct files *files, uint32_t index, struct error *err)
{
	const struct core *core = files->core;
	const struct core_file *file = &core->files[index];
	const uint32_t first = find_first(core, index);
	cleanup_fd int fd = -1;
	int r = 0;

	if (first == index) {
		fd = memfd_create(core->names + file->name,
				  MFD_CLOEXEC | MFD_ALLOW_SEALING);
		if (fd < 0)
			return error_system(err, errno, "cannot make a memfd");
		r = fill(core, file, fd);
		if (r == 0 &&
		    (fchmod(fd, (mode_t)file->values[1]) < 0 ||
		     fcntl(fd, F_ADD_SEALS, (int)file->values[0]) < 0))
			r = -errno;
		if (r < 0)
			return error_system(err, -r, "cannot fill a memfd");
	}
	if (first != index || (file->flags & O_ACCMODE) != O_RDWR) {
		int again = open_again(file,
				       first == index ? fd : files->fds[first]);

		if (again < 0)
			return error_system(err, errno,
					    "cannot open a memfd again");
		cleanup_close(&fd);
		fd = again;
	} else if (fcntl(fd, F_SETFL, (int)file->flags) < 0) {
		return error_system(err, errno,
				    "cannot set the flags of a "
				    "memfd");
	}
	lseek(fd, (off_t)file->position, SEEK_SET);
	files->fds[index] = take_fd(&fd);
	return 0;
}
