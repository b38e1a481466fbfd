/*
 * test_thin_pages.c - pages and what a file has of them in, ranges out
 */
#include <stdlib.h>

#include "capture/memory/thin_pages.h"
#include "tests/expect.h"

enum {
	PAGE = CORE_PAGE_SIZE,
	START = 0x100000,
	PIECE_PAGES = 16,
	SOURCE = 3,
};

/* A mapping of a file, from its fifth page on, that begins at START. */
static const struct mapping mapping = {
	.start = START,
	.end = START + 64 * PAGE,
	.backing_offset = 5 * PAGE,
};

/* Two neighbours and their pieces, which are alike at first. */
struct made {
	struct thin_pages pages;
	char ours[PIECE_PAGES][PAGE];
	char theirs[PIECE_PAGES][PAGE];
};

static struct core_range pages_of(uint64_t first, uint64_t count)
{
	return (struct core_range){START + first * PAGE,
				   START + (first + count) * PAGE};
}

static void expect_data(const struct thin_pages *pages, size_t i,
			uint64_t first, uint64_t count)
{
	const struct core_range wanted = pages_of(first, count);

	cr_assert(i < pages->data.count, "there are %zu", pages->data.count);
	cr_expect(pages->data.items[i].start == wanted.start &&
			  pages->data.items[i].end == wanted.end,
		  "%zu: %#lx-%#lx", i, pages->data.items[i].start,
		  pages->data.items[i].end);
}

static void expect_outside(const struct thin_pages *pages, size_t i,
			   uint64_t first, uint64_t count, uint64_t offset)
{
	const struct core_range wanted = pages_of(first, count);

	cr_assert(i < pages->outside_count, "there are %zu",
		  pages->outside_count);
	cr_expect(pages->outside[i].start == wanted.start &&
			  pages->outside[i].end == wanted.end &&
			  pages->outside[i].offset == offset * PAGE &&
			  pages->outside[i].source == SOURCE,
		  "%zu: %#lx-%#lx at %#lx of %u", i, pages->outside[i].start,
		  pages->outside[i].end, pages->outside[i].offset,
		  pages->outside[i].source);
}

/* Pages @first to @first + @count, of which those in @own are private. */
static void split(struct thin_pages *pages, uint64_t first, uint64_t count,
		  const struct core_range *own, size_t own_count)
{
	struct core_range items[4];
	const struct page_runs private = {.items = items, .count = own_count};
	const struct core_range run = pages_of(first, count);
	struct error err = {0};

	for (size_t i = 0; i < own_count; i++)
		items[i] = own[i];
	pages->mapping = &mapping;
	cr_assert(thin_pages_split(pages, &run, &private, SOURCE, &err) == 0);
}

#define RANGES(...)                                          \
	((struct core_range[]){__VA_ARGS__}),                \
		sizeof((struct core_range[]){__VA_ARGS__}) / \
			sizeof(struct core_range)

Test(thin_pages, what_nobody_has_written_is_outside)
{
	struct thin_pages pages = {0};

	split(&pages, 2, 10, NULL, 0);

	cr_expect(pages.data.count == 0 && pages.outside_count == 1);
	expect_outside(&pages, 0, 2, 10, 7);
	thin_pages_deinit(&pages);
	cr_expect(!pages.outside && !pages.data.items);
}

Test(thin_pages, what_all_is_private_is_kept)
{
	struct thin_pages pages = {0};

	split(&pages, 2, 10, RANGES(pages_of(0, 64)));

	cr_expect(pages.data.count == 1 && pages.outside_count == 0);
	expect_data(&pages, 0, 2, 10);
	thin_pages_deinit(&pages);
}

Test(thin_pages, gaps_of_two_pages_are_worth_it)
{
	struct thin_pages pages = {0};

	split(&pages, 0, 20,
	      RANGES(pages_of(0, 3), pages_of(4, 2), pages_of(8, 6)));

	cr_expect(pages.data.count == 2 && pages.outside_count == 2);
	expect_data(&pages, 0, 0, 6);
	expect_data(&pages, 1, 8, 6);
	expect_outside(&pages, 0, 6, 2, 11);
	expect_outside(&pages, 1, 14, 6, 19);
	thin_pages_deinit(&pages);
}

Test(thin_pages, private_pages_around_a_run_are_not_its_own)
{
	struct thin_pages pages = {0};

	split(&pages, 8, 8,
	      RANGES(pages_of(0, 4), pages_of(6, 3), pages_of(14, 4),
		     pages_of(20, 4)));

	cr_expect(pages.data.count == 2 && pages.outside_count == 1);
	expect_data(&pages, 0, 8, 1);
	expect_outside(&pages, 0, 9, 5, 14);
	expect_data(&pages, 1, 14, 2);
	thin_pages_deinit(&pages);
}

Test(thin_pages, runs_of_one_mapping_are_joined_but_not_of_two)
{
	const struct mapping next = {.start = START + 8 * PAGE,
				     .end = START + 64 * PAGE,
				     .backing_offset = 13 * PAGE};
	const struct page_runs none = {0};
	const struct core_range run = pages_of(8, 4);
	struct thin_pages pages = {0};
	struct error err = {0};

	split(&pages, 0, 2, RANGES(pages_of(0, 2)));
	split(&pages, 2, 2, RANGES(pages_of(2, 2)));
	split(&pages, 4, 4, NULL, 0);
	cr_expect(pages.data.count == 1 && pages.outside_count == 1);

	pages.mapping = &next;
	cr_assert(thin_pages_split(&pages, &run, &none, SOURCE, &err) == 0);
	cr_assert(thin_pages_keep(&pages, START + 12 * PAGE, START + 13 * PAGE,
				  &err) == 0);

	cr_expect(pages.outside_count == 2, "it reaches into two mappings");
	expect_outside(&pages, 1, 8, 4, 13);
	expect_data(&pages, 0, 0, 4);
	expect_data(&pages, 1, 12, 1);
	thin_pages_deinit(&pages);
}

