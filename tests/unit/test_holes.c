/*
 * test_holes.c - runs of pages that were not written, long enough to matter
 */
#include <sys/mman.h>

#include "capture/memory/holes.h"
#include "tests/expect.h"

enum {
	PAGE = CORE_PAGE_SIZE,
	ITEMS_MAX = 4,
};

/* Mappings that begin at a multiple of 1 MiB, and what is written of them. */
struct made {
	struct mapping mappings[ITEMS_MAX];
	struct content items[ITEMS_MAX];
	struct contents contents;
	struct page_runs written;
	struct page_runs holes;
};

static void add_mapping(struct made *made, uint64_t start, uint64_t pages,
			enum core_mapping_kind kind, uint32_t flags)
{
	const size_t i = made->contents.count++;

	cr_assert(i < ITEMS_MAX);
	made->mappings[i].start = start;
	made->mappings[i].end = start + pages * PAGE;
	made->items[i] = (struct content){
		.mapping = &made->mappings[i],
		.kind = kind,
		.flags = flags,
		.is_stored = true,
	};
	made->contents.items = made->items;
}

static void add_written(struct made *made, uint64_t start, uint64_t pages)
{
	struct error err = {0};

	cr_assert(page_runs_add(&made->written, start, start + pages * PAGE,
				&err) == 0);
}

static void find(struct made *made)
{
	struct error err = {0};

	cr_assert(holes_find(&made->contents, &made->written, &made->holes,
			     &err) == 0,
		  "%s", err.text);
}

static void expect_hole(const struct made *made, size_t index, uint64_t start,
			uint64_t end)
{
	cr_assert(index < made->holes.count, "there are %zu",
		  made->holes.count);
	cr_expect(made->holes.items[index].start == start);
	cr_expect(made->holes.items[index].end == end);
}

static void deinit(struct made *made)
{
	page_runs_deinit(&made->written);
	page_runs_deinit(&made->holes);
}

Test(holes, what_is_written_whole_has_none)
{
	struct made made = {0};

	add_mapping(&made, 0x100000, 100, CORE_MAPPING_ANONYMOUS, 0);
	add_written(&made, 0x100000, 100);
	find(&made);

	cr_expect(made.holes.count == 0);
	deinit(&made);
}

Test(holes, what_is_not_written_at_all_is_one)
{
	struct made made = {0};

	add_mapping(&made, 0x100000, 100, CORE_MAPPING_ANONYMOUS, 0);
	find(&made);

	cr_expect(made.holes.count == 1);
	expect_hole(&made, 0, 0x100000, 0x100000 + 100 * PAGE);
	deinit(&made);
}

Test(holes, before_between_and_behind_are_found)
{
	struct made made = {0};

	add_mapping(&made, 0x100000, 200, CORE_MAPPING_FILE, 0);
	add_written(&made, 0x100000 + 50 * PAGE, 10);
	add_written(&made, 0x100000 + 100 * PAGE, 10);
	find(&made);

	cr_expect(made.holes.count == 3);
	expect_hole(&made, 0, 0x100000, 0x100000 + 50 * PAGE);
	expect_hole(&made, 1, 0x100000 + 60 * PAGE, 0x100000 + 100 * PAGE);
	expect_hole(&made, 2, 0x100000 + 110 * PAGE, 0x100000 + 200 * PAGE);
	deinit(&made);
}

static size_t count_holes(enum core_mapping_kind kind, uint32_t flags,
			  uint64_t pages)
{
	struct made made = {0};
	size_t count;

	add_mapping(&made, 0x100000, 100, kind, flags);
	add_written(&made, 0x100000, 100 - pages);
	find(&made);
	count = made.holes.count;
	deinit(&made);
	return count;
}

Test(holes, short_runs_are_not_worth_a_mapping)
{
	cr_expect(count_holes(CORE_MAPPING_ANONYMOUS, 0, 31) == 0);
	cr_expect(count_holes(CORE_MAPPING_ANONYMOUS, 0, 32) == 1);
	cr_expect(count_holes(CORE_MAPPING_FILE, 0, 31) == 0);
	cr_expect(count_holes(CORE_MAPPING_FILE, 0, 32) == 1);
}

Test(holes, what_is_copied_skips_shorter_ones)
{
	cr_expect(count_holes(CORE_MAPPING_STACK, 0, 3) == 0);
	cr_expect(count_holes(CORE_MAPPING_STACK, 0, 4) == 1);
	cr_expect(count_holes(CORE_MAPPING_ANONYMOUS, CORE_MAP_COPY, 3) == 0);
	cr_expect(count_holes(CORE_MAPPING_ANONYMOUS, CORE_MAP_COPY, 4) == 1);
}

