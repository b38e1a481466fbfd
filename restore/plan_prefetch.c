/*
 * plan_prefetch.c - the part of a plan that has pages at hand before they are
 * needed
 *
 * A range for a call is far less than a page fault for a page.  Whatever comes
 * of it is right: a page that cannot be had now is faulted in as ever, and
 * kernels before Linux 5.14 know no such advice.
 */
#include <sys/mman.h>
#include <sys/syscall.h>

#include "plan_build.h"

enum {
	POPULATE_READ = 22,  /* MADV_POPULATE_READ */
	POPULATE_WRITE = 23, /* MADV_POPULATE_WRITE */
};

void plan_fetch(struct plan *plan, struct core_range range, bool is_written)
{
	plan_add(plan,
		 CALL_TRY(SYS_madvise, range.start, range.end - range.start,
			  is_written ? POPULATE_WRITE : POPULATE_READ));
}

/*
 * Holes are left out: what has never been written may never be.  So is shared
 * memory, of which the pages are there, and its holes not told.
 */
static void fetch_all(struct plan *plan, const struct core *core)
{
	const struct core_range *hole = core->holes;
	const struct core_range *holes_end = hole + core->hole_count;

	for (size_t i = 0; i < core->mapping_count; i++) {
		const struct core_mapping *m = &core->mappings[i];
		const bool is_written = m->protection & PROT_WRITE;
		struct core_range range = {m->start, m->end};

		for (; hole < holes_end && hole->start < m->end; hole++) {
			range.end = hole->start;
			if (range.start < range.end)
				plan_fetch(plan, range, is_written);
			range = (struct core_range){hole->end, m->end};
		}
		if (m->offset && range.start < range.end &&
		    m->kind != CORE_MAPPING_VDSO &&
		    m->kind != CORE_MAPPING_OBJECT)
			plan_fetch(plan, range, is_written);
	}
}

void plan_prefetch(struct plan *plan, const struct plan_input *input)
{
	if (input->populate)
		fetch_all(plan, input->core);
	for (size_t i = 0; !input->populate && i < input->touched_count; i++) {
		const struct core_touched *item = &input->touched[i];
		const struct core_range range = {item->start,
						 core_touched_end(item)};

		plan_fetch(plan, range, item->is_written);
	}
}

size_t plan_prefetch_calls(const struct plan_input *input)
{
	const struct core *core = input->core;

	return input->populate ? core->mapping_count + core->hole_count
			       : input->touched_count;
}
