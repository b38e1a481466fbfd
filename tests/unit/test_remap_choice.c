/*
 * test_remap_choice.c - which runs of memory are mapped onto a core, and where
 * there is room to move them
 */
#include "capture/memory/remap_choice.h"
#include "tests/expect.h"

enum {
	PAGE = CORE_PAGE_SIZE,
	ITEMS_MAX = 4,
	MANY = 100000,
	MIB = 1 << 20,
};

static const uint64_t huge_page = 2 * MIB;

/* A core of one mapping of 100 pages at 16 MiB, unless a test adds more. */
struct made {
	struct core_mapping mappings[ITEMS_MAX];
	struct core_range holes[ITEMS_MAX];
	struct core_range guards[ITEMS_MAX];
	uint64_t seams[ITEMS_MAX];
	struct core_outside outside[ITEMS_MAX];
	struct core_range changed[ITEMS_MAX];
	struct page_runs runs;
	struct core core;
	struct remap_choice choice;
};

static const uint64_t base = 16 * MIB;

static void add_mapping(struct made *made, uint64_t start, uint64_t pages,
			enum core_mapping_kind kind, uint32_t flags)
{
	const size_t i = made->core.mapping_count++;

	cr_assert(i < ITEMS_MAX);
	made->mappings[i] = (struct core_mapping){
		.start = start,
		.end = start + pages * PAGE,
		.offset = start,
		.kind = kind,
		.flags = flags,
	};
}

/* Pages of the first mapping. */
static struct core_range pages(uint64_t first, uint64_t end)
{
	return (struct core_range){base + first * PAGE, base + end * PAGE};
}

static void choose(struct made *made, size_t mappings_left)
{
	struct error err = {0};

	made->core.mappings = made->mappings;
	made->core.holes = made->holes;
	made->core.guards = made->guards;
	made->core.seams = made->seams;
	made->core.outside = made->outside;
	made->runs.items = made->changed;
	cr_assert(remap_choose(&made->choice, &made->core, &made->runs,
			       mappings_left, &err) == 0,
		  "%s", err.text);
}

static void expect_run(const struct made *made, size_t index, uint64_t first,
		       uint64_t end)
{
	const struct remap_run *run = &made->choice.items[index];

	cr_assert(index < made->choice.count, "there are %zu",
		  made->choice.count);
	cr_expect(run->start == base + first * PAGE &&
			  run->end == base + end * PAGE,
		  "pages %llu to %llu",
		  (unsigned long long)(run->start - base) / PAGE,
		  (unsigned long long)(run->end - base) / PAGE);
}

static size_t count_runs(enum core_mapping_kind kind, uint32_t flags,
			 uint64_t page_count)
{
	struct made made = {0};
	size_t count;

	add_mapping(&made, base, page_count, kind, flags);
	choose(&made, MANY);
	count = made.choice.count;
	remap_choice_deinit(&made.choice);
	return count;
}

Test(remap_choice, what_a_restore_maps_is_chosen)
{
	struct made made = {0};

	add_mapping(&made, base, 100, CORE_MAPPING_ANONYMOUS, CORE_MAP_HEAP);
	choose(&made, MANY);

	cr_expect(made.choice.count == 1 && made.choice.found == 1);
	expect_run(&made, 0, 0, 100);
	cr_expect(made.choice.items[0].mapping == &made.mappings[0]);
	cr_expect(remap_size(&made.choice) == 100 * PAGE);
	remap_choice_deinit(&made.choice);
}

Test(remap_choice, what_has_to_be_anonymous_stays)
{
	cr_expect(count_runs(CORE_MAPPING_ANONYMOUS, 0, 100) == 1);
	cr_expect(count_runs(CORE_MAPPING_ANONYMOUS, CORE_MAP_NORESERVE, 100) ==
		  1);
	cr_expect(count_runs(CORE_MAPPING_ANONYMOUS, CORE_MAP_COPY, 100) == 0);
	cr_expect(count_runs(CORE_MAPPING_ANONYMOUS, CORE_MAP_DROPPABLE, 100) ==
		  0);
	cr_expect(count_runs(CORE_MAPPING_ANONYMOUS, CORE_MAP_LOCKED, 100) ==
		  0);
	cr_expect(count_runs(CORE_MAPPING_ANONYMOUS, CORE_MAP_SEALED, 100) ==
		  0);
	cr_expect(count_runs(CORE_MAPPING_STACK, 0, 100) == 0);
	cr_expect(count_runs(CORE_MAPPING_SHARED, 0, 100) == 0);
	cr_expect(count_runs(CORE_MAPPING_OBJECT, 0, 100) == 0);
	cr_expect(count_runs(CORE_MAPPING_VDSO, 0, 100) == 0);
}

Test(remap_choice, what_is_not_stored_stays)
{
	struct made made = {0};

	add_mapping(&made, base, 100, CORE_MAPPING_ANONYMOUS, 0);
	made.mappings[0].offset = 0;
	choose(&made, MANY);

	cr_expect(made.choice.count == 0 && made.choice.found == 0);
	remap_choice_deinit(&made.choice);
}

Test(remap_choice, short_runs_are_not_worth_a_mapping)
{
	cr_expect(count_runs(CORE_MAPPING_ANONYMOUS, 0, 15) == 0);
	cr_expect(count_runs(CORE_MAPPING_ANONYMOUS, 0, 16) == 1);
}

