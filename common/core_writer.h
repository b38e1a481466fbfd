/*
 * core_writer.h - ELF header, program headers and notes of a core
 */
#ifndef COMMON_CORE_WRITER_H
#define COMMON_CORE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "note.h"

/*
 * @offset: of the byte at @start, page aligned.  Where nothing is stored, where
 *	it would be, as readers go by the order (elfutils 0.188), or 0.
 */
struct core_segment {
	uint64_t start;
	uint64_t end;
	uint64_t offset;
	int protection;
	bool is_stored;
};

/* Where the notes begin when there are @count segments. */
size_t core_notes_offset(size_t count);

/*
 * Puts headers and notes together, seals them with their digest and writes
 * them to the start of @fd.  @notes holds one CORE_NOTE_IMAGE with digest 0.
 */
int core_write_front(int fd, const struct core_segment *segments, size_t count,
		     const struct note_buffer *notes, struct error *err);

/*
 * Computes the digest anew in @size bytes of headers and notes, for whoever
 * changes a core.  False when there is no image note in them.
 */
bool core_seal(char *front, size_t size);

#endif
