/*
 * test_area.c - mappings in, areas that say what they are out
 */
#include <criterion/criterion.h>

#include "tests/expect.h"
#include "tools/addresses/area.h"

static void add(struct area_list *list, uint64_t start, uint64_t end,
		const char *name)
{
	const struct area area = {
		.start = start,
		.end = end,
		.executable = name[0] == '/' && start % 0x2000 == 0x1000,
		.name = name,
	};

	cr_assert(area_list_add(list, &area) == 0);
}

/* A process as the kernel and the loader make it; odd pages are code. */
static struct area_list made_space(void)
{
	struct area_list list = {0};

	add(&list, 0x10000, 0x11000, "/bin/svc");
	add(&list, 0x11000, 0x12000, "/bin/svc");
	add(&list, 0x12000, 0x18000, "");
	add(&list, 0x20000, 0x30000, "[heap]");
	add(&list, 0x70000, 0x71000, "/usr/share/data");
	add(&list, 0x72000, 0x73000, "/lib/libc.so.6");
	add(&list, 0x73000, 0x74000, "/lib/libc.so.6");
	add(&list, 0x74000, 0x75000, "");
	add(&list, 0x80000, 0x81000, "[vvar]");
	add(&list, 0x81000, 0x82000, "[vdso]");
	add(&list, 0x82000, 0x83000, "/lib/ld.so");
	add(&list, 0x83000, 0x84000, "/lib/ld.so");
	add(&list, 0x90000, 0x98000, "[stack]");
	add(&list, 0xffffffffff600000, 0xffffffffff601000, "[vsyscall]");
	return list;
}

static const struct area_marks marks = {
	.entry = 0x11010,
	.loader = 0x82000,
	.stack = 0x97000,
	.vdso = 0x81000,
};

static void expect_area(const struct area_list *list, size_t i, uint64_t start,
			uint64_t end, enum area_kind kind)
{
	cr_assert(i < list->count);
	cr_expect(list->items[i].start == start && list->items[i].end == end &&
			  list->items[i].kind == kind,
		  "%zu: %#lx-%#lx %s", i, list->items[i].start,
		  list->items[i].end, area_kind_name(list->items[i].kind));
}

Test(area, mappings_of_one_thing_are_one_area)
{
	struct area_list list = made_space();

	area_list_classify(&list, &marks);

	cr_assert(list.count == 9, "%zu", list.count);
	expect_area(&list, 0, 0x10000, 0x18000, AREA_PROGRAM);
	expect_area(&list, 1, 0x20000, 0x30000, AREA_HEAP);
	expect_area(&list, 2, 0x70000, 0x71000, AREA_FILE);
	expect_area(&list, 3, 0x72000, 0x74000, AREA_LIBRARY);
	expect_area(&list, 4, 0x74000, 0x75000, AREA_ANONYMOUS);
	expect_area(&list, 5, 0x80000, 0x82000, AREA_KERNEL);
	expect_area(&list, 6, 0x82000, 0x84000, AREA_LOADER);
	expect_area(&list, 7, 0x90000, 0x98000, AREA_STACK);
	expect_area(&list, 8, 0xffffffffff600000, 0xffffffffff601000,
		    AREA_VSYSCALL);
	area_list_deinit(&list);
}

/* As in a core of the kernel, which has names for files only. */
Test(area, stack_and_vdso_are_known_by_what_lies_in_them)
{
	struct area_list list = {0};

	add(&list, 0x10000, 0x11000, "/bin/svc");
	add(&list, 0x80000, 0x82000, "");
	add(&list, 0x90000, 0x98000, "");

	area_list_classify(
		&list, &(struct area_marks){.vdso = 0x80000, .stack = 0x97ff0});

	expect_area(&list, 0, 0x10000, 0x11000, AREA_FILE);
	expect_area(&list, 1, 0x80000, 0x82000, AREA_KERNEL);
	expect_area(&list, 2, 0x90000, 0x98000, AREA_STACK);
	area_list_deinit(&list);
}

Test(area, program_without_a_name_is_one)
{
	struct area_list list = {0};

	add(&list, 0x10000, 0x11000, "");
	add(&list, 0x20000, 0x21000, "");

	area_list_classify(&list, &(struct area_marks){.entry = 0x20800});

	expect_area(&list, 0, 0x10000, 0x11000, AREA_ANONYMOUS);
	expect_area(&list, 1, 0x20000, 0x21000, AREA_PROGRAM);
	area_list_deinit(&list);
}

/* Of a thin core only part of the program is in it. */
Test(area, all_that_a_core_backs_is_restored)
{
	struct area_list list = {0};

	add(&list, 0x10000, 0x11000, "/svc");
	add(&list, 0x11000, 0x12000, "/svc.core");
	add(&list, 0x82000, 0x83000, "/svc.core");
	add(&list, 0x83000, 0x84000, "/lib/ld.so");
	list.items[1].in_core = list.items[2].in_core = true;

	area_list_classify(&list, &marks);

	expect_area(&list, 0, 0x10000, 0x11000, AREA_FILE);
	expect_area(&list, 1, 0x11000, 0x12000, AREA_RESTORED);
	expect_area(&list, 2, 0x82000, 0x83000, AREA_RESTORED);
	expect_area(&list, 3, 0x83000, 0x84000, AREA_LIBRARY);
	area_list_deinit(&list);
}

Test(area, find_excludes_the_end)
{
	struct area_list list = made_space();

	cr_expect(area_list_find(&list, 0x10000) == &list.items[0]);
	cr_expect(area_list_find(&list, 0x10fff) == &list.items[0]);
	cr_expect(area_list_find(&list, 0x11000) == &list.items[1]);
	cr_expect(!area_list_find(&list, 0x18000));
	cr_expect(!area_list_find(&list, 0));
	area_list_deinit(&list);
}

Test(area, short_name_is_the_last_part_of_a_path)
{
	struct area area = {.kind = AREA_LIBRARY, .name = "/lib/libc.so.6"};

	expect_text(area_short_name(&area), "libc.so.6");
	area = (struct area){.kind = AREA_ANONYMOUS, .name = ""};
	expect_text(area_short_name(&area), "anonymous");
	area = (struct area){.kind = AREA_KERNEL, .name = "[vvar]"};
	expect_text(area_short_name(&area), "vdso");
	area = (struct area){.kind = AREA_ANONYMOUS, .name = "[anon:pool]"};
	expect_text(area_short_name(&area), "[anon:pool]");
}
