/*
 * test_note.c - notes that are appended come back, and damaged ones do not
 */
#include <elf.h>
#include <stdlib.h>

#include "common/note.h"
#include "tests/expect.h"

static struct note_cursor at_start(const struct note_buffer *buffer)
{
	return (struct note_cursor){buffer->bytes, buffer->size};
}

Test(note, what_is_appended_is_walked_in_order)
{
	struct note_buffer buffer = {0};
	struct note_cursor cursor;
	struct error err = {0};
	struct note note;

	note_append(&buffer, "CORE", 1, "abc", 3);
	note_append(&buffer, "SUBCTX", 0x53554200, "12345678", 8);
	note_append(&buffer, "X", 7, NULL, 0);
	cr_assert(!buffer.failed);
	cursor = at_start(&buffer);

	cr_assert(note_next(&cursor, &note, &err), "%s", err.text);
	expect_text(note.owner, "CORE");
	cr_expect(note.type == 1 && note.size == 3);
	cr_expect(memcmp(note.contents, "abc", 3) == 0);
	cr_assert(note_next(&cursor, &note, &err), "%s", err.text);
	expect_text(note.owner, "SUBCTX");
	cr_expect(note.type == 0x53554200 && note.size == 8);
	cr_expect(memcmp(note.contents, "12345678", 8) == 0);
	cr_assert(note_next(&cursor, &note, &err), "%s", err.text);
	cr_expect(note.type == 7 && note.size == 0);
	cr_expect(!note_next(&cursor, &note, &err));
	cr_expect(err.fault == FAULT_NONE, "%s", err.text);
	note_buffer_deinit(&buffer);
}

Test(note, every_note_is_padded_to_four_bytes_of_zeros)
{
	struct note_buffer buffer = {0};

	for (size_t size = 0; size < 9; size++) {
		size_t before = buffer.size;

		note_append(&buffer, "AB", 1, "xxxxxxxxx", size);
		cr_expect(buffer.size - before == 12 + 4 + (size + 3) / 4 * 4);
		for (size_t i = before + 16 + size; i < buffer.size; i++)
			cr_expect(buffer.bytes[i] == 0);
	}
	note_buffer_deinit(&buffer);
}

Test(note, notes_of_any_size_come_back)
{
	struct note_buffer buffer = {0};
	struct note_cursor cursor;
	struct error err = {0};
	struct note note;
	char *bytes = calloc(1, 100000);

	for (size_t size = 1; size < 100000; size *= 3) {
		bytes[size - 1] = (char)size;
		note_append(&buffer, "SUBCTX", (uint32_t)size, bytes, size);
	}
	cursor = at_start(&buffer);

	for (size_t size = 1; size < 100000; size *= 3) {
		cr_assert(note_next(&cursor, &note, &err), "%s", err.text);
		cr_expect(note.size == size && note.type == size);
		cr_expect(memcmp(note.contents, bytes, size) == 0);
	}
	cr_expect(cursor.left == 0);
	free(bytes);
	note_buffer_deinit(&buffer);
}

Test(note, buffer_that_has_failed_takes_nothing_more)
{
	struct note_buffer buffer = {.failed = true};

	note_append(&buffer, "CORE", 1, "abc", 3);

	cr_expect(buffer.failed && buffer.size == 0);
	note_buffer_deinit(&buffer);
	cr_expect(!buffer.failed && !buffer.bytes);
}

Test(note, notes_of_another_buffer_follow)
{
	struct note_buffer first = {0}, second = {0};
	struct note_cursor cursor;
	struct error err = {0};
	struct note note;

	note_append(&first, "CORE", 1, "abc", 3);
	note_append(&second, "X", 7, "12345", 5);
	note_append_all(&first, &second);
	note_append_all(&first, &(struct note_buffer){0});
	cr_assert(!first.failed);
	cursor = at_start(&first);
	cr_expect(note_next(&cursor, &note, &err) && note.type == 1);
	cr_assert(note_next(&cursor, &note, &err), "%s", err.text);
	cr_expect(note.type == 7 && note.size == 5);
	cr_expect(memcmp(note.contents, "12345", 5) == 0);
	cr_expect(!note_next(&cursor, &note, &err));
	second.failed = true;
	note_append_all(&first, &second);
	cr_expect(first.failed);
	note_buffer_deinit(&first);
	note_buffer_deinit(&second);
}

Test(note, note_that_is_cut_short_is_told_with_what_is_left)
{
	struct note_buffer buffer = {0};
	char message[80];

	note_append(&buffer, "CORE", 1, "abcdefgh", 8);
	for (size_t cut = 1; cut < buffer.size; cut++) {
		/* A copy of just that length, for the sanitizer to guard. */
		char *copy = malloc(cut);
		struct note_cursor cursor = {copy, cut};
		struct error err = {0};
		struct note note;

		memcpy(copy, buffer.bytes, cut);
		cr_expect(!note_next(&cursor, &note, &err), "%zu bytes", cut);
		snprintf(message, sizeof(message),
			 "a note is cut short: %zu bytes are left", cut);
		expect_text(err.text, message);
		cr_expect(err.fault == FAULT_CORRUPT);
		cr_expect(cursor.at == copy && cursor.left == cut, "it moved");
		free(copy);
	}
	note_buffer_deinit(&buffer);
}

static void expect_bad_head(Elf64_Nhdr head, const char *message)
{
	unsigned char bytes[64] = {0};
	struct note_cursor cursor = {(const char *)bytes, sizeof(bytes)};
	struct error err = {0};
	struct note note;

	memcpy(bytes, &head, sizeof(head));
	memset(bytes + sizeof(head), 'x', 4);
	cr_expect(!note_next(&cursor, &note, &err));
	expect_contains(err.text, message);
	cr_expect(cursor.left == sizeof(bytes));
}

Test(note, owner_without_a_nul_is_refused)
{
	expect_bad_head((Elf64_Nhdr){4, 4, 9},
			"note of type 0x9 has no owner's name");
	expect_bad_head((Elf64_Nhdr){0, 4, 9},
			"note of type 0x9 has no owner's name");
}

Test(note, sizes_that_overflow_when_padded_are_refused)
{
	expect_bad_head((Elf64_Nhdr){UINT32_MAX, 0, 1}, "is cut short");
	expect_bad_head((Elf64_Nhdr){4, UINT32_MAX, 1}, "is cut short");
	expect_bad_head((Elf64_Nhdr){UINT32_MAX, UINT32_MAX, 1},
			"is cut short");
	expect_bad_head((Elf64_Nhdr){4, UINT32_MAX - 3, 1}, "is cut short");
}

Test(note, nothing_is_no_note_and_no_error)
{
	struct note_cursor cursor = {0};
	struct error err = {0};
	struct note note;

	cr_expect(!note_next(&cursor, &note, &err));

	cr_expect(err.fault == FAULT_NONE);
}
