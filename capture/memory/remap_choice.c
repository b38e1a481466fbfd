/*
 * remap_choice.c - which memory of the service is worth mapping onto its core
 */
#include "remap_choice.h"

#include <errno.h>
#include <stdlib.h>

enum {
	HUGE_PAGE = 2 << 20,
	FAR_AWAY = 1 << 30, /* from what grows: the stack, the heap */
};

static const uint64_t lowest_address = 1 << 20;
static const uint64_t highest_address = 0x7ffffffff000; /* TASK_SIZE_MAX */

/* What has to stay as it is; each of the lists is ascending. */
struct cuts {
	const struct core *core;
	size_t hole;
	size_t guard;
	size_t seam;
	size_t outside;
};

static bool has_to_stay(const struct core_mapping *m)
{
	return m->offset == 0 ||
	       m->flags & (CORE_MAP_COPY | CORE_MAP_DROPPABLE |
			   CORE_MAP_LOCKED | CORE_MAP_SEALED);
}

bool remap_is_of_file(const struct core_mapping *m)
{
	return m->kind == CORE_MAPPING_FILE && !has_to_stay(m);
}

static bool is_anonymous(const struct core_mapping *m)
{
	return m->kind == CORE_MAPPING_ANONYMOUS && !has_to_stay(m);
}

/* The first that ends behind @at; one at the end of everything if none does. */
static struct core_range next_cut(struct cuts *cuts, uint64_t at)
{
	const struct core *core = cuts->core;
	struct core_range first = {UINT64_MAX, UINT64_MAX};

	while (cuts->hole < core->hole_count &&
	       core->holes[cuts->hole].end <= at)
		cuts->hole++;
	while (cuts->guard < core->guard_count &&
	       core->guards[cuts->guard].end <= at)
		cuts->guard++;
	while (cuts->seam < core->seam_count && core->seams[cuts->seam] < at)
		cuts->seam++;
	while (cuts->outside < core->outside_count &&
	       core->outside[cuts->outside].end <= at)
		cuts->outside++;
	if (cuts->hole < core->hole_count)
		first = core->holes[cuts->hole];
	if (cuts->guard < core->guard_count &&
	    core->guards[cuts->guard].start < first.start)
		first = core->guards[cuts->guard];
	if (cuts->seam < core->seam_count &&
	    core->seams[cuts->seam] < first.start)
		first = (struct core_range){core->seams[cuts->seam],
					    core->seams[cuts->seam] +
						    CORE_PAGE_SIZE};
	if (cuts->outside < core->outside_count &&
	    core->outside[cuts->outside].start < first.start)
		first = (struct core_range){core->outside[cuts->outside].start,
					    core->outside[cuts->outside].end};
	return first;
}

static void add(struct remap_choice *choice, const struct core_mapping *m,
		struct core_range part)
{
	if (part.start >= part.end || part.end - part.start < REMAP_SHORTEST)
		return;
	choice->items[choice->count++] =
		(struct remap_run){m, part.start, part.end, 0};
}

/* Up to the end of @span, around the cuts in it. */
static void add_span(struct remap_choice *choice, struct cuts *cuts,
		     const struct core_mapping *m, struct core_range span)
{
	while (span.start < span.end) {
		const struct core_range cut = next_cut(cuts, span.start);
		const uint64_t stop =
			cut.start < span.end ? cut.start : span.end;

		add(choice, m, (struct core_range){span.start, stop});
		span.start = stop < span.end ? cut.end : stop;
	}
}

/* What of the mapping the service has written. */
static void add_changed(struct remap_choice *choice, struct cuts *cuts,
			const struct core_mapping *m,
			const struct page_runs *changed, size_t *next)
{
	while (*next < changed->count && changed->items[*next].end <= m->start)
		(*next)++;
	for (size_t i = *next; i < changed->count; i++) {
		struct core_range span = changed->items[i];

		if (span.start >= m->end)
			break;
		if (span.start < m->start)
			span.start = m->start;
		if (span.end > m->end)
			span.end = m->end;
		add_span(choice, cuts, m, span);
	}
}

/* Runs are cut from mappings and from changed pages, each cut makes one more. */
static size_t most_runs(const struct core *core,
			const struct page_runs *changed)
{
	return core->mapping_count + changed->count + core->hole_count +
	       core->guard_count + core->seam_count + core->outside_count;
}

static void leave_out(struct remap_choice *choice, uint64_t shorter_than)
{
	size_t kept = 0;

	for (size_t i = 0; i < choice->count; i++) {
		const struct remap_run run = choice->items[i];

		if (run.end - run.start >= shorter_than)
			choice->items[kept++] = run;
	}
	choice->count = kept;
}

int remap_choose(struct remap_choice *ret_choice, const struct core *core,
		 const struct page_runs *changed, size_t mappings_left,
		 struct error *err)
{
	const size_t most = mappings_left / 2 / REMAP_MAPPINGS;
	struct remap_choice choice = {
		.items = calloc(most_runs(core, changed) + 1,
				sizeof(*choice.items)),
	};
	struct cuts cuts = {.core = core};
	size_t next = 0;

	if (!choice.items)
		return error_system(err, ENOMEM, "cannot keep the runs");
	for (size_t i = 0; i < core->mapping_count; i++) {
		const struct core_mapping *m = &core->mappings[i];

		if (is_anonymous(m))
			add_span(&choice, &cuts, m,
				 (struct core_range){m->start, m->end});
		else if (remap_is_of_file(m))
			add_changed(&choice, &cuts, m, changed, &next);
	}
	choice.found = choice.count;
	for (uint64_t size = REMAP_SHORTEST; choice.count > most; size *= 2)
		leave_out(&choice, size);
	*ret_choice = choice;
	return 0;
}

/*
 * As far from a huge page's start as at its place: whole page tables, and huge
 * pages in one piece, are moved then.
 */
uint64_t remap_give_slots(struct remap_choice *choice)
{
	uint64_t room = 0;

	for (size_t i = 0; i < choice->count; i++) {
		struct remap_run *run = &choice->items[i];

		run->slot = room + run->start % HUGE_PAGE;
		room = run->slot + (run->end - run->start) + HUGE_PAGE - 1;
		room -= room % HUGE_PAGE;
	}
	return room;
}

int remap_find_room(const struct mapping_list *mappings, uint64_t size,
		    uint64_t *ret_start, struct error *err)
{
	uint64_t at = lowest_address;
	struct core_range largest = {0};

	for (size_t i = 0; i <= mappings->count; i++) {
		const struct mapping *m = &mappings->items[i];
		uint64_t stop = highest_address;

		if (i < mappings->count && m->start < stop)
			stop = m->start;
		if (at < stop && stop - at > largest.end - largest.start)
			largest = (struct core_range){at, stop};
		if (i < mappings->count)
			at = m->end;
	}
	if (largest.end - largest.start < 2 * (uint64_t)FAR_AWAY + size)
		return error_set(err, FAULT_UNSUPPORTED,
				 "there are no %llu MiB of addresses free "
				 "where it could be moved",
				 (unsigned long long)size >> 20);
	at = largest.start + (largest.end - largest.start - size) / 2;
	*ret_start = at - at % HUGE_PAGE;
	return 0;
}

uint64_t remap_size(const struct remap_choice *choice)
{
	uint64_t size = 0;

	for (size_t i = 0; i < choice->count; i++)
		size += choice->items[i].end - choice->items[i].start;
	return size;
}

void remap_choice_deinit(struct remap_choice *choice)
{
	free(choice->items);
	*choice = (struct remap_choice){0};
}
