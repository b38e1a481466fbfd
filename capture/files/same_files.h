/*
 * same_files.h - which descriptors are one open file
 *
 * kcmp(2) does not only tell whether two are the same, it has an order for them,
 * so that one among thousands is found by halves.
 */
#ifndef FILES_SAME_FILES_H
#define FILES_SAME_FILES_H

#include "open_file.h"

/* One open file by one of its descriptors; @file is for the caller. */
struct same_file {
	struct open_file_entry entry;
	uint32_t file;
};

/* @items: in order; @pid: whose descriptors they are */
struct same_files {
	pid_t pid;
	struct same_file *items;
	size_t count;
};

enum same_answer {
	SAME_NONE,    /* *ret_at is where it belongs */
	SAME_FOUND,   /* *ret_at is the one that it is */
	SAME_UNKNOWN, /* this kernel does not tell it from *ret_at */
};

enum same_answer same_files_find(const struct same_files *files,
				 const struct open_file_entry *entry,
				 size_t *ret_at);
/* False when memory runs out. */
bool same_files_add(struct same_files *files, size_t at,
		    const struct open_file_entry *entry, uint32_t file);
void same_files_deinit(struct same_files *files);

#endif
