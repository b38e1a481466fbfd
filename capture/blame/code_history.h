/*
 * code_history.h - what stood at the addresses of code, and when
 *
 * Stacks are kept at once and get their names late, when a library may have
 * been unloaded and another one be where it was.  To see each munmap(2) would
 * cost a stop, but is not needed: what is on a stack was there at that time,
 * so that only what becomes code has to be seen.
 *
 *	  mmap A            munmap A   mmap B, where A was
 *	----+------------------+------------+------------------> time
 *	era 0: the program, libc, A         | era 1: the program, libc, B
 *
 * In one era no two of its modules lie at the same addresses.
 */
#ifndef BLAME_CODE_HISTORY_H
#define BLAME_CODE_HISTORY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "code_module.h"
#include "common/mapping.h"

/* @first, @last: the eras in which it may have been there */
struct code_entry {
	struct code_module module;
	size_t first;
	size_t last;
};

/*
 * @ends: the times, as recorder_ticks(), at which each era but the last ended
 * @is_lost: memory has run out, and nothing is known
 */
struct code_history {
	struct code_entry *entries;
	size_t count;
	size_t capacity;
	uint64_t *ends;
	size_t end_count;
	bool is_lost;
};

void code_history_deinit(struct code_history *history);

/*
 * Since @ticks it is there, and nothing else at its addresses; the history owns
 * it then.
 */
void code_history_add(struct code_history *history, struct code_module *module,
		      uint64_t ticks);

/* Forgets everything, and begins with what the process has now. */
void code_history_restart(struct code_history *history, pid_t pid);

/*
 * At the exit of a call that has made code of memory: mmap(2), mprotect(2),
 * pkey_mprotect(2).
 */
void code_history_see(struct code_history *history, pid_t pid, int64_t call,
		      const uint64_t arguments[6], uint64_t result);

/*
 * Adds what has become code without a call that was seen.  It may have been
 * there at any time, and so neither it nor what was known of its addresses has
 * a name then.
 */
void code_history_complete(struct code_history *history, pid_t pid);

size_t code_history_era(const struct code_history *history, uint64_t ticks);

#endif
