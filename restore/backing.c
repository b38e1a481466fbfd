/*
 * backing.c - the files behind shared mappings, and proof that they are right
 */
#include "backing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"

enum {
	PIECE = 64 << 10,
};

static bool is_same_inode(const struct core_mapping *m,
			  const struct stat *status)
{
	return status->st_dev == m->file_device &&
	       status->st_ino == m->file_inode &&
	       (uint64_t)status->st_size == m->file_size &&
	       status->st_mtime == m->file_seconds;
}

/* Behind the end of a file a mapping shows zeros. */
static bool read_piece(int fd, char *piece, size_t size, uint64_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t got = pread(fd, piece + done, size - done,
				    (off_t)(offset + done));

		if (got < 0)
			return false;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	memset(piece + done, 0, size - done);
	return true;
}

static bool has_same_bytes(const struct core *core,
			   const struct core_mapping *m, int fd)
{
	cleanup_heap char *pieces = malloc(2 * PIECE);
	uint64_t size = m->end - m->start;

	for (uint64_t at = 0; pieces && at < size; at += PIECE) {
		size_t part = size - at < PIECE ? size - at : PIECE;

		if (!read_piece(fd, pieces, part, m->file_offset + at) ||
		    !read_piece(core->fd, pieces + PIECE, part,
				m->offset + at) ||
		    memcmp(pieces, pieces + PIECE, part) != 0)
			return false;
	}
	return pieces != NULL;
}

static int open_one(const struct core *core, const struct core_mapping *m,
		    int *ret_fd, struct error *err)
{
	const char *name = core->names + m->name;
	cleanup_fd int fd = open(name, O_RDONLY | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return error_system(err, errno,
				    "cannot map '%s', which it shares", name);
	if (!is_same_inode(m, &status) && !has_same_bytes(core, m, fd)) {
		error_set(err, FAULT_UNSUPPORTED,
			  "cannot map '%s', which it shares: it is not the "
			  "file of the capture any more",
			  name);
		error_hint(err, "The file was changed or replaced since. "
				"Capture again.");
		return -err->code;
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

/* What one mapping shows of it; of pages of zeros there are none. */
static int fill(const struct core *core, const struct core_mapping *m, int fd)
{
	cleanup_heap char *piece = malloc(PIECE);
	uint64_t size = m->end - m->start;
	int r = piece ? 0 : -ENOMEM;

	for (uint64_t at = 0; r == 0 && at < size; at += PIECE) {
		size_t part = size - at < PIECE ? size - at : PIECE;

		r = io_pread_all(core->fd, piece, part, m->offset + at);
		if (r == 0 && !io_is_zero(piece, part))
			r = io_pwrite_all(fd, piece, part, m->file_offset + at);
	}
	return r;
}

/* As the mapping had it, so that mprotect(2) allows what it allowed. */
static int open_again(const struct core_mapping *m, int fd)
{
	const bool is_read_only = m->flags & CORE_MAP_READ_ONLY;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, (is_read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
}

/*
 * @fd: the shared memory; with @is_ours it is open for writing, and for no other
 *	use than its mappings, otherwise each of them has an opening of its own
 */
static int open_for_mappings(const struct core *core, uint32_t index, int fd,
			     bool is_ours, int *fds, struct error *err)
{
	for (size_t i = 0; i < core->mapping_count; i++) {
		const struct core_mapping *m = &core->mappings[i];

		if (m->kind != CORE_MAPPING_OBJECT || m->object != index)
			continue;
		fds[i] = is_ours && !(m->flags & CORE_MAP_READ_ONLY)
				 ? fcntl(fd, F_DUPFD_CLOEXEC, 0)
				 : open_again(m, fd);
		if (fds[i] < 0)
			return error_system(err, errno,
					    "cannot open shared memory again");
	}
	return 0;
}

/* One that has been made with its descriptors. */
static int share_object(const struct core *core, const struct files *files,
			uint32_t index, int *fds, struct error *err)
{
	const int fd = files->fds[core->objects[index].file - 1];

	return open_for_mappings(core, index, fd, false, fds, err);
}

/* Shared memory comes back as a memfd, one for all mappings that show it. */
static int make_object(const struct core *core, uint32_t index, int *fds,
		       struct error *err)
{
	const struct core_object *object = &core->objects[index];
	cleanup_fd int fd =
		memfd_create(core->names + object->name, MFD_CLOEXEC);
	int r = 0;

	if (fd < 0 || ftruncate(fd, (off_t)object->size) < 0)
		return error_system(err, errno, "cannot make shared memory");
	for (size_t i = 0; r == 0 && i < core->mapping_count; i++) {
		const struct core_mapping *m = &core->mappings[i];

		if (m->kind == CORE_MAPPING_OBJECT && m->object == index &&
		    m->offset)
			r = fill(core, m, fd);
	}
	if (r < 0)
		return error_system(err, -r, "cannot fill shared memory");
	return open_for_mappings(core, index, fd, true, fds, err);
}

int backing_open(const struct core *core, const struct files *files,
		 int **ret_fds, struct error *err)
{
	cleanup_heap int *fds = NULL;
	int r = 0;

	for (size_t i = 0; r == 0 && i < core->mapping_count; i++) {
		const uint32_t kind = core->mappings[i].kind;

		if (kind != CORE_MAPPING_SHARED && kind != CORE_MAPPING_OBJECT)
			continue;
		if (!fds) {
			fds = malloc(core->mapping_count * sizeof(*fds));
			if (!fds)
				return error_system(err, ENOMEM,
						    "cannot open its files");
			memset(fds, 0xff, core->mapping_count * sizeof(*fds));
		}
		if (kind == CORE_MAPPING_SHARED)
			r = open_one(core, &core->mappings[i], &fds[i], err);
	}
	for (uint32_t i = 0; r == 0 && fds && i < core->object_count; i++)
		r = files && core->objects[i].file
			    ? share_object(core, files, i, fds, err)
			    : make_object(core, i, fds, err);
	if (r == 0)
		*ret_fds = take_pointer(&fds);
	return r;
}
