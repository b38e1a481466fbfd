/*
 * origin_list.c - origins that are held, in their order or by kind and id
 */
#include "origin_list.h"

#include <stdlib.h>
#include <string.h>

struct origin *origin_hold(struct origin *origin)
{
	if (origin)
		origin->users++;
	return origin;
}

/* One may be the last user of the next: a loop, as chains may be long. */
void origin_release(struct origin *origin)
{
	while (origin && --origin->users == 0) {
		struct origin *base = origin->base;

		origin_release(origin->rival);
		saved_stack_deinit(&origin->stack);
		call_stack_deinit(&origin->names);
		free(origin);
		origin = base;
	}
}

static bool make_room(struct origin_list *list)
{
	const size_t capacity = list->capacity ? list->capacity * 2 : 16;
	struct origin **items;

	if (list->count < list->capacity)
		return true;
	items = realloc(list->items, capacity * sizeof(*items));
	if (!items)
		return false;
	list->items = items;
	list->capacity = capacity;
	return true;
}

void origin_list_append(struct origin_list *list, struct origin *origin)
{
	if (make_room(list))
		list->items[list->count++] = origin_hold(origin);
}

void origin_list_remove(struct origin_list *list, size_t i)
{
	origin_release(list->items[i]);
	list->count--;
	memmove(list->items + i, list->items + i + 1,
		(list->count - i) * sizeof(*list->items));
}

void origin_list_deinit(struct origin_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		origin_release(list->items[i]);
	free(list->items);
	*list = (struct origin_list){0};
}

static bool is_before(const struct origin *origin, enum resource_kind kind,
		      int64_t id)
{
	return origin->kind != kind ? origin->kind < kind : origin->id < id;
}

size_t origin_list_position(const struct origin_list *list,
			    enum resource_kind kind, int64_t id)
{
	size_t low = 0, high = list->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (is_before(list->items[middle], kind, id))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct origin *origin_list_at(const struct origin_list *list,
			      enum resource_kind kind, int64_t id)
{
	const size_t i = origin_list_position(list, kind, id);
	struct origin *origin = i < list->count ? list->items[i] : NULL;

	return origin && origin->kind == kind && origin->id == id ? origin
								  : NULL;
}

void origin_list_put(struct origin_list *list, struct origin *origin)
{
	const size_t i = origin_list_position(list, origin->kind, origin->id);

	if (origin_list_at(list, origin->kind, origin->id)) {
		origin_hold(origin);
		origin_release(list->items[i]);
		list->items[i] = origin;
		return;
	}
	if (!make_room(list))
		return;
	memmove(list->items + i + 1, list->items + i,
		(list->count - i) * sizeof(*list->items));
	list->items[i] = origin_hold(origin);
	list->count++;
}
