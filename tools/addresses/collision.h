/*
 * collision.h - the addresses that several spaces have in common
 */
#ifndef ADDRESSES_COLLISION_H
#define ADDRESSES_COLLISION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "area.h"
#include "common/error.h"
#include "space.h"

/*
 * @at: for each space the area that it has there, or NULL; two or more have one,
 *	and each the same from @start to @end
 * @is_kernels: it is the vsyscall page, which nobody has placed there
 */
struct collision {
	uint64_t start;
	uint64_t end;
	const struct area **at;
	bool is_kernels;
};

/* @areas: what all of @at point into; owned, like @items */
struct collision_list {
	struct collision *items;
	size_t count;
	size_t space_count;
	const struct area **areas;
};

/* Ascending, without overlap.  The spaces stay as they are while it is used. */
int collision_list_make(struct collision_list *ret_list,
			const struct space *spaces, size_t count,
			struct error *err);
void collision_list_deinit(struct collision_list *list);

/*
 * What two spaces have in common besides the kernel's page.
 * @ranges: not counting where a third begins or ends within one
 */
struct collision_sum {
	size_t ranges;
	uint64_t bytes;
};

/* Of spaces @a and @b, counted from 0. */
struct collision_sum collision_sum(const struct collision_list *list, size_t a,
				   size_t b);
/* Whether any two have the vsyscall page. */
bool collision_has_kernels(const struct collision_list *list);

static inline uint64_t collision_size(const struct collision *c)
{
	return c->end - c->start;
}

#endif
