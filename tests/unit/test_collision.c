/*
 * test_collision.c - address spaces in, what they have in common out
 */
#include <criterion/criterion.h>

#include "tools/addresses/collision.h"

enum {
	SPACES_MAX = 3,
};

static struct space spaces[SPACES_MAX];
static struct collision_list list;

static void add(size_t space, uint64_t start, uint64_t end, enum area_kind kind)
{
	const struct area area = {
		.start = start, .end = end, .kind = kind, .name = ""};

	cr_assert(area_list_add(&spaces[space].areas, &area) == 0);
}

static void compare(size_t count)
{
	struct error err = {0};

	cr_assert(collision_list_make(&list, spaces, count, &err) == 0, "%s",
		  err.text);
}

static void end(void)
{
	collision_list_deinit(&list);
	for (size_t i = 0; i < SPACES_MAX; i++)
		space_close(&spaces[i]);
}

TestSuite(collision, .fini = end);

Test(collision, what_lies_apart_or_touches_has_nothing_in_common)
{
	add(0, 0x1000, 0x2000, AREA_PROGRAM);
	add(1, 0x2000, 0x3000, AREA_PROGRAM);
	add(0, 0x3000, 0x4000, AREA_HEAP);

	compare(2);

	cr_expect(list.count == 0);
	cr_expect(collision_sum(&list, 0, 1).ranges == 0);
}

Test(collision, only_the_common_part_counts)
{
	add(0, 0x1000, 0x4000, AREA_PROGRAM);
	add(1, 0x3000, 0x9000, AREA_HEAP);

	compare(2);

	cr_assert(list.count == 1);
	cr_expect(list.items[0].start == 0x3000);
	cr_expect(list.items[0].end == 0x4000);
	cr_expect(list.items[0].at[0] == &spaces[0].areas.items[0]);
	cr_expect(list.items[0].at[1] == &spaces[1].areas.items[0]);
	cr_expect(!list.items[0].is_kernels);
}

Test(collision, what_is_inside_of_a_larger_one_is_told_piece_by_piece)
{
	add(0, 0x1000, 0x9000, AREA_ANONYMOUS);
	add(1, 0x2000, 0x3000, AREA_PROGRAM);
	add(1, 0x3000, 0x4000, AREA_HEAP);
	add(1, 0x6000, 0x7000, AREA_LIBRARY);

	compare(2);

	cr_assert(list.count == 3);
	cr_expect(list.items[1].at[1]->kind == AREA_HEAP);
	cr_expect(collision_sum(&list, 0, 1).bytes == 0x3000);
	cr_expect(collision_sum(&list, 0, 1).ranges == 2,
		  "two of the three lie beside each other");
}

Test(collision, third_space_does_not_split_what_two_have)
{
	add(0, 0x1000, 0x5000, AREA_PROGRAM);
	add(1, 0x1000, 0x5000, AREA_PROGRAM);
	add(2, 0x2000, 0x3000, AREA_STACK);

	compare(3);

	cr_assert(list.count == 3);
	cr_expect(!list.items[0].at[2] && list.items[1].at[2] &&
		  !list.items[2].at[2]);
	cr_expect(collision_sum(&list, 0, 1).ranges == 1);
	cr_expect(collision_sum(&list, 0, 1).bytes == 0x4000);
	cr_expect(collision_sum(&list, 1, 2).bytes == 0x1000);
}

Test(collision, pages_of_the_kernel_are_told_apart)
{
	for (size_t i = 0; i < 2; i++)
		add(i, 0xffffffffff600000, 0xffffffffff601000, AREA_VSYSCALL);

	compare(2);

	cr_assert(list.count == 1);
	cr_expect(list.items[0].is_kernels);
	cr_expect(collision_has_kernels(&list));
	cr_expect(collision_sum(&list, 0, 1).ranges == 0);
}

Test(collision, highest_addresses_are_reached)
{
	for (size_t i = 0; i < 2; i++) {
		add(i, 0x1000, 0x2000, AREA_PROGRAM);
		add(i, 0xfffffffffffff000, 0xffffffffffffffff, AREA_FILE);
	}

	compare(2);

	cr_expect(list.count == 2, "%zu", list.count);
}

Test(collision, empty_spaces_are_compared)
{
	add(1, 0x1000, 0x2000, AREA_PROGRAM);

	compare(3);

	cr_expect(list.count == 0);
	cr_expect(!collision_has_kernels(&list));
}
