/*
 * holes.c - runs of pages that a restore makes of nothing
 */
#include "holes.h"

#include <sys/mman.h>

/*
 * In pages.  Memory that is copied at restore costs a read for each run, and
 * memory that is mapped a mapping, which is dearer.
 */
enum {
	WORTH_SKIPPING = 4,
	WORTH_MAPPING = 32,
};

static uint64_t shortest_hole(const struct content *c)
{
	/* All of it is one, however short: a file cannot be wiped on fork. */
	if (c->advice & (uint32_t)1 << MADV_WIPEONFORK)
		return CORE_PAGE_SIZE;
	if (c->kind == CORE_MAPPING_STACK || c->flags & CORE_MAP_COPY)
		return WORTH_SKIPPING * CORE_PAGE_SIZE;
	return WORTH_MAPPING * CORE_PAGE_SIZE;
}

static bool may_have_holes(const struct content *c)
{
	return c->is_stored && (c->kind == CORE_MAPPING_FILE ||
				c->kind == CORE_MAPPING_ANONYMOUS ||
				c->kind == CORE_MAPPING_STACK);
}

static int add_hole(struct page_runs *holes, uint64_t start, uint64_t end,
		    uint64_t shortest, struct error *err)
{
	int r;

	if (end <= start || end - start < shortest)
		return 0;
	/* Not page_runs_add(): a hole does not reach into two mappings. */
	r = page_runs_reserve(holes, holes->count + 1, err);
	if (r == 0)
		holes->items[holes->count++] = (struct core_range){start, end};
	return r;
}

/* Runs may be written across mappings, so each is cut to this one. */
static int find_in(const struct content *c, const struct page_runs *written,
		   size_t *next, uint64_t factor, struct page_runs *holes,
		   struct error *err)
{
	const struct mapping *m = c->mapping;
	const uint64_t shortest = shortest_hole(c) * factor;
	uint64_t at = m->start;
	int r = 0;

	while (*next < written->count && written->items[*next].end <= m->start)
		(*next)++;
	for (size_t i = *next; r == 0 && i < written->count; i++) {
		const struct core_range *run = &written->items[i];

		if (run->start >= m->end)
			break;
		r = add_hole(holes, at, run->start, shortest, err);
		at = run->end;
	}
	if (r == 0)
		r = add_hole(holes, at, m->end, shortest, err);
	return r;
}

int holes_find(const struct contents *contents, const struct page_runs *written,
	       struct page_runs *ret_holes, struct error *err)
{
	int r = 0;

	for (uint64_t factor = 1;; factor *= 2) {
		size_t next = 0;

		ret_holes->count = 0;
		for (size_t i = 0; r == 0 && i < contents->count; i++)
			if (may_have_holes(&contents->items[i]))
				r = find_in(&contents->items[i], written, &next,
					    factor, ret_holes, err);
		if (r < 0 || ret_holes->count <= HOLES_MAX)
			return r;
	}
}