static struct made *make(void)
{
	struct made *made = calloc(1, sizeof(*made));

	for (size_t i = 0; i < PIECE_PAGES; i++) {
		memset(made->ours[i], 'a' + (int)i, PAGE);
		memset(made->theirs[i], 'a' + (int)i, PAGE);
	}
	made->pages.mapping = &mapping;
	return made;
}

/* The pieces lie at START, and at page 40 of the source. */
static void compare_seen(struct made *made, uint64_t first, uint64_t count,
			 const struct thin_seen *seen)
{
	const struct thin_piece piece = {
		.start = START + first * PAGE,
		.size = count * PAGE,
		.ours = made->ours[first],
		.theirs = made->theirs[first],
		.offset = (40 + first) * PAGE,
		.source = SOURCE,
	};
	struct error err = {0};

	cr_assert(thin_pages_compare(&made->pages, &piece, seen, &err) == 0);
}

static void compare(struct made *made, uint64_t first, uint64_t count)
{
	compare_seen(made, first, count, &(struct thin_seen){0});
}

static void unmake(struct made *made)
{
	thin_pages_deinit(&made->pages);
	free(made);
}

Test(thin_pages, what_is_alike_is_outside)
{
	struct made *made = make();

	compare(made, 0, PIECE_PAGES);

	cr_expect(made->pages.data.count == 0);
	cr_expect(made->pages.outside_count == 1);
	expect_outside(&made->pages, 0, 0, PIECE_PAGES, 40);
	unmake(made);
}

Test(thin_pages, pieces_that_follow_each_other_are_one)
{
	struct made *made = make();

	compare(made, 0, 8);
	compare(made, 8, 8);

	cr_expect(made->pages.outside_count == 1);
	expect_outside(&made->pages, 0, 0, PIECE_PAGES, 40);
	unmake(made);
}

Test(thin_pages, last_byte_of_a_page_counts)
{
	struct made *made = make();

	made->ours[4][PAGE - 1] = 'x';
	made->ours[9][0] = 'x';
	compare(made, 0, PIECE_PAGES);

	cr_expect(made->pages.data.count == 2);
	expect_data(&made->pages, 0, 4, 1);
	expect_data(&made->pages, 1, 9, 1);
	cr_expect(made->pages.outside_count == 3);
	expect_outside(&made->pages, 0, 0, 4, 40);
	expect_outside(&made->pages, 1, 5, 4, 45);
	expect_outside(&made->pages, 2, 10, 6, 50);
	unmake(made);
}

Test(thin_pages, what_is_alike_for_a_single_page_is_kept)
{
	struct made *made = make();

	made->ours[1][7] = 'x';
	made->ours[3][7] = 'x';
	for (size_t i = 6; i < PIECE_PAGES; i += 2)
		made->ours[i][7] = 'x';
	compare(made, 0, PIECE_PAGES);

	cr_expect(made->pages.outside_count == 1);
	expect_outside(&made->pages, 0, 4, 2, 44);
	cr_expect(made->pages.data.count == 2);
	expect_data(&made->pages, 0, 0, 4);
	expect_data(&made->pages, 1, 6, PIECE_PAGES - 6);
	unmake(made);
}

Test(thin_pages, pages_that_are_wanted_are_kept)
{
	struct core_range items[] = {pages_of(3, 1), pages_of(6, 3),
				     pages_of(40, 1)};
	const struct thin_seen seen = {.pages = {.items = items, .count = 3}};
	struct made *made = make();

	compare_seen(made, 0, PIECE_PAGES, &seen);

	cr_expect(made->pages.data.count == 2);
	expect_data(&made->pages, 0, 3, 1);
	expect_data(&made->pages, 1, 6, 3);
	cr_expect(made->pages.outside_count == 3);
	unmake(made);
}

Test(thin_pages, lock_that_is_held_is_seen)
{
	const struct core_owner owners[] = {
		{.address = START + 5 * PAGE + PAGE - 4,
		 .kind = CORE_OWNER_MEMORY},
		{.address = 40, .kind = CORE_OWNER_REGISTER},
	};
	struct made *made = make();

	compare_seen(made, 0, PIECE_PAGES, &(struct thin_seen){owners, 2, {0}});

	cr_expect(made->pages.data.count == 1);
	expect_data(&made->pages, 0, 5, 1);
	unmake(made);
}

/* A header of glibc's: nothing before it, 10 pages, from mmap(2). */
Test(thin_pages, block_that_may_grow_is_seen)
{
	const uint64_t header[] = {0, 10 * PAGE | 2};
	struct made *made = make();

	memcpy(made->ours[4], header, sizeof(header));
	memcpy(made->theirs[4], header, sizeof(header));
	compare(made, 0, PIECE_PAGES);

	cr_expect(made->pages.data.count == 1);
	expect_data(&made->pages, 0, 4, 1);
	expect_outside(&made->pages, 0, 0, 4, 40);
	expect_outside(&made->pages, 1, 5, 11, 45);
	unmake(made);
}

Test(thin_pages, what_came_later_is_sorted_in)
{
	struct made *made = make();

	split(&made->pages, 20, 8, NULL, 0);
	split(&made->pages, 40, 8, NULL, 0);
	compare(made, 0, 8);
	thin_pages_sort(&made->pages);

	cr_expect(made->pages.outside_count == 3);
	expect_outside(&made->pages, 0, 0, 8, 40);
	expect_outside(&made->pages, 1, 20, 8, 25);
	expect_outside(&made->pages, 2, 40, 8, 45);
	unmake(made);
}
