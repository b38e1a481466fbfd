/*
 * remap_choice.h - which memory of the service is worth mapping onto its core
 *
 * What a restore maps from the core may be mapped by the service that goes on,
 * too: for both, the same memory has to be anonymous in truth (the restorer's
 * plan_memory.c), which are memory that may be dropped, is locked or sealed or
 * has huge pages, stacks that grow, seams, and what is all zeros.  Pages that a
 * file has, too, are shared already.
 */
#ifndef MEMORY_REMAP_CHOICE_H
#define MEMORY_REMAP_CHOICE_H

#include <stdbool.h>

#include "common/core_reader.h"
#include "common/mapping.h"
#include "pagemap.h"

enum {
	/* So little is not worth a mapping. */
	REMAP_SHORTEST = 16 * CORE_PAGE_SIZE,
	/* While it is moved, a run takes so many mappings at most. */
	REMAP_MAPPINGS = 3,
};

/*
 * @mapping: where it lies in, of the core
 * @slot: where in a room apart it is while it is moved
 */
struct remap_run {
	const struct core_mapping *mapping;
	uint64_t start;
	uint64_t end;
	uint64_t slot;
};

/* @found: how many there were before any was left out */
struct remap_choice {
	struct remap_run *items;
	size_t count;
	size_t found;
};

/* Of these, only the pages in @changed are looked at. */
bool remap_is_of_file(const struct core_mapping *m);

/*
 * @changed: the pages of files that the service has written, ascending
 * @mappings_left: how many mappings it may still make; where the runs would
 *	take more than half of them, the shorter ones are left out
 */
int remap_choose(struct remap_choice *ret_choice, const struct core *core,
		 const struct page_runs *changed, size_t mappings_left,
		 struct error *err);
/* Gives each run its slot, in a room of the size that is returned. */
uint64_t remap_give_slots(struct remap_choice *choice);
/* Finds room for @size bytes in the middle of the largest gap. */
int remap_find_room(const struct mapping_list *mappings, uint64_t size,
		    uint64_t *ret_start, struct error *err);
uint64_t remap_size(const struct remap_choice *choice);
void remap_choice_deinit(struct remap_choice *choice);

#endif
