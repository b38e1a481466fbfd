/*
 * file_lines.c - NT_FILE, the note that says where files can be seen
 */
#include "file_lines.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "core_format.h"

static size_t size_of(const struct file_line *lines, size_t count)
{
	size_t size = (2 + 3 * count) * sizeof(uint64_t);

	for (size_t i = 0; i < count; i++)
		size += strlen(lines[i].name) + 1;
	return size;
}

/*
 * A count and the page size, then start, end and offset in pages for each,
 * then the names; all words have eight bytes (fs/binfmt_elf.c).
 */
void file_lines_append(struct note_buffer *notes, const struct file_line *lines,
		       size_t count)
{
	const size_t size = size_of(lines, count);
	cleanup_heap char *bytes = calloc(1, size);
	uint64_t *words = (uint64_t *)(void *)bytes;
	char *name;

	if (!bytes) {
		notes->failed = true;
		return;
	}
	name = bytes + (2 + 3 * count) * sizeof(uint64_t);
	*words++ = count;
	*words++ = CORE_PAGE_SIZE;
	for (size_t i = 0; i < count; i++) {
		*words++ = lines[i].start;
		*words++ = lines[i].end;
		*words++ = lines[i].offset / CORE_PAGE_SIZE;
		name = stpcpy(name, lines[i].name) + 1;
	}
	note_append(notes, "CORE", NT_FILE, bytes, size);
}
