/*
 * test_holes.c - what is not written becomes a hole, where that is worth it
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "capture/holes.h"

enum {
	PAGE = 4096,
	BASE = 0x10000000,
};

static size_t find(struct content *items, size_t count,
		   struct core_range *written, size_t written_count,
		   struct page_runs *holes)
{
	const struct contents contents = {.items = items, .count = count};
	const struct page_runs runs = {written, written_count, written_count};
	struct error err = {0};

	cr_assert(holes_find(&contents, &runs, holes, &err) == 0);
	return holes->count;
}

Test(holes, long_gaps_are_holes_and_short_ones_are_not)
{
	const struct mapping m = {.start = BASE, .end = BASE + 200 * PAGE};
	struct content c = {&m, CORE_MAPPING_ANONYMOUS, .is_stored = true};
	struct core_range written[] = {{BASE + 40 * PAGE, BASE + 50 * PAGE},
				       {BASE + 60 * PAGE, BASE + 160 * PAGE}};
	struct page_runs holes = {0};

	cr_assert(find(&c, 1, written, 2, &holes) == 2);

	cr_expect(holes.items[0].start == BASE &&
		  holes.items[0].end == BASE + 40 * PAGE);
	cr_expect(holes.items[1].start == BASE + 160 * PAGE &&
		  holes.items[1].end == m.end);
	page_runs_deinit(&holes);
}

Test(holes, none_reaches_into_two_mappings)
{
	const struct mapping a = {.start = BASE, .end = BASE + 64 * PAGE};
	const struct mapping b = {.start = a.end, .end = a.end + 64 * PAGE};
	struct content c[] = {{&a, CORE_MAPPING_ANONYMOUS, .is_stored = true},
			      {&b, CORE_MAPPING_FILE, .is_stored = true}};
	struct page_runs holes = {0};

	cr_assert(find(c, 2, NULL, 0, &holes) == 2);

	cr_expect(holes.items[0].end == a.end &&
		  holes.items[1].start == b.start);
	page_runs_deinit(&holes);
}

Test(holes, run_over_two_mappings_fills_both)
{
	const struct mapping a = {.start = BASE, .end = BASE + 64 * PAGE};
	const struct mapping b = {.start = a.end, .end = a.end + 64 * PAGE};
	struct content c[] = {{&a, CORE_MAPPING_FILE, .is_stored = true},
			      {&b, CORE_MAPPING_FILE, .is_stored = true}};
	struct core_range written = {a.start, b.end};
	struct page_runs holes = {0};

	cr_expect(find(c, 2, &written, 1, &holes) == 0);
	page_runs_deinit(&holes);
}

Test(holes, never_more_than_the_kernel_could_map)
{
	const size_t count = 20000;
	const struct mapping m = {.start = BASE,
				  .end = BASE + count * 2 * 32 * PAGE};
	struct content c = {&m, CORE_MAPPING_ANONYMOUS, .is_stored = true};
	struct core_range *written = calloc(count, sizeof(*written));
	struct page_runs holes = {0};

	for (size_t i = 0; i < count; i++)
		written[i] =
			(struct core_range){m.start + (i * 64 + 32) * PAGE,
					    m.start + (i * 64 + 64) * PAGE};

	cr_expect(find(&c, 1, written, count, &holes) <= HOLES_MAX);
	page_runs_deinit(&holes);
	free(written);
}
