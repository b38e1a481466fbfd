/*
 * test_page_digest.c - pages in, the digest that subctx-core(5) describes out
 *
 * What it has to be is what the library says of all of its words in one piece.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "common/core_format.h"
#include "common/page_digest.h"
#include "common/page_digest_update.h"

enum {
	PAGE = CORE_PAGE_SIZE,
	PAGES = 8,
	ADDRESS = 0x7000000,
};

static char memory[PAGES * PAGE];

/* The third page is zeros, and the last but for its last byte. */
static void fill(void)
{
	for (size_t i = 0; i < sizeof(memory); i++)
		memory[i] = (char)(i * 7 + i / PAGE);
	memset(memory + 2 * PAGE, 0, PAGE);
	memset(memory + 7 * PAGE, 0, PAGE);
	memory[sizeof(memory) - 1] = 1;
}

static uint64_t expected(void)
{
	char *all = malloc(PAGES * (PAGE + sizeof(uint64_t)));
	char *end = all;
	uint64_t value;

	for (size_t i = 0; i < PAGES; i++) {
		const uint64_t address = ADDRESS + i * PAGE;

		if (i == 2)
			continue;
		end = mempcpy(end, &address, sizeof(address));
		end = mempcpy(end, memory + i * PAGE, PAGE);
	}
	value = XXH3_64bits(all, (size_t)(end - all));
	free(all);
	return value;
}

static uint64_t digest_in_pieces(size_t pages)
{
	struct page_digest *digest = page_digest_create();
	uint64_t value;

	cr_assert(digest);
	for (size_t i = 0; i < PAGES; i += pages)
		page_digest_add(digest, ADDRESS + i * PAGE, memory + i * PAGE,
				pages * PAGE);
	value = page_digest_value(digest);
	page_digest_destroy(digest);
	return value;
}

Test(page_digest, it_is_of_addresses_and_contents_but_not_of_zeros)
{
	fill();

	cr_expect(digest_in_pieces(PAGES) == expected());
}

Test(page_digest, pieces_do_not_matter)
{
	fill();

	cr_expect(digest_in_pieces(1) == expected());
	cr_expect(digest_in_pieces(4) == expected());
}

Test(page_digest, every_byte_and_every_place_matters)
{
	uint64_t right;

	fill();
	right = digest_in_pieces(PAGES);

	for (size_t i = 0; i < sizeof(memory); i += 509) {
		memory[i] ^= 1;
		cr_assert(digest_in_pieces(PAGES) != right, "byte %zu", i);
		memory[i] ^= 1;
	}
	memmove(memory + 2 * PAGE, memory + 3 * PAGE, PAGE);
	memset(memory + 3 * PAGE, 0, PAGE);
	cr_expect(digest_in_pieces(PAGES) != right);
}

Test(page_digest, beginning_forgets)
{
	struct page_digest *digest = page_digest_create();

	fill();
	page_digest_add(digest, ADDRESS, memory, PAGE);
	page_digest_begin(digest);
	cr_expect(page_digest_value(digest) == XXH3_64bits("", 0));
	page_digest_add(digest, ADDRESS, memory, sizeof(memory));
	cr_expect(page_digest_value(digest) == expected());
	page_digest_destroy(digest);
}

Test(page_digest, processors_agree)
{
	XXH3_state_t *state = XXH3_createState();

	fill();
	XXH3_64bits_reset(state);
	page_digest_update_plain(state, ADDRESS, memory, sizeof(memory));
	cr_expect(XXH3_64bits_digest(state) == expected());
	if (__builtin_cpu_supports("avx2")) {
		XXH3_64bits_reset(state);
		page_digest_update_avx2(state, ADDRESS, memory, sizeof(memory));
		cr_expect(XXH3_64bits_digest(state) == expected());
	}
	XXH3_freeState(state);
}