/* A file cannot be wiped on fork, so none of it is mapped from the core. */
Test(holes, what_is_wiped_is_one_however_short)
{
	struct made made = {0};

	add_mapping(&made, 0x100000, 20, CORE_MAPPING_ANONYMOUS, 0);
	made.items[0].advice = (uint32_t)1 << MADV_WIPEONFORK;
	find(&made);

	cr_expect(made.holes.count == 1);
	expect_hole(&made, 0, 0x100000, 0x100000 + 20 * PAGE);
	deinit(&made);
}

Test(holes, what_is_not_ours_to_make_has_none)
{
	struct made made = {0};

	cr_expect(count_holes(CORE_MAPPING_SHARED, 0, 90) == 0);
	cr_expect(count_holes(CORE_MAPPING_VDSO, 0, 90) == 0);
	cr_expect(count_holes(CORE_MAPPING_VVAR, 0, 90) == 0);
	add_mapping(&made, 0x100000, 100, CORE_MAPPING_ANONYMOUS, 0);
	made.items[0].is_stored = false;
	find(&made);
	cr_expect(made.holes.count == 0);
	deinit(&made);
}

Test(holes, no_hole_reaches_into_two_mappings)
{
	struct made made = {0};

	add_mapping(&made, 0x100000, 40, CORE_MAPPING_ANONYMOUS, 0);
	add_mapping(&made, 0x100000 + 40 * PAGE, 40, CORE_MAPPING_ANONYMOUS, 0);
	find(&made);

	cr_expect(made.holes.count == 2);
	expect_hole(&made, 0, 0x100000, 0x100000 + 40 * PAGE);
	expect_hole(&made, 1, 0x100000 + 40 * PAGE, 0x100000 + 80 * PAGE);
	deinit(&made);
}

Test(holes, run_over_two_mappings_is_cut_to_each)
{
	struct made made = {0};

	add_mapping(&made, 0x100000, 50, CORE_MAPPING_ANONYMOUS, 0);
	add_mapping(&made, 0x100000 + 50 * PAGE, 50, CORE_MAPPING_ANONYMOUS, 0);
	add_written(&made, 0x100000 + 40 * PAGE, 20);
	find(&made);

	cr_expect(made.holes.count == 2);
	expect_hole(&made, 0, 0x100000, 0x100000 + 40 * PAGE);
	expect_hole(&made, 1, 0x100000 + 60 * PAGE, 0x100000 + 100 * PAGE);
	deinit(&made);
}

Test(holes, runs_of_mappings_without_holes_are_passed_over)
{
	struct made made = {0};

	add_mapping(&made, 0x100000, 50, CORE_MAPPING_SHARED, 0);
	add_mapping(&made, 0x200000, 50, CORE_MAPPING_ANONYMOUS, 0);
	add_written(&made, 0x100000, 50);
	add_written(&made, 0x200000, 10);
	find(&made);

	cr_expect(made.holes.count == 1);
	expect_hole(&made, 0, 0x200000 + 10 * PAGE, 0x200000 + 50 * PAGE);
	deinit(&made);
}

/* Of 32 pages each, and a few that are longer. */
Test(holes, too_many_leave_only_the_longer_ones)
{
	struct made made = {0};
	const uint64_t base = 0x10000000;
	const uint64_t count = 10000;

	add_mapping(&made, base, count * 33 + 1000, CORE_MAPPING_ANONYMOUS, 0);
	for (uint64_t i = 0; i < count; i++)
		add_written(&made, base + (i * 33 + 32) * PAGE, 1);
	find(&made);

	cr_expect(made.holes.count == 1);
	expect_hole(&made, 0, base + count * 33 * PAGE,
		    base + (count * 33 + 1000) * PAGE);
	deinit(&made);
}

Test(holes, as_many_as_are_allowed_are_all_kept)
{
	struct made made = {0};
	const uint64_t base = 0x10000000;

	add_mapping(&made, base, HOLES_MAX * 33, CORE_MAPPING_ANONYMOUS, 0);
	for (uint64_t i = 0; i < HOLES_MAX; i++)
		add_written(&made, base + (i * 33 + 32) * PAGE, 1);
	find(&made);

	cr_expect(made.holes.count == HOLES_MAX);
	deinit(&made);
}
