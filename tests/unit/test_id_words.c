/*
 * test_id_words.c - the ids of threads are seen wherever in a page they stand
 */
#include <criterion/criterion.h>
#include <string.h>

#include "capture/memory/id_words.h"
#include "common/core_format.h"

enum {
	LOWEST = 0x7ffffffe,
	HIGHEST = 0x80000001,
};

static char page[CORE_PAGE_SIZE];

/* Alone in a page of other numbers. */
static bool is_seen(uint32_t word, size_t at)
{
	memset(page, 0x55, sizeof(page));
	memcpy(page + at, &word, sizeof(word));
	return id_words_are_in(page, LOWEST, HIGHEST);
}

TestSuite(id_words, .timeout = 10);

Test(id_words, are_seen_at_every_multiple_of_eight)
{
	for (size_t at = 0; at < sizeof(page); at += 8)
		cr_expect(is_seen(LOWEST + 1, at), "at %zu", at);
}

Test(id_words, are_not_seen_in_between)
{
	for (size_t at = 4; at < sizeof(page); at += 8)
		cr_expect(!is_seen(LOWEST + 1, at), "at %zu", at);
}

Test(id_words, are_seen_up_to_both_ends_of_their_range)
{
	cr_expect(!is_seen(LOWEST - 1, 64));
	cr_expect(is_seen(LOWEST, 64));
	cr_expect(is_seen(HIGHEST, 64));
	cr_expect(!is_seen(HIGHEST + 1, 64));
}

Test(id_words, are_the_same_when_there_is_one)
{
	const uint32_t id = 4711;

	memset(page, 0, sizeof(page));
	cr_expect(!id_words_are_in(page, id, id));
	memcpy(page + 4088, &id, sizeof(id));
	cr_expect(id_words_are_in(page, id, id));
	cr_expect(!id_words_are_in(page, id + 1, id + 1));
}
