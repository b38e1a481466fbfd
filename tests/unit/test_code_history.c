/*
 * test_code_history.c - what stood at the addresses of code, and when
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capture/blame/code_history.h"

enum {
	PAGE = 4096,
};

/* As if it was seen at @ticks; no file has such a path. */
static void add(struct code_history *history, const char *path, uint64_t start,
		uint64_t end, uint64_t ticks)
{
	struct code_module module = {start, end, strdup(path), {0}};

	code_history_add(history, &module, ticks);
	cr_assert(!history->is_lost);
}

/* The names at @address in the era of @ticks, with commas. */
static const char *names(const struct code_history *history, uint64_t address,
			 uint64_t ticks)
{
	static char text[256];
	const size_t era = code_history_era(history, ticks);

	text[0] = '\0';
	for (size_t i = 0; i < history->count; i++) {
		const struct code_entry *e = &history->entries[i];

		if (e->first > era || e->last < era ||
		    address < e->module.start || address >= e->module.end)
			continue;
		if (text[0])
			strcat(text, ",");
		strcat(text, e->module.path);
	}
	return text;
}

#define expect_names(history, address, ticks, wanted)                  \
	cr_expect(strcmp(names(history, address, ticks), wanted) == 0, \
		  "at %d: '%s', not '%s'", ticks,                      \
		  names(history, address, ticks), wanted)

Test(code_history, what_lies_apart_is_of_one_era)
{
	struct code_history history = {0};

	add(&history, "/libc", 0x1000, 0x5000, 10);
	add(&history, "/liba", 0x5000, 0x7000, 20);
	add(&history, "", 0x9000, 0xa000, 30);
	cr_expect(history.end_count == 0);
	expect_names(&history, 0x5000, 15, "/liba");
	expect_names(&history, 0x5000, 99, "/liba");
	code_history_deinit(&history);
}

Test(code_history, what_takes_the_place_of_another_is_named_from_then_on)
{
	struct code_history history = {0};

	add(&history, "/libc", 0x1000, 0x5000, 10);
	add(&history, "/liba", 0x6000, 0x9000, 20);
	add(&history, "/libb", 0x8000, 0xa000, 30);
	add(&history, "/liba", 0x6000, 0x9000, 40);
	expect_names(&history, 0x8000, 29, "/liba");
	expect_names(&history, 0x8000, 30, "/libb");
	expect_names(&history, 0x6000, 35, "");
	expect_names(&history, 0x8000, 40, "/liba");
	expect_names(&history, 0x1000, 5, "/libc");
	expect_names(&history, 0x1000, 50, "/libc");
	code_history_deinit(&history);
}

Test(code_history, same_file_at_the_same_place_is_no_news)
{
	struct code_history history = {0};

	add(&history, "/liba", 0x6000, 0x9000, 20);
	add(&history, "/liba", 0x6000, 0x9000, 30);
	cr_expect(history.count == 1 && history.end_count == 0);
	add(&history, "/liba", 0x7000, 0xa000, 40);
	expect_names(&history, 0x7000, 39, "/liba");
	cr_expect(history.end_count == 1);
	code_history_deinit(&history);
}

Test(code_history, memory_without_a_file_hides_what_was_there)
{
	struct code_history history = {0};

	add(&history, "/liba", 0x6000, 0x9000, 20);
	add(&history, "", 0x7000, 0x8000, 30);
	add(&history, "", 0x7000, 0x9000, 40);
	cr_expect(history.end_count == 1);
	expect_names(&history, 0x6000, 29, "/liba");
	expect_names(&history, 0x6000, 30, "");
	code_history_deinit(&history);
}

/* Of this process; what it has now is found in its maps. */
Test(code_history, begins_with_what_is_mapped)
{
	struct code_history history = {0};
	const uint64_t here = (uintptr_t)&getpagesize;

	code_history_restart(&history, getpid());
	cr_assert(!history.is_lost && history.count > 2);
	cr_expect(strstr(names(&history, here, 0), "/libc"), "%s",
		  names(&history, here, 0));
	cr_expect(history.end_count == 0);
	code_history_complete(&history, getpid());
	cr_expect(strstr(names(&history, here, 0), "/libc"));
	code_history_deinit(&history);
}

Test(code_history, what_was_not_seen_takes_the_names_of_what_was)
{
	struct code_history history = {0};
	const uint64_t here = (uintptr_t)&getpagesize & -(uint64_t)PAGE;

	add(&history, "/liba", here, here + PAGE, 10);
	code_history_complete(&history, getpid());
	cr_expect(strcmp(names(&history, here, 20), "") == 0, "%s",
		  names(&history, here, 20));
	code_history_deinit(&history);
	code_history_complete(&history, getpid());
	cr_expect(strstr(names(&history, here, 20), "/libc"));
	code_history_deinit(&history);
}

Test(code_history, calls_are_seen_by_their_arguments)
{
	struct code_history history = {0};
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const uint64_t address = (uintptr_t)page;

	cr_assert(page != MAP_FAILED);
	add(&history, "/liba", address, address + PAGE, 10);
	code_history_see(&history, getpid(), SYS_mprotect,
			 (const uint64_t[6]){address, PAGE, PROT_EXEC}, 0);
	expect_names(&history, address, 10, "/liba");
	cr_expect(history.count == 2 && history.end_count == 1);
	code_history_see(&history, getpid(), SYS_mmap,
			 (const uint64_t[6]){0, PAGE, PROT_EXEC,
					     MAP_PRIVATE | MAP_ANONYMOUS,
					     UINT64_MAX},
			 address);
	cr_expect(history.count == 2);
	code_history_deinit(&history);
	munmap(page, PAGE);
}
