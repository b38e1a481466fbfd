/*
 * test_touched.c - entries of pagemap(5) in, a short list of ranges out
 */
#include <criterion/criterion.h>
#include <string.h>

#include "restore/touched.h"
#include "tests/make_core.h"

/* One letter a page: 'w'ritten, 's'wapped out, 'r'ead, '.' not there. */
static void add_pages(struct touched *touched, uint64_t at, const char *pages)
{
	const uint64_t mapping = at;
	struct error err = {0};

	for (; *pages; pages++, at += CORE_PAGE_SIZE) {
		const uint64_t entry = *pages == 'w'   ? 1ULL << 63
				       : *pages == 's' ? 1ULL << 62
				       : *pages == 'r' ? 5ULL << 61
						       : 0;

		cr_assert(touched_add(touched, mapping, at, entry, &err) == 0);
	}
}

static void expect_item(const struct touched *touched, size_t i, uint64_t start,
			uint32_t pages, uint32_t is_written)
{
	const struct core_touched *item = &touched->items[i];

	cr_assert(i < touched->count, "%zu of %zu", i, touched->count);
	cr_expect(item->start == start && item->pages == pages &&
			  item->is_written == is_written,
		  "%zu: %#lx, %u pages, %u", i, item->start, item->pages,
		  item->is_written);
}

/* A core of two mappings, one behind the other. */
static const struct core_mapping mappings[] = {
	{.start = 0x10000, .end = 0x40000},
	{.start = 0x40000, .end = 0x80000},
};
static const struct core core = {.mappings = mappings, .mapping_count = 2};

Test(touched, neighbours_of_one_kind_are_a_range)
{
	struct touched touched = {0};

	add_pages(&touched, 0x10000, "wwrr.sw");

	cr_expect(touched.count == 3 && touched_pages(&touched) == 6);
	expect_item(&touched, 0, 0x10000, 2, 1);
	expect_item(&touched, 1, 0x12000, 2, 0);
	expect_item(&touched, 2, 0x15000, 2, 1);
	touched_deinit(&touched);
}

Test(touched, no_range_reaches_into_another_mapping)
{
	struct touched touched = {0};

	add_pages(&touched, 0x3e000, "ww");
	add_pages(&touched, 0x40000, "ww");
	touched_shorten(&touched, &core, 1000);

	cr_expect(touched.count == 2);
	expect_item(&touched, 0, 0x3e000, 2, 1);
	expect_item(&touched, 1, 0x40000, 2, 1);
	touched_deinit(&touched);
}

Test(touched, few_pages_between_pages_that_are_read_make_no_gap)
{
	struct touched touched = {0};

	add_pages(&touched, 0x10000, "r....r.....r");
	touched_shorten(&touched, &core, 1000);

	cr_expect(touched.count == 2);
	expect_item(&touched, 0, 0x10000, 6, 0);
	expect_item(&touched, 1, 0x1b000, 1, 0);
	touched_deinit(&touched);
}

Test(touched, written_pages_are_joined_only_when_there_are_too_many)
{
	struct touched touched = {0};

	add_pages(&touched, 0x10000, "w.w....w");
	touched_shorten(&touched, &core, 3);
	cr_expect(touched.count == 3);

	touched_shorten(&touched, &core, 2);
	cr_expect(touched.count == 1);
	expect_item(&touched, 0, 0x10000, 8, 1);
	touched_deinit(&touched);
}

Test(touched, what_cannot_be_joined_is_cut_off)
{
	struct touched touched = {0};

	add_pages(&touched, 0x10000, "wrwrwr");
	touched_shorten(&touched, &core, 4);

	cr_expect(touched.count == 4);
	expect_item(&touched, 3, 0x13000, 1, 0);
	touched_deinit(&touched);
}
