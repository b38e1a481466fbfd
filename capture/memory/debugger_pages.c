/*
 * debugger_pages.c - memory in which debuggers look before they know any file
 *
 * From the program headers, which the kernel tells of (AT_PHDR), by way of the
 * program's dynamic section to the loader's list (link.h: struct r_debug), and
 * along that to the names of libraries.  gdb looks for a page that a core has not
 * in the files of NT_FILE; elfutils does not.
 */
#include "debugger_pages.h"

#include <elf.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "common/auxv.h"

enum {
	SEGMENTS_MAX = 64,
	DYNAMIC_MAX = 256, /* entries */
	LIBRARIES_MAX = 4096,
	NAME_MAX_BYTES = 256, /* more of it lies on the same page, or is rare */
	STACK_BYTES = 64 << 10,
};

static int add(struct page_runs *pages, uint64_t start, uint64_t size,
	       struct error *err)
{
	const uint64_t mask = ~(uint64_t)(CORE_PAGE_SIZE - 1);
	int r;

	if (start > UINT64_MAX - size - CORE_PAGE_SIZE)
		return 0;
	r = page_runs_reserve(pages, pages->count + 1, err);
	if (r == 0)
		pages->items[pages->count++] = (struct core_range){
			start & mask,
			(start + size + CORE_PAGE_SIZE - 1) & mask};
	return r;
}

static bool read_all(const struct tracee *t, uint64_t address, void *bytes,
		     size_t size)
{
	struct error ignored = {0};

	return tracee_read(t, address, bytes, size, &ignored) == 0;
}

/* Where the program's dynamic section is; 0 for a program that has none. */
static uint64_t find_dynamic(const struct tracee *t, const char *auxv,
			     size_t auxv_size, uint64_t *ret_size)
{
	const uint64_t at = auxv_find(auxv, auxv_size, AT_PHDR);
	const uint64_t count = auxv_find(auxv, auxv_size, AT_PHNUM);
	Elf64_Phdr segments[SEGMENTS_MAX];
	uint64_t bias = 0, dynamic = 0;

	if (at == 0 || count > SEGMENTS_MAX ||
	    !read_all(t, at, segments, count * sizeof(*segments)))
		return 0;
	for (size_t i = 0; i < count; i++) {
		if (segments[i].p_type == PT_PHDR)
			bias = at - segments[i].p_vaddr;
		if (segments[i].p_type == PT_DYNAMIC) {
			dynamic = segments[i].p_vaddr;
			*ret_size = segments[i].p_memsz;
		}
	}
	return dynamic ? bias + dynamic : 0;
}

/* What the loader has put into the dynamic section. */
static uint64_t find_list(const struct tracee *t, uint64_t dynamic,
			  uint64_t size)
{
	Elf64_Dyn entries[DYNAMIC_MAX];

	if (size > sizeof(entries))
		size = sizeof(entries);
	if (!read_all(t, dynamic, entries, size))
		return 0;
	for (size_t i = 0; i < size / sizeof(*entries); i++)
		if (entries[i].d_tag == DT_DEBUG)
			return entries[i].d_un.d_ptr;
	return 0;
}

static int add_libraries(struct page_runs *pages, const struct tracee *t,
			 uint64_t first, struct error *err)
{
	uint64_t at = first;
	int r = 0;

	for (int i = 0; r == 0 && at != 0 && i < LIBRARIES_MAX; i++) {
		struct link_map library;

		if (!read_all(t, at, &library, sizeof(library)))
			return 0;
		r = add(pages, at, sizeof(library), err);
		if (r == 0)
			r = add(pages, (uintptr_t)library.l_name,
				NAME_MAX_BYTES, err);
		at = (uintptr_t)library.l_next;
	}
	return r;
}

static int add_list(struct page_runs *pages, const struct tracee *t,
		    const char *auxv, size_t auxv_size, struct error *err)
{
	uint64_t size = 0;
	const uint64_t dynamic = find_dynamic(t, auxv, auxv_size, &size);
	const uint64_t list = dynamic ? find_list(t, dynamic, size) : 0;
	struct r_debug debug;
	int r;

	if (!list || !read_all(t, list, &debug, sizeof(debug)))
		return 0;
	r = add(pages, dynamic, size, err);
	if (r == 0)
		r = add(pages, list, sizeof(debug), err);
	return r == 0 ? add_libraries(pages, t, (uintptr_t)debug.r_map, err)
		      : r;
}

static int compare(const void *a, const void *b)
{
	const struct core_range *first = a, *second = b;

	return (first->start > second->start) - (first->start < second->start);
}

static void sort(struct page_runs *pages)
{
	size_t count = 0;

	if (pages->count > 0)
		qsort(pages->items, pages->count, sizeof(*pages->items),
		      compare);
	for (size_t i = 0; i < pages->count; i++) {
		const struct core_range *next = &pages->items[i];
		struct core_range *last =
			count > 0 ? &pages->items[count - 1] : NULL;

		if (!last || last->end < next->start)
			pages->items[count++] = *next;
		else if (last->end < next->end)
			last->end = next->end;
	}
	pages->count = count;
}

int debugger_pages_find(struct page_runs *ret_pages, const struct tracee *t,
			const char *auxv, size_t auxv_size,
			const struct threads *threads, struct error *err)
{
	struct page_runs pages = {0};
	int r = add_list(&pages, t, auxv, auxv_size, err);

	for (size_t i = 0; r == 0 && i < threads->count; i++)
		r = add(&pages, threads->items[i].stopped.rsp, STACK_BYTES,
			err);
	if (r < 0) {
		page_runs_deinit(&pages);
		return r;
	}
	sort(&pages);
	*ret_pages = pages;
	return 0;
}
