/*
 * open_file_kinds.h - the kinds of descriptor, and how they are told apart
 */
#ifndef FILES_OPEN_FILE_KINDS_H
#define FILES_OPEN_FILE_KINDS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct carrier;
struct open_file;

/*
 * A descriptor is of the first kind of which everything fits that is not zero.
 *
 * @name: what all of its kind are called; a description begins with it
 * @link: how the link in /proc/PID/fd begins
 * @type: S_IF*
 * @file_system: the magic number of statfs(2)
 * @flags: O_*, all of these
 * @fits: what else must hold
 * @asks_copy: @describe makes use of file->copy.  Others do without, because
 *	closing a copy flushes the file, and a network may hear of that.
 * @names_itself: @describe says @name, too, in its own way
 * @describe: says the rest of it, or NULL; it may replace file->remedy
 * @carrier: how it is made again, or NULL; @describe may choose another
 * @remedy: a whole sentence; NULL stands for "Make it after the ready point."
 */
struct open_file_kind {
	const char *name;
	const char *link;
	mode_t type;
	uint64_t file_system;
	unsigned flags;
	bool (*fits)(const struct open_file *file);
	bool asks_copy;
	bool names_itself;
	void (*describe)(struct open_file *file);
	const struct carrier *carrier;
	const char *remedy;
};

/* Looks at what was read, and nowhere else.  Never NULL: the last fits all. */
const struct open_file_kind *open_file_kind_find(const struct open_file *file);

#endif
