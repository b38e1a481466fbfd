/*
 * made_plan.c - the plan of a core made by hand, and the pages that it makes
 */
#include "made_plan.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

struct page *find_page(struct pages *pages, uint64_t address)
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
		struct page *page = find_page(pages, at);

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
			.fd = NO_FD,
		};
		if (!page->is_file)
			continue;
		page->fd = (int)a[4];
		page->offset = a[5] + (at - a[0]);
	}
}

static void copy(struct pages *pages, const struct call *call)
{
	const uint64_t *a = call->arguments;

	cr_assert(call->lowest == (int64_t)a[2], "a short read would pass");
	for (uint64_t at = a[1]; at < a[1] + a[2]; at += 4096) {
		struct page *page = find_page(pages, at);

		cr_assert(page && !page->is_file &&
			  page->protection & PROT_WRITE);
		page->fd = (int)a[0];
		page->offset = a[3] + (at - a[1]);
	}
}

/* Of calls about memory, only those for the kernel's own pages may miss it. */
static void check_place(struct pages *pages, const struct plan *plan,
			const struct call *call)
{
	const uint64_t *a = call->arguments;
	const uint64_t at = call->number == SYS_pread64 ? a[1] : a[0];
	const uint64_t size = call->number == SYS_pread64 ? a[2] : a[1];

	cr_assert(at % 4096 == 0 && size % 4096 == 0 && size > 0);
	cr_assert(at + size <= plan->address ||
			  at >= plan->address + plan->size,
		  "the region is touched");
	for (uint64_t page = at; page < at + size; page += 4096)
		cr_assert(find_page(pages, page), "%#lx is not there yet",
			  page);
}

/* Of the service's memory, not of the pages that stay or the kernel's. */
static bool is_protection(const struct plan *plan, const struct call *call)
{
	return call->number == SYS_mprotect && call->arguments[0] != VDSO_AT &&
	       call->arguments[0] != plan->address + plan->kept;
}

static void protect(struct pages *pages, const struct call *call)
{
	const uint64_t *a = call->arguments;

	for (uint64_t at = a[0]; at < a[0] + a[1]; at += 4096)
		find_page(pages, at)->protection = a[2];
}

static void carry_out(struct pages *pages, const struct plan *plan)
{
	for (size_t i = 0; i < plan->call_count; i++) {
		const struct call *call = &plan->calls[i];

		if (call->number == SYS_mmap && call->lowest != -EEXIST)
			map(pages, plan, call);
		if (call->number == SYS_pread64 ||
		    call->number == SYS_madvise || is_protection(plan, call))
			check_place(pages, plan, call);
		if (call->number == SYS_pread64)
			copy(pages, call);
		if (is_protection(plan, call))
			protect(pages, call);
	}
}

void make_from(struct made *made, const struct made_core *from,
	       struct plan_input input)
{
	struct error err = {0};
	size_t size;

	made->front = made_core_front(from, &size);
	cr_assert(core_parse(&made->core, made->front, size,
			     from->image.file_size, &err) == 0,
		  "%s", err.text);
	input.core = &made->core;
	made->source_fds = input.source_fds;
	input.vdso = &made->vdso;
	input.layout = &made->layout;
	size = plan_region_size(&input);
	cr_assert(size % 4096 == 0);
	made->region = aligned_alloc(4096, size);
	memset(made->region, 0, size);
	cr_assert(plan_make(&made->plan, &input, made->region, REGION, &err) ==
		  0);
	made->pages = calloc(1, sizeof(*made->pages));
	carry_out(made->pages, &made->plan);
}

void make(struct made *made, const struct made_core *from)
{
	make_from(made, from, (struct plan_input){.pid = 99, .user = 77});
}

void unmake(struct made *made)
{
	free(made->region);
	free(made->pages);
	free(made->front);
}

static bool is_hole(const struct core *core, uint64_t address)
{
	for (size_t i = 0; i < core->hole_count; i++)
		if (address >= core->holes[i].start &&
		    address < core->holes[i].end)
			return true;
	return false;
}

/* From where the page at @address of @m has to come. */
static void find_wanted(const struct made *made, const struct core_mapping *m,
			uint64_t address, int *ret_fd, uint64_t *ret_offset)
{
	const struct core *core = &made->core;

	*ret_fd = NO_FD;
	*ret_offset = 0;
	if (m->offset == 0 || is_hole(core, address))
		return;
	*ret_fd = core->fd;
	*ret_offset = m->offset + (address - m->start);
	for (size_t i = 0; i < core->outside_count; i++) {
		const struct core_outside *o = &core->outside[i];

		if (address < o->start || address >= o->end)
			continue;
		*ret_fd = made->source_fds[o->source];
		*ret_offset = o->offset + (address - o->start);
	}
}

void check_pages(struct made *made)
{
	size_t seen = 0;

	for (size_t i = 0; i < made->core.mapping_count; i++) {
		const struct core_mapping *m = &made->core.mappings[i];

		for (uint64_t at = m->start; at < m->end; at += 4096) {
			struct page *page = find_page(made->pages, at);
			uint64_t wanted;
			int fd;

			find_wanted(made, m, at, &fd, &wanted);
			cr_assert(page, "%#lx is missing", at);
			cr_expect(page->protection == m->protection);
			cr_expect(page->fd == fd && page->offset == wanted,
				  "%#lx: %#lx of %d, not %#lx of %d", at,
				  page->offset, page->fd, wanted, fd);
			cr_expect(page->grows_down ==
				  (m->kind == CORE_MAPPING_STACK));
			seen++;
		}
	}
	cr_expect(seen == made->pages->count, "more than the image is mapped");
}

ptrdiff_t find_call(const struct made *made, int64_t number, uint64_t first)
{
	for (size_t i = 0; i < made->plan.call_count; i++)
		if (made->plan.calls[i].number == number &&
		    made->plan.calls[i].arguments[0] == first)
			return (ptrdiff_t)i;
	return -1;
}

const void *in_region(const struct made *made, uint64_t address)
{
	cr_assert(address >= REGION && address < REGION + made->plan.size,
		  "%#lx", address);
	return made->region + (address - REGION);
}
