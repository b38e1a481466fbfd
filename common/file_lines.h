/*
 * file_lines.h - NT_FILE, the note that says where files can be seen
 */
#ifndef COMMON_FILE_LINES_H
#define COMMON_FILE_LINES_H

#include <stddef.h>
#include <stdint.h>

#include "note.h"

/* @offset: into the file, of the byte at @start; @name: borrowed */
struct file_line {
	uint64_t start;
	uint64_t end;
	uint64_t offset;
	const char *name;
};

/* Appends the note with @count lines, in the order of their addresses. */
void file_lines_append(struct note_buffer *notes, const struct file_line *lines,
		       size_t count);

#endif
