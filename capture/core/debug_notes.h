/*
 * debug_notes.h - the notes that debuggers read, in the kernel's order
 */
#ifndef CORE_DEBUG_NOTES_H
#define CORE_DEBUG_NOTES_H

#include "common/note.h"
#include "image.h"

/*
 * Appends them; a lack of memory shows in @notes.
 * @parts: where the register sets of this machine lie
 */
void debug_notes_append(struct note_buffer *notes, const struct image *image,
			const struct core_xstate_part *parts);

#endif
