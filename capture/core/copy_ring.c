/*
 * copy_ring.c - slots that one thread fills and another empties, in order
 *
 * To wake a thread may cost 50 us on a virtual machine, as much as is needed for
 * one slot.  So nobody is woken who does not sleep, and who has to sleep sleeps
 * until half of the slots are as he wants them.
 */
#include "copy_ring.h"

#include <signal.h>

static size_t full_slots(const struct copy_ring *ring)
{
	return ring->passed - ring->emptied;
}

/* Until @wanted slots are free, or none will ever be. */
static void await_free(struct copy_ring *ring, size_t wanted)
{
	ring->wanted_free = wanted;
	while (ring->result == 0 && ring->slots - full_slots(ring) < wanted)
		pthread_cond_wait(&ring->free, &ring->lock);
	ring->wanted_free = 0;
}

/* Until @wanted slots are full, or whoever fills them waits himself. */
static void await_full(struct copy_ring *ring, size_t wanted)
{
	ring->wanted_full = wanted;
	while (!ring->is_closing && full_slots(ring) < wanted &&
	       !(ring->wanted_free > 0 && full_slots(ring) > 0))
		pthread_cond_wait(&ring->full, &ring->lock);
	ring->wanted_full = 0;
}

/* With the lock held, but not while a slot is being emptied. */
static void empty_next(struct copy_ring *ring)
{
	const size_t slot = ring->emptied % ring->slots;
	struct error err = {0};
	int r;

	pthread_mutex_unlock(&ring->lock);
	r = ring->emptier.empty(ring->emptier.context, slot, &err);
	pthread_mutex_lock(&ring->lock);
	ring->emptied++;
	if (r < 0) {
		ring->result = r;
		ring->error = err;
	}
	if (ring->wanted_free > 0 &&
	    (r < 0 || ring->slots - full_slots(ring) >= ring->wanted_free))
		pthread_cond_signal(&ring->free);
}

static void *empty_all(void *context)
{
	struct copy_ring *ring = context;

	pthread_mutex_lock(&ring->lock);
	while (ring->result == 0 && !ring->is_closing) {
		if (full_slots(ring) > 0)
			empty_next(ring);
		else
			await_full(ring, (ring->slots + 1) / 2);
	}
	pthread_mutex_unlock(&ring->lock);
	return NULL;
}

/* Signals are for whoever was there before. */
static bool start_thread(struct copy_ring *ring)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&ring->thread, NULL, empty_all, ring);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r == 0;
}

void copy_ring_open(struct copy_ring *ring, size_t slots,
		    struct copy_ring_emptier emptier)
{
	*ring = (struct copy_ring){
		.emptier = emptier,
		.slots = slots,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.free = PTHREAD_COND_INITIALIZER,
		.full = PTHREAD_COND_INITIALIZER,
	};
	ring->has_thread = slots > 1 && start_thread(ring);
}

static int result(const struct copy_ring *ring, struct error *err)
{
	if (ring->result < 0)
		*err = ring->error;
	return ring->result;
}

int copy_ring_await(struct copy_ring *ring, size_t *ret_slot, struct error *err)
{
	int r;

	pthread_mutex_lock(&ring->lock);
	if (full_slots(ring) == ring->slots)
		await_free(ring, (ring->slots + 1) / 2);
	r = result(ring, err);
	if (r == 0)
		*ret_slot = ring->passed % ring->slots;
	pthread_mutex_unlock(&ring->lock);
	return r;
}

int copy_ring_pass(struct copy_ring *ring, struct error *err)
{
	int r;

	pthread_mutex_lock(&ring->lock);
	ring->passed++;
	if (!ring->has_thread && ring->result == 0)
		empty_next(ring);
	else if (ring->wanted_full > 0 && full_slots(ring) >= ring->wanted_full)
		pthread_cond_signal(&ring->full);
	r = result(ring, err);
	pthread_mutex_unlock(&ring->lock);
	return r;
}

int copy_ring_drain(struct copy_ring *ring, struct error *err)
{
	int r;

	pthread_mutex_lock(&ring->lock);
	pthread_cond_signal(&ring->full);
	await_free(ring, ring->slots);
	r = result(ring, err);
	pthread_mutex_unlock(&ring->lock);
	return r;
}

void copy_ring_close(struct copy_ring *ring)
{
	if (ring->has_thread) {
		pthread_mutex_lock(&ring->lock);
		ring->is_closing = true;
		pthread_cond_signal(&ring->full);
		pthread_mutex_unlock(&ring->lock);
		pthread_join(ring->thread, NULL);
	}
	*ring = (struct copy_ring){0};
}
