/*
 * test_file_lines.c - files and places in, NT_FILE as the kernel writes it out
 */
#include <elf.h>

#include "common/core_format.h"
#include "common/file_lines.h"
#include "tests/expect.h"

/* The words of the note, and behind these the names. */
static const uint64_t *take(const struct note_buffer *notes,
			    const char **ret_names, size_t *ret_size)
{
	struct note_cursor at = {notes->bytes, notes->size};
	struct error err = {0};
	struct note note;
	static uint64_t words[32];

	cr_assert(note_next(&at, &note, &err));
	expect_text(note.owner, "CORE");
	cr_expect(note.type == NT_FILE);
	cr_assert(note.size >= 16 && note.size <= sizeof(words));
	memcpy(words, note.contents, note.size);
	*ret_names = (const char *)(words + 2 + 3 * words[0]);
	*ret_size = note.size;
	return words;
}

Test(file_lines, offsets_are_in_pages_and_names_follow)
{
	const struct file_line lines[] = {
		{0x1000, 0x3000, 0x5000, "/lib/a"},
		{0x3000, 0x4000, 0, "/b c"},
		{0x8000, 0x9000, 0x7000, "/lib/a"},
	};
	struct note_buffer notes = {0};
	const uint64_t *words;
	const char *names;
	size_t size;

	file_lines_append(&notes, lines, 3);
	words = take(&notes, &names, &size);

	cr_expect(words[0] == 3 && words[1] == CORE_PAGE_SIZE);
	cr_expect(words[2] == 0x1000 && words[3] == 0x3000 && words[4] == 5);
	cr_expect(words[5] == 0x3000 && words[6] == 0x4000 && words[7] == 0);
	cr_expect(words[8] == 0x8000 && words[9] == 0x9000 && words[10] == 7);
	cr_expect(size == 11 * 8 + 7 + 5 + 7);
	cr_expect(memcmp(names, "/lib/a\0/b c\0/lib/a", 19) == 0);
	note_buffer_deinit(&notes);
}

Test(file_lines, none_is_a_note_all_the_same)
{
	struct note_buffer notes = {0};
	const uint64_t *words;
	const char *names;
	size_t size;

	file_lines_append(&notes, NULL, 0);
	words = take(&notes, &names, &size);
	cr_expect(words[0] == 0 && words[1] == CORE_PAGE_SIZE && size == 16);
	note_buffer_deinit(&notes);
}
