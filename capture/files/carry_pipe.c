/*
 * carry_pipe.c - pipes with both ends in the service, and what is in them
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "carry.h"
#include "common/cleanup.h"
#include "open_file.h"

/* What else is open of the same pipe: exactly one other end. */
static bool has_one_other_end(const struct open_file *file)
{
	const bool writes = (file->flags & O_ACCMODE) == O_WRONLY;
	size_t ends = 0;

	for (size_t i = 0; file->all && i < file->all->count; i++) {
		const struct open_file_entry *entry = &file->all->items[i];

		if (entry->device != file->status.st_dev ||
		    entry->inode != file->status.st_ino)
			continue;
		/* One of the caller's, or opened again by its link. */
		if (entry->fd <= STDERR_FILENO ||
		    (entry->reads && entry->writes))
			return false;
		ends += writes ? entry->reads : entry->writes;
	}
	return ends > 0;
}

/*
 * tee(2) leaves what it copies where it is.  In packet mode each read gives one
 * packet, as it did there.
 */
static bool copy_contents(struct carried *carried, const struct open_file *file,
			  struct core_file *to, int capacity)
{
	cleanup_heap char *bytes = malloc((size_t)capacity);
	int unread = 0, seen = 0;
	int ours[2];
	ssize_t size;

	if (!bytes || ioctl(file->copy, FIONREAD, &unread) < 0 ||
	    pipe2(ours, O_CLOEXEC | O_NONBLOCK) < 0)
		return false;
	if (unread > 0 && fcntl(ours[1], F_SETPIPE_SZ, capacity) >= 0 &&
	    tee(file->copy, ours[1], (size_t)capacity, SPLICE_F_NONBLOCK) ==
		    unread)
		while ((size = read(ours[0], bytes, (size_t)capacity)) > 0) {
			carried_add_record(carried, to, CORE_RECORD_MESSAGE, 0,
					   bytes, (size_t)size);
			seen += (int)size;
		}
	close(ours[0]);
	close(ours[1]);
	return seen == unread;
}

static bool take_pipe(struct carried *carried, const struct open_file *file,
		      struct core_file *to)
{
	int capacity = file->copy < 0 ? -1 : fcntl(file->copy, F_GETPIPE_SZ);

	if (capacity < 0)
		return carried_refuse(carried, "It cannot be looked into.");
	if (!has_one_other_end(file))
		return carried_refuse(carried,
				      "Its other end belongs to somebody else, "
				      "or to nobody; make it after the ready "
				      "point.");
	to->kind = CORE_FILE_PIPE;
	to->device = file->status.st_dev;
	to->inode = file->status.st_ino;
	to->values[0] = (uint64_t)capacity;
	if ((file->flags & O_ACCMODE) == O_RDONLY &&
	    !copy_contents(carried, file, to, capacity))
		return carried_refuse(carried, "What is in it cannot be read; "
					       "read it before the ready "
					       "point.");
	return true;
}

const struct carrier carrier_pipe = {"pipe", false, take_pipe};
