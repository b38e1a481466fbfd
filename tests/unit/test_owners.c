/*
 * test_owners.c - locks that are held are found among bytes, by glibc's shape
 *
 * The "tracee" is this process: the locks are real ones, held by this thread.
 */
#include <criterion/criterion.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capture/memory/owners.h"

static _Alignas(4096) char page[2 * 4096];
static struct thread_state thread;
static struct threads threads = {.items = &thread, .count = 1};
static struct owners owners;

static void begin(void)
{
	static struct tracee self;
	struct error err = {0};

	self.pid = getpid();
	memset(page, 0, sizeof(page));
	thread.core.tid = (uint32_t)gettid();
	cr_assert(owners_init(&owners, &self, &threads, &err) == 0);
}

static void end(void)
{
	owners_deinit(&owners);
}

static void inspect(void)
{
	struct error err = {0};

	cr_assert(owners_inspect(&owners, page, sizeof(page), (uintptr_t)page,
				 &err) == 0,
		  "%s", err.text);
}

static void expect_owner(size_t index, const void *word)
{
	cr_assert(index < owners.count, "only %zu", owners.count);
	cr_expect(owners.items[index].address == (uintptr_t)word);
	cr_expect(owners.items[index].thread == 0);
	cr_expect(owners.items[index].kind == CORE_OWNER_MEMORY);
}

static pthread_mutex_t *put_mutex(size_t at, int type, int protocol, int robust)
{
	pthread_mutex_t *mutex = (pthread_mutex_t *)(void *)(page + at);
	pthread_mutexattr_t kind;

	pthread_mutexattr_init(&kind);
	pthread_mutexattr_settype(&kind, type);
	pthread_mutexattr_setprotocol(&kind, protocol);
	pthread_mutexattr_setrobust(&kind, robust);
	cr_assert(pthread_mutex_init(mutex, &kind) == 0);
	return mutex;
}

TestSuite(owners, .init = begin, .fini = end);

Test(owners, kinds_that_look_at_their_owner_are_found)
{
	static const int types[] = {PTHREAD_MUTEX_RECURSIVE,
				    PTHREAD_MUTEX_ERRORCHECK};

	for (size_t i = 0; i < 2; i++) {
		pthread_mutex_t *mutex = put_mutex(
			64, types[i], PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);

		owners.count = 0;
		inspect();
		cr_expect(owners.count == 0, "it is not held");
		pthread_mutex_lock(mutex);
		inspect();
		cr_expect(owners.count == 1);
		expect_owner(0, &mutex->__data.__owner);
		pthread_mutex_unlock(mutex);
	}
}

Test(owners, robust_and_inheriting_ones_have_it_in_two_words)
{
	pthread_mutex_t *mutex =
		put_mutex(4096 - 8, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT,
			  PTHREAD_MUTEX_STALLED);

	pthread_mutex_lock(mutex);
	inspect();
	cr_expect(owners.count == 2);
	expect_owner(0, &mutex->__data.__owner);
	expect_owner(1, &mutex->__data.__lock);
	pthread_mutex_unlock(mutex);
}

Test(owners, normal_ones_are_left_alone)
{
	pthread_mutex_t *mutex =
		put_mutex(64, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE,
			  PTHREAD_MUTEX_STALLED);

	pthread_mutex_lock(mutex);
	inspect();
	cr_expect(owners.count == 0);
}

Test(owners, locks_that_are_held_for_writing_are_found)
{
	pthread_rwlock_t *lock = (pthread_rwlock_t *)(void *)(page + 128);

	pthread_rwlock_init(lock, NULL);
	pthread_rwlock_rdlock(lock);
	inspect();
	cr_expect(owners.count == 0, "for reading there is no owner");
	pthread_rwlock_unlock(lock);
	pthread_rwlock_wrlock(lock);
	inspect();
	cr_expect(owners.count == 1);
	expect_owner(0, &lock->__data.__cur_writer);
}

/* A piece of memory may begin or end within a lock. */
Test(owners, lock_across_the_end_of_a_piece_is_found_once)
{
	pthread_mutex_t *mutex =
		put_mutex(4096 - 16, PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE,
			  PTHREAD_MUTEX_STALLED);
	struct error err = {0};

	pthread_mutex_lock(mutex);
	cr_assert(owners_inspect(&owners, page, 4096, (uintptr_t)page, &err) ==
		  0);
	cr_assert(owners_inspect(&owners, page + 4096, 4096,
				 (uintptr_t)page + 4096, &err) == 0);
	cr_expect(owners.count == 1);
	expect_owner(0, &mutex->__data.__owner);
}

/* Numbers that happen to be an id are none of a lock's. */
Test(owners, bare_numbers_are_left_alone)
{
	uint32_t *words = (uint32_t *)(void *)page;

	for (size_t i = 0; i < sizeof(page) / sizeof(*words); i++)
		words[i] = thread.core.tid;
	inspect();
	cr_expect(owners.count == 0);
	for (size_t i = 0; i < sizeof(page) / sizeof(*words); i += 2) {
		words[i] = thread.core.tid;
		words[i + 1] = 1;
	}
	inspect();
	cr_expect(owners.count == 0);
}

Test(owners, more_than_there_is_room_for_are_refused)
{
	pthread_mutex_t *mutex =
		put_mutex(64, PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE,
			  PTHREAD_MUTEX_STALLED);
	struct error err = {0};

	pthread_mutex_lock(mutex);
	owners.count = owners.capacity;
	cr_expect(owners_inspect(&owners, page, sizeof(page), (uintptr_t)page,
				 &err) < 0);
	cr_expect(err.fault == FAULT_UNSUPPORTED);
	cr_expect(strstr(err.text, "its threads hold more than"), "%s",
		  err.text);
}

/* Of who waits for an inheriting lock: its id may look like half an address. */
Test(owners, upper_half_of_a_pointer_is_no_id)
{
	const uint64_t pointer = (uintptr_t)page;
	const uint32_t id = (uint32_t)(pointer >> 32);
	struct error err = {0};

	thread.core.tid = id;
	thread.core.registers.rsp = pointer;
	thread.core.registers.rax = SYS_futex;
	thread.core.registers.rsi = FUTEX_LOCK_PI;
	memcpy(page + 16, &pointer, sizeof(pointer));
	memcpy(page + 32, &id, sizeof(id));
	memcpy(page + 44, &id, sizeof(id));
	cr_assert(owners_add_known(&owners, &err) == 0, "%s", err.text);

	cr_assert(owners.count == 2, "%zu", owners.count);
	expect_owner(0, page + 32);
	expect_owner(1, page + 44);
}