Test(remap_choice, runs_go_around_holes_guards_and_seams)
{
	struct made made = {0};

	add_mapping(&made, base, 300, CORE_MAPPING_ANONYMOUS, 0);
	made.holes[0] = pages(0, 40);
	made.holes[1] = pages(80, 120);
	made.core.hole_count = 2;
	made.guards[0] = pages(85, 90); /* in the hole */
	made.guards[1] = pages(150, 151);
	made.core.guard_count = 2;
	made.seams[0] = pages(60, 61).start;
	made.seams[1] = pages(299, 300).start;
	made.core.seam_count = 2;
	choose(&made, MANY);

	cr_expect(made.choice.count == 4);
	expect_run(&made, 0, 40, 60);
	expect_run(&made, 1, 61, 80);
	expect_run(&made, 2, 120, 150);
	expect_run(&made, 3, 151, 299);
	remap_choice_deinit(&made.choice);
}

Test(remap_choice, what_the_core_has_not_stays)
{
	struct made made = {0};

	add_mapping(&made, base, 100, CORE_MAPPING_ANONYMOUS, 0);
	made.outside[0] = (struct core_outside){
		.start = base + 20 * PAGE,
		.end = base + 60 * PAGE,
	};
	made.core.outside_count = 1;
	choose(&made, MANY);

	cr_expect(made.choice.count == 2);
	expect_run(&made, 0, 0, 20);
	expect_run(&made, 1, 60, 100);
	remap_choice_deinit(&made.choice);
}

Test(remap_choice, of_files_only_what_was_changed_is_chosen)
{
	struct made made = {0};

	add_mapping(&made, base, 100, CORE_MAPPING_FILE, 0);
	add_mapping(&made, base + 100 * PAGE, 100, CORE_MAPPING_FILE, 0);
	add_mapping(&made, base + 200 * PAGE, 100, CORE_MAPPING_ANONYMOUS, 0);
	made.changed[0] = pages(10, 15);
	made.changed[1] = pages(20, 50);
	made.changed[2] = pages(70, 250); /* of three mappings */
	made.runs.count = 3;
	choose(&made, MANY);

	cr_expect(made.choice.count == 4);
	expect_run(&made, 0, 20, 50);
	expect_run(&made, 1, 70, 100);
	expect_run(&made, 2, 100, 200);
	expect_run(&made, 3, 200, 300);
	cr_expect(made.choice.items[2].mapping == &made.mappings[1]);
	remap_choice_deinit(&made.choice);
}

/* The service may want to map something, too, so it keeps half of the rest. */
Test(remap_choice, too_many_leave_the_longer_ones)
{
	struct made made = {0};

	add_mapping(&made, base, 100, CORE_MAPPING_ANONYMOUS, 0);
	made.guards[0] = pages(20, 21);
	made.guards[1] = pages(50, 51);
	made.core.guard_count = 2;
	choose(&made, 2 * 3 * REMAP_MAPPINGS);
	cr_expect(made.choice.count == 3 && made.choice.found == 3);
	remap_choice_deinit(&made.choice);

	choose(&made, 2 * 3 * REMAP_MAPPINGS - 1);
	cr_expect(made.choice.count == 1 && made.choice.found == 3);
	expect_run(&made, 0, 51, 100);
	remap_choice_deinit(&made.choice);

	choose(&made, 2 * REMAP_MAPPINGS - 1);
	cr_expect(made.choice.count == 0 && made.choice.found == 3);
	remap_choice_deinit(&made.choice);
}

Test(remap_choice, slots_are_apart_and_as_their_places)
{
	struct made made = {0};
	uint64_t size;

	add_mapping(&made, base + 5 * PAGE, 600, CORE_MAPPING_ANONYMOUS, 0);
	add_mapping(&made, base + 700 * PAGE, 20, CORE_MAPPING_ANONYMOUS, 0);
	choose(&made, MANY);
	size = remap_give_slots(&made.choice);

	cr_assert(made.choice.count == 2);
	for (size_t i = 0; i < 2; i++)
		cr_expect(made.choice.items[i].slot % huge_page ==
			  made.choice.items[i].start % huge_page);
	cr_expect(made.choice.items[1].slot >=
		  made.choice.items[0].slot + 600 * PAGE);
	cr_expect(size >= made.choice.items[1].slot + 20 * PAGE);
	cr_expect(size % huge_page == 0);
	remap_choice_deinit(&made.choice);
}

/* As of a program above 85 TiB, its libraries, and the page above all. */
static struct mapping_list made_mappings(struct mapping items[3])
{
	items[0] = (struct mapping){.start = 0x555555554000,
				    .end = 0x555555600000};
	items[1] = (struct mapping){.start = 0x7ffff7000000,
				    .end = 0x7ffffffff000};
	items[2] = (struct mapping){.start = 0xffffffffff600000,
				    .end = 0xffffffffff601000};
	return (struct mapping_list){.items = items, .count = 3};
}

Test(remap_choice, room_is_in_the_middle_of_the_largest_gap)
{
	struct mapping items[3];
	const struct mapping_list mappings = made_mappings(items);
	struct error err = {0};
	uint64_t start;

	cr_assert(remap_find_room(&mappings, MIB, &start, &err) == 0);
	cr_expect(start > 0x2a0000000000 && start < 0x2b0000000000);
	cr_expect(start % huge_page == 0);
	items[0].start = 0x10000;
	cr_assert(remap_find_room(&mappings, MIB, &start, &err) == 0);
	cr_expect(start > 0x6a0000000000 && start < 0x6b0000000000);
}

Test(remap_choice, address_space_may_be_full)
{
	struct mapping items[3];
	const struct mapping_list mappings = made_mappings(items);
	struct error err = {0};
	uint64_t start = 7;

	items[0].start = 0x10000;
	items[0].end = items[1].start - ((uint64_t)3 << 30);
	cr_expect(remap_find_room(&mappings, MIB, &start, &err) == 0);
	cr_expect(remap_find_room(&mappings, (uint64_t)1 << 32, &start, &err) <
		  0);
	expect_text(err.text, "there are no 4096 MiB of addresses free where "
			      "it could be moved");
}
