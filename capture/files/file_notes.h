/*
 * file_notes.h - the notes about open files, and the bytes of memfds
 */
#ifndef FILES_FILE_NOTES_H
#define FILES_FILE_NOTES_H

#include "carried.h"
#include "common/error.h"
#include "common/note.h"

/* @carried: borrowed; @files and @watches are its own, fit for the core */
struct file_notes {
	const struct carried *carried;
	struct core_file *files;
	struct core_watch *watches;
};

/* @names: where the names of @carried begin among those of the core */
int file_notes_make(struct file_notes *ret_notes, const struct carried *carried,
		    uint32_t names, struct error *err);
/* The memfd with that inode, counted from 1; 0 when it is not carried. */
uint32_t file_notes_find(const struct file_notes *notes, uint64_t device,
			 uint64_t inode);

/* Places the bytes of memfds from @offset on, page aligned; returns their end. */
uint64_t file_notes_place(struct file_notes *notes, uint64_t offset);
/*
 * Copies these bytes to the core, and keeps their digests; *stored grows by
 * what is not zeros.
 */
int file_notes_copy(struct file_notes *notes, int fd, uint64_t *stored,
		    struct error *err);

void file_notes_append(const struct file_notes *notes,
		       struct note_buffer *buffer);
void file_notes_deinit(struct file_notes *notes);

#endif
