/*
 * base_changes.c - what of a layer was the service's own in its base already
 *
 * Whoever captures a layer may have by chance what the service has set: it would
 * pass for inherited, and each restore would have its caller's instead.
 */
#include "base_changes.h"

#include <stdlib.h>

/* The thread that has the same memory of its own, which libc never moves. */
static uint32_t find_thread(const struct core_thread *of_base,
			    const struct threads *threads)
{
	for (uint32_t i = 0; i < threads->count; i++)
		if (threads->items[i].core.registers.fs_base ==
		    of_base->registers.fs_base)
			return i;
	return CORE_THREAD_NONE;
}

static void take_signals(const struct core *base, struct changes *changes)
{
	for (size_t i = 0; i < CORE_SIGNALS; i++)
		if (!base->signals[i].inherited)
			changes->own_signals |= (uint64_t)1 << i;
}

void base_changes_take(const struct core *base, const struct threads *threads,
		       struct changes *changes)
{
	struct core_attribute *items =
		calloc(base->attribute_count + 1, sizeof(*items));

	if (!items) {
		changes->failed = true;
		return;
	}
	changes->earlier = items;
	for (size_t i = 0; i < base->attribute_count; i++) {
		const struct core_attribute *a = &base->attributes[i];
		const uint32_t thread =
			find_thread(&base->threads[a->thread], threads);

		/* What no exec hands on is the service's own wherever it is. */
		if (thread == CORE_THREAD_NONE ||
		    a->id == ATTRIBUTE_LOCK_FUTURE)
			continue;
		items[changes->earlier_count] = *a;
		items[changes->earlier_count++].thread = thread;
	}
	take_signals(base, changes);
}
