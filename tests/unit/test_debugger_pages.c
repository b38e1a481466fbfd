/*
 * test_debugger_pages.c - where a debugger of this program would begin
 */
#include <link.h>
#include <stdlib.h>
#include <unistd.h>

#include "capture/memory/debugger_pages.h"
#include "common/core_find.h"
#include "common/io.h"
#include "tests/expect.h"

static void find(struct page_runs *pages, uint64_t stack)
{
	struct thread_state thread = {.stopped.rsp = stack};
	const struct threads threads = {.items = &thread, .count = 1};
	const struct tracee t = {.pid = getpid()};
	struct error err = {0};
	char *auxv = NULL;
	size_t size;

	cr_assert(io_read_file("/proc/self/auxv", &auxv, &size) == 0);
	cr_assert(debugger_pages_find(pages, &t, auxv, size, &threads, &err) ==
			  0,
		  "%s", err.text);
	free(auxv);
}

static bool has(const struct page_runs *pages, uint64_t address)
{
	const size_t i = core_find(pages->items, pages->count,
				   sizeof(*pages->items), address);

	return i < pages->count && pages->items[i].start <= address;
}

Test(debugger_pages, are_those_of_the_list_of_libraries)
{
	struct page_runs pages = {0};
	size_t libraries = 0;

	find(&pages, 0x1000);

	for (const Elf64_Dyn *entry = _DYNAMIC; entry->d_tag; entry++)
		if (entry->d_tag == DT_DEBUG)
			cr_expect(has(&pages, entry->d_un.d_ptr));
	cr_expect(has(&pages, (uintptr_t)_DYNAMIC));
	for (const struct link_map *m = _r_debug.r_map; m; m = m->l_next) {
		cr_expect(has(&pages, (uintptr_t)m));
		cr_expect(has(&pages, (uintptr_t)m->l_name), "%s", m->l_name);
		libraries++;
	}
	cr_expect(libraries > 2);
	page_runs_deinit(&pages);
}

Test(debugger_pages, are_in_order_and_whole)
{
	struct page_runs pages = {0};

	find(&pages, 0x7f0000001234);

	for (size_t i = 0; i < pages.count; i++) {
		const struct core_range *range = &pages.items[i];

		cr_expect(range->start % CORE_PAGE_SIZE == 0 &&
			  range->end % CORE_PAGE_SIZE == 0 &&
			  range->start < range->end);
		cr_expect(i == 0 || range[-1].end < range->start);
	}
	page_runs_deinit(&pages);
}

Test(debugger_pages, are_those_of_stacks_from_their_tops_on)
{
	struct page_runs pages = {0};

	find(&pages, 0x7f0000001234);

	cr_expect(!has(&pages, 0x7f0000000fff));
	cr_expect(has(&pages, 0x7f0000001000));
	cr_expect(has(&pages, 0x7f0000011233));
	cr_expect(!has(&pages, 0x7f0000012000));
	page_runs_deinit(&pages);
	find(&pages, UINT64_MAX);
	cr_expect(!has(&pages, UINT64_MAX - 4096) && !has(&pages, 0));
	page_runs_deinit(&pages);
}

Test(debugger_pages, without_a_loader_there_are_only_stacks)
{
	const uint64_t none[] = {AT_PAGESZ, 4096, AT_NULL, 0};
	const uint64_t wrong[] = {AT_PHDR, 0x10, AT_PHNUM, 5, AT_NULL, 0};
	struct thread_state thread = {.stopped.rsp = 0x5000};
	const struct threads threads = {.items = &thread, .count = 1};
	const struct tracee t = {.pid = getpid()};
	struct page_runs pages = {0};
	struct error err = {0};

	cr_assert(debugger_pages_find(&pages, &t, (const char *)none,
				      sizeof(none), &threads, &err) == 0);
	cr_expect(pages.count == 1 && pages.items[0].start == 0x5000);
	page_runs_deinit(&pages);
	cr_assert(debugger_pages_find(&pages, &t, (const char *)wrong,
				      sizeof(wrong), &threads, &err) == 0);
	cr_expect(pages.count == 1);
	page_runs_deinit(&pages);
}
