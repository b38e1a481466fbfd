/*
 * test_plan.c - a core in, a list of calls out that makes just that memory
 *
 * The calls are carried out on a map of pages that is only counted, never
 * made.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "common/core_reader.h"
#include "restore/plan.h"
#include "tests/make_core.h"

#define NOREPLACE 0x100000

enum {
	PAGES_MAX = 4096,
	REGION = 0x100000,
};

/* @offset: where in the core its bytes are from, 0 for zeros or copied ones */
struct page {
	uint64_t address;
	uint64_t protection;
	uint64_t offset;
	bool is_file;
	bool grows_down;
};

struct pages {
	struct page items[PAGES_MAX];
	size_t count;
};

static struct page *find(struct pages *pages, uint64_t address)
{
	for (size_t i = 0; i < pages->count; i++)
		if (pages->items[i].address == address)
			return &pages->items[i];
	return NULL;
}

static void map(struct pages *pages, const struct plan *plan,
		const struct call *call)
{
	const uint64_t *a = call->arguments;

	cr_assert(call->lowest == (int64_t)a[0] &&
		  call->highest == call->lowest);
	cr_assert(a[0] + a[1] <= plan->address ||
			  a[0] >= plan->address + plan->size,
		  "the region is overwritten");
	for (uint64_t at = a[0]; at < a[0] + a[1]; at += 4096) {
		struct page *page = find(pages, at);

		cr_assert(!(page && a[3] & NOREPLACE), "%#lx twice", at);
		cr_assert(page || a[3] & NOREPLACE, "%#lx over nothing", at);
		if (!page)
			page = &pages->items[pages->count++];
		cr_assert(pages->count < PAGES_MAX);
		*page = (struct page){
			.address = at,
			.protection = a[2],
			.is_file = !(a[3] & MAP_ANONYMOUS),
			.grows_down = a[3] & MAP_GROWSDOWN,
		};
		if (page->is_file)
			page->offset = a[5] + (at - a[0]);
	}
}

static void copy(struct pages *pages, const struct call *call)
{
	const uint64_t *a = call->arguments;

	cr_assert(call->lowest == (int64_t)a[2], "a short read would pass");
	for (uint64_t at = a[1]; at < a[1] + a[2]; at += 4096) {
		struct page *page = find(pages, at);

		cr_assert(page && !page->is_file &&
			  page->protection & PROT_WRITE);
		page->offset = a[3] + (at - a[1]);
	}
}

static void carry_out(struct pages *pages, const struct plan *plan)
{
	for (size_t i = 0; i < plan->call_count; i++) {
		const struct call *call = &plan->calls[i];

		if (call->number == SYS_mmap)
			map(pages, plan, call);
		if (call->number == SYS_pread64)
			copy(pages, call);
		for (uint64_t at = call->arguments[0];
		     call->number == SYS_mprotect &&
		     at < call->arguments[0] + call->arguments[1];
		     at += 4096)
			find(pages, at)->protection = call->arguments[2];
	}
}

/* A plan, its core, and what it makes; freed at the end of the test. */
struct made {
	struct core core;
	struct plan plan;
	struct vdso_plan vdso;
	unsigned char *region;
	struct pages *pages;
};

static void make(struct made *made, const struct made_core *from)
{
	struct plan_input input = {
		.core = &made->core, .pid = 99, .vdso = &made->vdso};
	struct error err = {0};
	size_t size;
	char *front = made_core_front(from, &size);

	cr_assert(core_parse(&made->core, front, size, from->image.file_size,
			     &err) == 0,
		  "%s", err.text);
	free(front);
	size = plan_region_size(&input);
	made->region = aligned_alloc(4096, size);
	memset(made->region, 0, size);
	cr_assert(plan_make(&made->plan, &input, made->region, REGION, &err) ==
		  0);
	made->pages = calloc(1, sizeof(*made->pages));
	carry_out(made->pages, &made->plan);
}

static void unmake(struct made *made)
{
	free(made->region);
	free(made->pages);
	core_close(&made->core);
}

static bool is_hole(const struct core *core, uint64_t address)
{
	for (size_t i = 0; i < core->hole_count; i++)
		if (address >= core->holes[i].start &&
		    address < core->holes[i].end)
			return true;
	return false;
}

static void check_pages(struct made *made)
{
	size_t seen = 0;

	for (size_t i = 0; i < made->core.mapping_count; i++) {
		const struct core_mapping *m = &made->core.mappings[i];

		for (uint64_t at = m->start; at < m->end; at += 4096) {
			struct page *page = find(made->pages, at);
			uint64_t wanted = m->offset + (at - m->start);

			if (m->offset == 0 || is_hole(&made->core, at))
				wanted = 0;
			cr_assert(page, "%#lx is missing", at);
			cr_expect(page->protection == m->protection);
			cr_expect(page->offset == wanted, "%#lx: %#lx", at,
				  page->offset);
			cr_expect(page->grows_down ==
				  (m->kind == CORE_MAPPING_STACK));
			seen++;
		}
	}
	cr_expect(seen == made->pages->count, "more than the image is mapped");
}

