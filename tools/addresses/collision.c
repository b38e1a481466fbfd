/*
 * collision.c - the addresses that several spaces have in common
 *
 * One line is swept over all spaces at once, from each place where an area
 * begins or ends to the next:
 *
 *	a   ------======-----------======
 *	b   --========--------------==---
 *	      |   | | |            ||| |
 */
#include "collision.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* @next: in each space the first area that does not end before the line */
struct sweep {
	const struct space *spaces;
	size_t count;
	size_t *next;
};

static const struct area *next_area(const struct sweep *sweep, size_t space)
{
	const struct area_list *areas = &sweep->spaces[space].areas;

	return sweep->next[space] < areas->count
		       ? &areas->items[sweep->next[space]]
		       : NULL;
}

/* What is there from @at on, and up to where that is so; how many have any. */
static size_t look(const struct sweep *sweep, uint64_t at,
		   const struct area **ret_areas, uint64_t *ret_end)
{
	uint64_t end = UINT64_MAX;
	size_t found = 0;

	for (size_t i = 0; i < sweep->count; i++) {
		const struct area *area = next_area(sweep, i);
		uint64_t edge;

		ret_areas[i] = area && area->start <= at ? area : NULL;
		found += ret_areas[i] != NULL;
		if (!area)
			continue;
		edge = ret_areas[i] ? area->end : area->start;
		if (edge < end)
			end = edge;
	}
	*ret_end = end;
	return found;
}

static void advance(struct sweep *sweep, uint64_t to)
{
	for (size_t i = 0; i < sweep->count; i++) {
		const struct area *area = next_area(sweep, i);

		if (area && area->end <= to)
			sweep->next[i]++;
	}
}

static void add(struct collision_list *list, uint64_t start, uint64_t end)
{
	struct collision *c = &list->items[list->count];

	c->start = start;
	c->end = end;
	c->at = list->areas + list->count * list->space_count;
	for (size_t i = 0; i < list->space_count; i++)
		c->is_kernels |= c->at[i] && c->at[i]->kind == AREA_VSYSCALL;
	list->count++;
}

static bool is_over(const struct sweep *sweep)
{
	for (size_t i = 0; i < sweep->count; i++)
		if (next_area(sweep, i))
			return false;
	return true;
}

static void sweep_over(struct collision_list *list, struct sweep *sweep)
{
	uint64_t at = 0;
	uint64_t end;

	for (; !is_over(sweep); at = end) {
		const size_t found = look(
			sweep, at,
			list->areas + list->count * list->space_count, &end);

		if (found >= 2)
			add(list, at, end);
		advance(sweep, end);
	}
}

int collision_list_make(struct collision_list *ret_list,
			const struct space *spaces, size_t count,
			struct error *err)
{
	struct collision_list list = {.space_count = count};
	struct sweep sweep = {.spaces = spaces, .count = count};
	size_t edges = 1;

	for (size_t i = 0; i < count; i++)
		edges += 2 * spaces[i].areas.count;
	sweep.next = calloc(count, sizeof(*sweep.next));
	list.items = calloc(edges, sizeof(*list.items));
	list.areas = calloc(edges * count, sizeof(*list.areas));
	if (!sweep.next || !list.items || !list.areas) {
		free(sweep.next);
		collision_list_deinit(&list);
		return error_system(err, ENOMEM, "cannot compare the spaces");
	}
	sweep_over(&list, &sweep);
	free(sweep.next);
	*ret_list = list;
	return 0;
}

void collision_list_deinit(struct collision_list *list)
{
	free(list->items);
	free(list->areas);
	*list = (struct collision_list){0};
}

struct collision_sum collision_sum(const struct collision_list *list, size_t a,
				   size_t b)
{
	struct collision_sum sum = {0};
	const struct collision *last = NULL;

	for (size_t i = 0; i < list->count; i++) {
		const struct collision *c = &list->items[i];

		if (!c->at[a] || !c->at[b] || c->is_kernels)
			continue;
		sum.bytes += collision_size(c);
		if (!last || last->end != c->start)
			sum.ranges++;
		last = c;
	}
	return sum;
}

bool collision_has_kernels(const struct collision_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].is_kernels)
			return true;
	return false;
}
