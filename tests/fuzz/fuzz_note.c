/*
 * fuzz_note.c - any bytes are notes that lie within them, up to where they are
 * no more
 */
#include <assert.h>
#include <string.h>

#include "common/note.h"
#include "fuzz.h"

size_t fuzz_begin(uint8_t *bytes, size_t size)
{
	struct note_buffer notes = {0};
	size_t total;

	note_append(&notes, "CORE", 1, "registers of a thread", 21);
	note_append(&notes, "CORE", 6, "12345678", 8);
	note_append(&notes, "LINUX", 0x202, NULL, 0);
	note_append(&notes, "SUBCTX", 0x53554200, "image", 6);
	total = notes.size;
	assert(!notes.failed && total <= size);
	memcpy(bytes, notes.bytes, total);
	note_buffer_deinit(&notes);
	return total;
}

/* What has been walked once is walked again when it is put together anew. */
static void check_again(const struct note_buffer *notes, size_t count)
{
	struct note_cursor cursor = {notes->bytes, notes->size};
	struct error err = {0};
	struct note note;

	while (note_next(&cursor, &note, &err))
		count--;
	assert(count == 0 && err.fault == FAULT_NONE);
}

void fuzz_one(uint8_t *bytes, size_t size)
{
	const char *const end = (const char *)bytes + size;
	struct note_cursor cursor = {(const char *)bytes, size};
	struct note_buffer again = {0};
	struct error err = {0};
	struct note note;
	size_t count = 0;

	while (note_next(&cursor, &note, &err)) {
		const char *contents = note.contents;

		assert(err.fault == FAULT_NONE);
		assert(note.owner >= (const char *)bytes && note.owner < end);
		assert(note.owner + strlen(note.owner) < contents);
		assert(contents + note.size <= cursor.at);
		assert(cursor.at <= end);
		assert(cursor.left == (size_t)(end - cursor.at));
		note_append(&again, note.owner, note.type, contents, note.size);
		count++;
	}
	if (err.fault != FAULT_NONE)
		assert(err.fault == FAULT_CORRUPT && err.text[0]);
	else
		assert(cursor.left == 0);
	check_again(&again, count);
	note_buffer_deinit(&again);
}
