/*
 * witness.h - calls that leave no trace in /proc, seen when they are made
 *
 * What a process owes to its semaphores at its end, whether it may use I/O
 * ports, and what was random in it: nobody can read that off it afterwards.
 * Nor its action for SIGTRAP, which the kernel forgets when a breakpoint is hit
 * while that signal is ignored or blocked (force_sig_info_to_task()).
 */
#ifndef STATE_WITNESS_H
#define STATE_WITNESS_H

#include "capture/audit.h"
#include "capture/files/inotify_paths.h"
#include "capture/tracee/tracee.h"
#include "common/core_format.h"

/*
 * @semaphore_undo: semop(2) with SEM_UNDO has succeeded or not
 * @port_level: what iopl(2) has last set is more than 0
 * @no_new_privs: prctl(2) has set it, perhaps once more: an ordinary user's
 *	service has it from us
 * @wants_barriers: membarrier(2) has registered it for those of others, or may
 *	have; to have them when it has not does no harm
 * @random_bytes: from getrandom(2)
 * @pid_asked: how often getpid(2) was called, so that it may have kept the answer
 * @joined_group: setsockopt(2) for a multicast group, or for a program that
 *	chooses among sockets, which no socket tells
 * @notifies: fcntl(2) with F_NOTIFY, which no folder tells
 * @watched: what inotify watches
 * @trap: the action for SIGTRAP that was set last, if @has_trap
 */
struct witness {
	bool semaphore_undo;
	bool port_level;
	bool no_new_privs;
	bool wants_barriers;
	uint64_t random_bytes;
	uint64_t pid_asked;
	bool joined_group;
	bool notifies;
	bool has_trap;
	struct core_signal trap;
	struct inotify_paths watched;
};

/*
 * The calls that it wants to see, of some only those with @value as their
 * @argument-th, from 0; -1 for any.  The list ends with a negative number.
 */
struct witness_call {
	int number;
	int argument;
	int value;
};
extern const struct witness_call witness_calls[];

/* Not that of libc's allocator, of which nothing is made that matters. */
bool witness_counts_randomness(const uint64_t arguments[6]);
bool witness_wants(int64_t number, const uint64_t arguments[6]);
/* At the entry of one of them. */
void witness_see(struct witness *witness, const struct tracee *t,
		 const struct stop *stop);

/* Puts the action for SIGTRAP that the service has set where it is lost. */
void witness_mend(const struct witness *witness,
		  struct core_signal signals[CORE_SIGNALS]);

/*
 * Adds findings for what was seen.
 * @was_there: it has seen all calls from the exec on; otherwise the kernel is
 *	asked whether there may be operations to be undone
 */
void witness_report(const struct witness *witness, bool was_there,
		    const struct tracee *t, struct audit *audit);
void witness_deinit(struct witness *witness);

/* Whether the path at @path names a device that gives randomness. */
bool witness_is_random_device(const struct tracee *t, uint64_t path);

#endif
