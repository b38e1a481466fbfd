/*
 * test_seams.c - the blocks of glibc's allocator are found among bytes
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "capture/memory/seams.h"

enum {
	PAGES = 64,
	SIZE = PAGES * 4096,
};

static const struct mapping mapping = {.start = 0x10000000,
				       .end = 0x10000000 + SIZE};

/* The pages that are seams in @bytes, all of which were written. */
static size_t find(const char *bytes, uint64_t **pages)
{
	struct core_range all = {mapping.start, mapping.end};
	struct page_runs written = {&all, 1, 1};
	struct seams seams = {.mapping = &mapping};
	struct error err = {0};
	size_t count;

	cr_assert(seams_inspect(&seams, bytes, SIZE, mapping.start, &err) == 0);
	cr_assert(seams_conclude(&seams, &written, pages, &count, &err) == 0);
	seams_deinit(&seams);
	return count;
}

static void put_header(char *bytes, size_t at, uint64_t before, uint64_t size)
{
	memcpy(bytes + at, &before, sizeof(before));
	memcpy(bytes + at + 8, &size, sizeof(size));
}

Test(seams, block_ends_in_a_seam)
{
	char *bytes = calloc(1, SIZE);
	uint64_t *pages;

	put_header(bytes, 8 * 4096, 0, 32 * 4096 | 2);

	cr_assert(find(bytes, &pages) == 1);
	cr_expect(pages[0] == mapping.start + 39 * 4096);
	free(pages);
	free(bytes);
}

Test(seams, aligned_block_is_known_by_what_is_before_it)
{
	char *bytes = calloc(1, SIZE);
	uint64_t *pages;

	put_header(bytes, 4096 + 0xff0, 0xff0, (33 * 4096 - 0xff0) | 2);
	put_header(bytes, 40 * 4096 + 0x30, 0x30, (4 * 4096 - 0x30) | 2);

	cr_assert(find(bytes, &pages) == 2);
	cr_expect(pages[0] == mapping.start + 33 * 4096);
	cr_expect(pages[1] == mapping.start + 43 * 4096);
	free(pages);
	free(bytes);
}

Test(seams, what_is_no_block_is_none)
{
	char *bytes = calloc(1, SIZE);
	uint64_t *pages;

	put_header(bytes, 0, 0, 8 * 4096);		  /* not by mmap */
	put_header(bytes, 4096, 0, 8 * 4096 | 3);	  /* another flag */
	put_header(bytes, 2 * 4096, 0, 100);		  /* no pages */
	put_header(bytes, 3 * 4096, 0, 62 * 4096 | 2);	  /* beyond the end */
	put_header(bytes, 4 * 4096, 0, UINT64_MAX & ~5u); /* overflow */
	put_header(bytes, 5 * 4096, 8192 * 4096, 4096 | 2);

	cr_expect(find(bytes, &pages) == 0);
	free(pages);
	free(bytes);
}