Test(plan, makes_every_page_and_no_other)
{
	struct made_core from;
	struct made made = {0};

	made_core_init(&from);
	make(&made, &from);

	check_pages(&made);
	unmake(&made);
}

Test(plan, seams_are_pages_of_their_own)
{
	struct made_core from;
	struct made made = {0};

	made_core_init(&from);
	make(&made, &from);

	cr_expect(!find(made.pages, from.seams[0])->is_file);
	cr_expect(find(made.pages, from.seams[0] - 4096)->is_file);
	cr_expect(find(made.pages, from.seams[0] + 4096)->is_file);
	unmake(&made);
}

Test(plan, memory_to_be_copied_is_never_mapped_from_the_core)
{
	struct made_core from;
	struct made made = {0};

	made_core_init(&from);
	from.mappings[2].flags |= CORE_MAP_COPY;
	from.mappings[3].flags |= CORE_MAP_COPY;
	make(&made, &from);

	check_pages(&made);
	for (size_t i = 0; i < made.pages->count; i++)
		cr_expect(!made.pages->items[i].is_file ||
			  made.pages->items[i].address <
				  from.mappings[2].start);
	unmake(&made);
}

Test(plan, neighbours_in_memory_and_file_are_one_call)
{
	struct made_core from;
	struct made made = {0};
	bool is_one = false;

	made_core_init(&from);
	make(&made, &from);

	for (size_t i = 0; i < made.plan.call_count; i++)
		is_one = is_one || (made.plan.calls[i].number == SYS_mmap &&
				    made.plan.calls[i].arguments[0] ==
					    from.mappings[0].start &&
				    made.plan.calls[i].arguments[1] == 0x3000);
	cr_expect(is_one);
	unmake(&made);
}

Test(plan, everything_but_the_region_is_unmapped_first)
{
	struct made_core from;
	struct made made = {0};
	const struct call *calls;

	made_core_init(&from);
	make(&made, &from);
	calls = made.plan.calls;

	cr_expect(calls[0].number == SYS_munmap && calls[0].arguments[0] == 0 &&
		  calls[0].arguments[1] == REGION);
	cr_expect(calls[1].number == SYS_munmap &&
		  calls[1].arguments[0] == REGION + made.plan.size &&
		  calls[1].arguments[0] + calls[1].arguments[1] ==
			  0x7ffffffff000);
	unmake(&made);
}

Test(plan, attributes_and_ids_are_set)
{
	struct made_core from;
	struct made made = {0};
	bool has_umask = false, has_word = false;

	made_core_init(&from);
	make(&made, &from);

	for (size_t i = 0; i < made.plan.call_count; i++) {
		const struct call *c = &made.plan.calls[i];

		has_umask = has_umask ||
			    (c->number == SYS_umask && c->arguments[0] == 0137);
		has_word =
			has_word || (c->number == CALL_COPY &&
				     c->arguments[0] == from.thread.tid_word);
	}
	cr_expect(has_umask);
	cr_expect(has_word);
	unmake(&made);
}

Test(plan, arguments_without_a_marker_are_refused)
{
	char *argv[] = {(char *)"a"};
	struct vdso_plan vdso = {0};
	struct made_core from;
	struct core core;
	struct plan_input input = {
		.core = &core, .argc = 1, .argv = argv, .vdso = &vdso};
	struct error err = {0};
	struct plan plan;
	unsigned char *region;
	size_t size;
	char *front;

	made_core_init(&from);
	front = made_core_front(&from, &size);
	cr_assert(core_parse(&core, front, size, from.image.file_size, &err) ==
		  0);
	region = calloc(1, plan_region_size(&input));

	cr_expect(plan_make(&plan, &input, region, REGION, &err) < 0);

	cr_expect(err.fault == FAULT_USAGE);
	free(region);
	free(front);
	core_close(&core);
}

Test(plan, region_is_where_the_image_has_nothing)
{
	struct made_core from;
	struct made made = {0};
	uint64_t at;

	made_core_init(&from);
	make(&made, &from);

	cr_expect(plan_find_region(&made.core, REGION, 0x4000) == REGION);
	at = plan_find_region(&made.core, 0x555555555000, 0x1000);
	cr_expect(at == 0x555555557000, "%#lx", at);
	at = plan_find_region(&made.core, 0x7ffff7300000, 0x1000);
	cr_expect(at == 0x7ffff7300000, "%#lx", at);
	/* Not below the stack, which grows, nor behind it, where all ends. */
	at = plan_find_region(&made.core, 0x7ffffffd0000, 0x1000);
	cr_expect(at == 0, "%#lx", at);
	unmake(&made);
}
