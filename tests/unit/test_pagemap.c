/*
 * test_pagemap.c - which pages of this very process exist
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/memory/pagemap.h"
#include "tests/expect.h"

TestSuite(pagemap, .timeout = 10);

enum {
	PAGE = CORE_PAGE_SIZE,
	PAGES = 16,
	GUARD_INSTALL = 102, /* MADV_GUARD_INSTALL, since Linux 6.13 */
};

static struct page_runs data;
static struct page_runs guards;

static void deinit(void)
{
	page_runs_deinit(&data);
	page_runs_deinit(&guards);
}

/* Fresh memory, without large pages. */
static char *map_pages(size_t count)
{
	char *memory = mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	cr_assert(memory != MAP_FAILED);
	madvise(memory, count * PAGE, MADV_NOHUGEPAGE);
	return memory;
}

static void find(const char *memory, size_t pages, struct page_runs *ret_guards)
{
	struct error err = {0};
	int fd;

	cr_assert(pagemap_open(getpid(), &fd, &err) == 0, "%s", err.text);
	cr_assert(pagemap_find(fd, (uintptr_t)memory,
			       (uintptr_t)memory + pages * PAGE, &data,
			       ret_guards, &err) == 0,
		  "%s", err.text);
	close(fd);
}

static void expect_run(const struct page_runs *runs, size_t index,
		       const char *memory, size_t first, size_t end)
{
	cr_assert(index < runs->count, "there are %zu runs", runs->count);
	cr_expect(runs->items[index].start == (uintptr_t)memory + first * PAGE);
	cr_expect(runs->items[index].end == (uintptr_t)memory + end * PAGE);
}

Test(pagemap, untouched_memory_has_no_page, .fini = deinit)
{
	char *memory = map_pages(PAGES);

	find(memory, PAGES, NULL);

	cr_expect(data.count == 0);
}

Test(pagemap, touched_pages_are_runs, .fini = deinit)
{
	char *memory = map_pages(PAGES);

	memory[0] = 1;
	memory[3 * PAGE] = 1;
	memory[4 * PAGE + 4095] = 1;
	memory[(PAGES - 1) * PAGE] = 1;
	find(memory, PAGES, NULL);

	cr_assert(data.count == 3);
	expect_run(&data, 0, memory, 0, 1);
	expect_run(&data, 1, memory, 3, 5);
	expect_run(&data, 2, memory, PAGES - 1, PAGES);
}

Test(pagemap, only_what_was_asked_for_is_answered, .fini = deinit)
{
	char *memory = map_pages(PAGES);

	memset(memory, 1, PAGES * PAGE);
	find(memory + 2 * PAGE, 3, NULL);

	cr_assert(data.count == 1);
	expect_run(&data, 0, memory, 2, 5);
}

Test(pagemap, data_behind_prot_none_is_data, .fini = deinit)
{
	char *memory = map_pages(PAGES);

	memory[5 * PAGE] = 1;
	cr_assert(mprotect(memory, PAGES * PAGE, PROT_NONE) == 0);
	find(memory, PAGES, NULL);

	cr_assert(data.count == 1);
	expect_run(&data, 0, memory, 5, 6);
}

Test(pagemap, dropped_pages_are_gone, .fini = deinit)
{
	char *memory = map_pages(PAGES);

	memset(memory, 1, PAGES * PAGE);
	cr_assert(madvise(memory + PAGE, 2 * PAGE, MADV_DONTNEED) == 0);
	find(memory, PAGES, NULL);

	cr_assert(data.count == 2);
	expect_run(&data, 0, memory, 0, 1);
	expect_run(&data, 1, memory, 3, PAGES);
}

/* More runs than one question to the kernel answers. */
Test(pagemap, thousands_of_runs_are_all_found, .fini = deinit)
{
	char *memory = map_pages(4 * 2500);

	for (size_t i = 0; i < 2500; i++)
		memory[4 * i * PAGE] = 1;
	find(memory, 4 * 2500, NULL);

	cr_assert(data.count == 2500);
	for (size_t i = 0; i < 2500; i++)
		expect_run(&data, i, memory, 4 * i, 4 * i + 1);
}

Test(pagemap, guards_are_no_data, .fini = deinit)
{
	char *memory = map_pages(PAGES);

	memset(memory, 1, PAGES * PAGE);
	if (madvise(memory + 4 * PAGE, 2 * PAGE, GUARD_INSTALL) < 0)
		cr_skip("this kernel has no guard regions");
	find(memory, PAGES, &guards);

	cr_assert(data.count == 2 && guards.count == 1);
	expect_run(&data, 0, memory, 0, 4);
	expect_run(&data, 1, memory, 6, PAGES);
	expect_run(&guards, 0, memory, 4, 6);
}

/* A page that is only read is the zero page, as is one that was merged. */
Test(pagemap, pages_of_zeros_are_no_data_but_its_own, .fini = deinit)
{
	const volatile char *read;
	struct error err = {0};
	char *memory = map_pages(8);
	int fd;

	memory[0] = 1;
	read = memory + (ptrdiff_t)4 * PAGE;
	cr_assert(*read == 0);
	cr_assert(pagemap_open(getpid(), &fd, &err) == 0, "%s", err.text);
	cr_assert(pagemap_find_own(fd, (uintptr_t)memory,
				   (uintptr_t)memory + (uintptr_t)8 * PAGE,
				   &data, &err) == 0,
		  "%s", err.text);
	close(fd);

	cr_expect(data.count == 2);
	expect_run(&data, 0, memory, 0, 1);
	expect_run(&data, 1, memory, 4, 5);
}

Test(pagemap, process_that_is_not_is_told)
{
	struct error err = {0};
	int fd = -7;

	cr_expect(pagemap_open(0x7fffffff, &fd, &err) == -ENOENT);

	expect_text(err.text, "cannot open '/proc/2147483647/pagemap': No such "
			      "file or directory");
	cr_expect(fd == -7);
}

Test(pagemap, descriptor_of_something_else_is_told)
{
	struct error err = {0};

	cr_expect(pagemap_find(-1, PAGE, 2 * PAGE, &data, NULL, &err) < 0);

	expect_contains(err.text, "page map");
	cr_expect(err.fault == FAULT_SYSTEM);
}

Test(page_runs, neighbours_become_one)
{
	struct page_runs runs = {0};
	struct error err = {0};

	cr_expect(page_runs_add(&runs, 0x1000, 0x2000, &err) == 0);
	cr_expect(page_runs_add(&runs, 0x2000, 0x3000, &err) == 0);
	cr_expect(page_runs_add(&runs, 0x4000, 0x5000, &err) == 0);

	cr_assert(runs.count == 2);
	cr_expect(runs.items[0].start == 0x1000 && runs.items[0].end == 0x3000);
	cr_expect(runs.items[1].start == 0x4000 && runs.items[1].end == 0x5000);
	page_runs_deinit(&runs);
	cr_expect(!runs.items && !runs.count && !runs.capacity);
}

Test(page_runs, grow_as_far_as_is_asked_and_keep_what_they_hold)
{
	struct page_runs runs = {0};
	struct error err = {0};

	for (uint64_t i = 1; i <= 1000; i++)
		cr_assert(page_runs_add(&runs, i * 0x2000, i * 0x2000 + 0x1000,
					&err) == 0);
	cr_assert(page_runs_reserve(&runs, 5000, &err) == 0);

	cr_expect(runs.count == 1000 && runs.capacity >= 5000);
	for (uint64_t i = 0; i < 1000; i++)
		cr_expect(runs.items[i].start == (i + 1) * 0x2000);
	page_runs_deinit(&runs);
}
