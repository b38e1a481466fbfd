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
 * @no_new_privs: prctl(2) has set it, perhaps once more: an ordinary user's
 *	service has it from us
 * @random_bytes: from getrandom(2)
 */
struct witness {
	bool semaphore_undo;
	bool port_level;
	bool no_new_privs;
	uint64_t random_bytes;
};

/*
 * The calls that it wants to see, of some only those with @first as their first
 * argument, or -1; the list ends with a negative number.
 */
struct witness_call {
	int number;
	int first;
};
extern const struct witness_call witness_calls[];

bool witness_wants(int64_t number, const uint64_t arguments[6]);
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
