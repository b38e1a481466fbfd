/*
 * witness.h - calls that leave no trace in /proc, seen when they are made
 *
 * What a process owes to its semaphores at its end, whether it may use I/O
 * ports, and what was random in it: nobody can read that off it afterwards.
 */
#ifndef CAPTURE_WITNESS_H
#define CAPTURE_WITNESS_H

#include "audit.h"
#include "tracee.h"

/*
 * @semaphore_undo: semop(2) with SEM_UNDO has succeeded or not
 * @port_level: iopl(2) with more than 0
 * @random_bytes: from getrandom(2)
 */
struct witness {
	bool semaphore_undo;
	bool port_level;
	uint64_t random_bytes;
};

/* The calls that it wants to see; ends with -1. */
extern const int witness_calls[];

bool witness_wants(int64_t number);
/* At the entry of one of them. */
void witness_see(struct witness *witness, const struct tracee *t,
		 const struct stop *stop);

/*
 * Adds findings for what was seen.
 * @was_there: it has seen all calls from the exec on; otherwise the kernel's
 *	own semaphores are asked who used them
 */
void witness_report(const struct witness *witness, bool was_there, pid_t pid,
		    struct audit *audit);

#endif
