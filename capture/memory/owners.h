/*
 * owners.h - words in which locks that are held keep the ids of threads
 *
 * A lock with an owner compares it with the id of whoever comes: recursive,
 * error-checking, robust and priority-inheriting mutexes and read-write locks
 * that are held for writing.  The threads of a restore have other ids, so these
 * words are found while the memory is copied, by the shape that glibc gives
 * its locks (sysdeps/x86/nptl/bits/struct_mutex.h, struct_rwlock.h).
 */
#ifndef MEMORY_OWNERS_H
#define MEMORY_OWNERS_H

#include "capture/state/threads.h"

/*
 * @threads: whose ids are looked for
 * @ids: their ids and indices, ascending
 */
struct owners {
	const struct threads *threads;
	const struct tracee *tracee;
	struct owner_id {
		uint32_t tid;
		uint32_t thread;
	} * ids;
	struct core_owner *items;
	size_t count;
	size_t capacity;
};

int owners_init(struct owners *ret_owners, const struct tracee *t,
		const struct threads *threads, struct error *err);

/* As struct copy_inspector wants it; @context is a struct owners. */
int owners_inspect(void *context, const char *bytes, size_t size,
		   uint64_t address, struct error *err);

/*
 * Adds what need not be looked for: the locks that the robust lists name, and
 * the ids that threads who wait for a lock have at hand.
 */
int owners_add_known(struct owners *owners, struct error *err);
void owners_deinit(struct owners *owners);

/* The most that a core has room for. */
size_t owners_max(const struct threads *threads);

#endif
