/*
 * note.h - walking and appending ELF notes, bounds-checked
 *
 * A note is a header of three words (sizes of owner and contents, type), the
 * owner with its NUL and the contents, both padded to four bytes (elf(5); core
 * files keep to 4 also where p_align says otherwise).
 */
#ifndef COMMON_NOTE_H
#define COMMON_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* @contents points into the notes that were walked. */
struct note {
	uint32_t type;
	const char *owner;
	const void *contents;
	size_t size;
};

/* Zero it, set @at and @left; note_next() moves it. */
struct note_cursor {
	const char *at;
	size_t left;
};

/*
 * The next note, or false at the end; also false, with @err filled, where a
 * note is cut short.
 */
bool note_next(struct note_cursor *cursor, struct note *ret_note,
	       struct error *err);

/* Bytes of notes that grow; @failed stays once memory has run out. */
struct note_buffer {
	char *bytes;
	size_t size;
	size_t capacity;
	bool failed;
};

void note_append(struct note_buffer *buffer, const char *owner, uint32_t type,
		 const void *contents, size_t size);
/* All of the notes that @from has. */
void note_append_all(struct note_buffer *buffer,
		     const struct note_buffer *from);
void note_buffer_deinit(struct note_buffer *buffer);

#endif
