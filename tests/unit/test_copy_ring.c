/*
 * test_copy_ring.c - what is filled is emptied once and in order, and all of it
 * has an end
 *
 * Each slot holds a number; the emptier keeps what it finds.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "capture/core/copy_ring.h"

enum {
	SLOTS = 8,
	MANY = 100000,
	NEVER = -1,
};

static struct copy_ring ring;
static int slots[SLOTS];
static int found[MANY];
static int found_count;
static int fails_at = NEVER;
static pid_t emptied_by;
static sigset_t blocked;
static atomic_bool may_go_on = true;
static atomic_bool is_emptying;
static useconds_t pause_us;

static int empty(void *context, size_t slot, struct error *err)
{
	cr_assert(context == slots);
	cr_assert(slot < SLOTS);
	is_emptying = true;
	while (!may_go_on)
		sched_yield();
	usleep(pause_us);
	emptied_by = gettid();
	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	if (slots[slot] == fails_at)
		return error_system(err, ENOSPC, "cannot empty a slot");
	found[found_count++] = slots[slot];
	slots[slot] = 0;
	return 0;
}

static void begin(size_t count)
{
	found_count = 0;
	memset(slots, 0, sizeof(slots));
	copy_ring_open(&ring, count, (struct copy_ring_emptier){empty, slots});
}

static int fill_one(int number, struct error *err)
{
	size_t slot = SLOTS;
	int r = copy_ring_await(&ring, &slot, err);

	if (r < 0)
		return r;
	cr_assert(slot < SLOTS);
	cr_expect(slots[slot] == 0, "slot %zu was not empty", slot);
	slots[slot] = number;
	return copy_ring_pass(&ring, err);
}

static void fill(int first, int end)
{
	struct error err = {0};

	for (int i = first; i < end; i++)
		cr_assert(fill_one(i, &err) == 0, "%s", err.text);
}

static void drain(void)
{
	struct error err = {0};

	cr_assert(copy_ring_drain(&ring, &err) == 0, "%s", err.text);
}

static void expect_found(int first, int end)
{
	cr_assert(found_count == end - first, "%d", found_count);
	for (int i = first; i < end; i++)
		cr_assert(found[i - first] == i, "%d at %d", found[i - first],
			  i - first);
}

TestSuite(copy_ring, .timeout = 20);

Test(copy_ring, all_is_emptied_in_order)
{
	for (size_t count = 1; count <= SLOTS; count++) {
		begin(count);
		fill(1, MANY / 10);
		drain();
		expect_found(1, MANY / 10);
		copy_ring_close(&ring);
	}
}

Test(copy_ring, goes_on_after_it_was_drained)
{
	begin(SLOTS);
	drain();
	for (int i = 1; i < MANY / 10; i += 3) {
		fill(i, i + 3);
		drain();
		cr_assert(found_count == i + 2, "%d", found_count);
	}
	expect_found(1, found_count + 1);
	copy_ring_close(&ring);
}

Test(copy_ring, slow_emptier_is_awaited)
{
	begin(SLOTS);
	pause_us = 500;
	fill(1, 200);
	drain();
	expect_found(1, 200);
	copy_ring_close(&ring);
}

Test(copy_ring, slow_filler_is_awaited)
{
	begin(SLOTS);
	for (int i = 1; i < 200; i++) {
		usleep(500);
		fill(i, i + 1);
	}
	drain();
	expect_found(1, 200);
	copy_ring_close(&ring);
}

Test(copy_ring, single_slot_has_no_thread)
{
	begin(1);
	fill(1, 3);
	expect_found(1, 3);
	cr_expect(emptied_by == gettid());
	copy_ring_close(&ring);
}

Test(copy_ring, thread_takes_no_signals)
{
	sigset_t before, after;

	pthread_sigmask(SIG_SETMASK, NULL, &before);
	begin(SLOTS);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	fill(1, 3);
	drain();
	cr_expect(emptied_by != 0 && emptied_by != gettid());
	cr_expect(sigismember(&blocked, SIGINT) &&
		  sigismember(&blocked, SIGTERM) &&
		  sigismember(&blocked, SIGXFSZ));
	cr_expect(sigismember(&after, SIGINT) == sigismember(&before, SIGINT));
	copy_ring_close(&ring);
}

/* For want of room for its stack. */
Test(copy_ring, works_where_no_thread_can_be_had)
{
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	cr_assert(pthread_attr_setstacksize(&attributes, (size_t)1 << 47) == 0);
	cr_assert(pthread_setattr_default_np(&attributes) == 0);
	begin(SLOTS);
	fill(1, 100);
	drain();
	expect_found(1, 100);
	cr_expect(emptied_by == gettid());
	copy_ring_close(&ring);
}

static void check_error(size_t count)
{
	struct error err = {0};
	size_t slot;
	int r = 0;

	begin(count);
	fails_at = 50;
	for (int i = 1; r == 0 && i < MANY; i++)
		r = fill_one(i, &err);
	cr_expect(r == -ENOSPC, "%d", r);
	cr_expect(strstr(err.text, "cannot empty a slot"), "%s", err.text);
	expect_found(1, 50);
	err = (struct error){0};
	cr_expect(copy_ring_drain(&ring, &err) == -ENOSPC);
	cr_expect(strstr(err.text, "cannot empty a slot"));
	cr_expect(copy_ring_await(&ring, &slot, &err) == -ENOSPC);
	copy_ring_close(&ring);
}

Test(copy_ring, error_ends_it)
{
	check_error(1);
	check_error(2);
	check_error(SLOTS);
}

/* Told when it is drained, if not before. */
Test(copy_ring, last_error_is_told)
{
	struct error err = {0};

	begin(SLOTS);
	fails_at = 3;
	pause_us = 20000;
	fill(1, 4);
	cr_expect(copy_ring_drain(&ring, &err) == -ENOSPC);
	expect_found(1, 3);
	copy_ring_close(&ring);
}

/* The one that is being emptied is awaited, the others are not wanted. */
Test(copy_ring, is_closed_while_full)
{
	may_go_on = false;
	pause_us = 100000;
	begin(SLOTS);
	fill(1, SLOTS + 1);
	while (!is_emptying)
		sched_yield();
	may_go_on = true;
	copy_ring_close(&ring);
	cr_expect(found_count == 1, "%d", found_count);
}

Test(copy_ring, is_closed_while_empty)
{
	begin(SLOTS);
	usleep(10000);
	copy_ring_close(&ring);
	copy_ring_close(&ring);
	cr_expect(found_count == 0);
}
