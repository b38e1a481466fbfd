/*
 * open_file_kinds.h - the kinds of descriptor there are, and how they are told
 * apart
 */
#ifndef CAPTURE_OPEN_FILE_KINDS_H
#define CAPTURE_OPEN_FILE_KINDS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct open_file;
struct open_file_list;

/*
 * A descriptor is of the first kind of which everything fits that is not zero.
 *
 * @name: what all of its kind are called
 * @link: how the link in /proc/PID/fd begins
 * @type: S_IF*
 * @file_system: the magic number of statfs(2)
 * @flags: O_*, all of these
 * @fits: what else must hold
 * @describe: adds to file->what; without it, @words are all there is to say.
 *	It may replace file->remedy.
 * @words: what it is, in a few words
 * @remedy: a whole sentence for those who have one of these
 */
struct open_file_kind {
	const char *name;
	const char *link;
	mode_t type;
	uint64_t file_system;
	unsigned flags;
	bool (*fits)(const struct open_file *file);
	void (*describe)(struct open_file *file,
			 const struct open_file_list *all);
	const char *words;
	const char *remedy;
};

/*
 * Decides by flags, link, status, file_system, fdinfo and the two questions
 * that were answered when the file was read.  Never NULL: the last kind is
 * "unknown".
 */
const struct open_file_kind *open_file_kind_find(const struct open_file *file);

#endif
