/*
 * threads.h - all threads of the service
 */
#ifndef STATE_THREADS_H
#define STATE_THREADS_H

#include "capture/audit.h"
#include "capture/tracee/inferior.h"
#include "surroundings.h"
#include "thread_state.h"

/* The one that was ready comes first; the main one's tid is @pid. */
struct threads {
	pid_t pid;
	struct thread_state *items;
	size_t count;
};

/*
 * Reads what the tracer can see of each, and refuses what cannot be carried:
 * threads with files, a folder, users or filters of their own.
 * @process: what /proc/PID shows, with which that of each thread is compared
 */
int threads_read(struct threads *ret_threads, struct tracee *t, pid_t ready,
		 const struct foreign_code *foreign,
		 const struct surroundings *process, struct audit *audit,
		 struct error *err);

/*
 * Whether a thread has put itself under a seccomp filter that the process had
 * not at its start; its threads must not be asked for anything then.
 */
bool threads_are_sandboxed(const struct tracee *t,
			   const struct surroundings *exec,
			   struct audit *audit);

/* Adds what each says about itself. */
int threads_ask(struct threads *threads, const struct inferior *inferior,
		struct audit *audit, struct error *err);

/* Its index, or CORE_THREAD_NONE. */
uint32_t threads_find(const struct threads *threads, pid_t tid);
void threads_deinit(struct threads *threads);

#endif
