/*
 * copy_ring.h - slots that one thread fills and another empties, in order
 *
 * Who opens the ring fills its slots, one after the other, as in a ring; a thread
 * of its own empties them.  With one slot there is no thread, and whoever fills
 * it empties it.
 *
 *	copy_ring_await()	a slot is free
 *	copy_ring_pass()	it was filled, and goes to whoever empties
 *	copy_ring_drain()	all are empty
 *
 * The first error of whoever empties ends it all: it is what each of the three
 * returns from then on.
 */
#ifndef CORE_COPY_RING_H
#define CORE_COPY_RING_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct copy_ring_emptier {
	int (*empty)(void *context, size_t slot, struct error *err);
	void *context;
};

/*
 * @lock: of all that follows it
 * @free, @full: somebody waits for @wanted_free or @wanted_full slots of a kind,
 *	or for 0 if nobody does
 * @passed, @emptied: slots, ever
 * @is_closing: what is full is not wanted any more
 * @result: of the emptier
 */
struct copy_ring {
	struct copy_ring_emptier emptier;
	size_t slots;
	bool has_thread;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t free;
	pthread_cond_t full;
	size_t wanted_free;
	size_t wanted_full;
	uint64_t passed;
	uint64_t emptied;
	bool is_closing;
	int result;
	struct error error;
};

/*
 * The ring stays where it is until it is closed.  Where no thread can be had,
 * the slots are emptied as if there were one.
 */
void copy_ring_open(struct copy_ring *ring, size_t slots,
		    struct copy_ring_emptier emptier);
int copy_ring_await(struct copy_ring *ring, size_t *ret_slot,
		    struct error *err);
int copy_ring_pass(struct copy_ring *ring, struct error *err);
int copy_ring_drain(struct copy_ring *ring, struct error *err);
/* Slots that are full are forgotten; the one that is being emptied is awaited. */
void copy_ring_close(struct copy_ring *ring);

#endif
