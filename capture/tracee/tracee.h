/*
 * tracee.h - one traced process with all of its tasks, from execve() to the end
 *
 * The only module that calls ptrace(2) and waitpid(2).  Everyone else asks it
 * for registers, memory and the next stop.
 *
 *	  tracee_spawn()      tracee_resume()
 *	 (none) -------> STOPPED ----------> RUNNING ----------> GONE
 *	  tracee_attach()   ^                  |      exit, signal
 *	                    '------------------'
 *	                     tracee_next_stop()
 *
 * "The service" is the process that was started or attached to.  Its children
 * are traced too, because a seccomp filter that stops for a tracer is handed
 * on to them, but they are never shown: they run on by themselves until the
 * service is let go or killed, and then so are they.
 */
#ifndef TRACEE_TRACEE_H
#define TRACEE_TRACEE_H

#include <linux/filter.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

#include "common/core_format.h"
#include "common/error.h"

enum {
	TRACEE_XSTATE_MAX = 16384,
};

enum stop_kind {
	STOP_EXEC = 1,	    /* the new program is loaded, none of it has run */
	STOP_SYSCALL_ENTRY, /* about to make the call @number */
	STOP_SYSCALL_EXIT,  /* the call @number has returned @result */
	STOP_CHILD,	/* process @result was started by the call @number */
	STOP_SIGNAL,	/* @signal is about to be delivered */
	STOP_WATCH,	/* about to execute the instruction at @address */
	STOP_INTERRUPT, /* because tracee_interrupt() asked for it */
	STOP_EXITED,	/* the service is gone, with @status */
	STOP_KILLED,	/* the service is gone, by @signal */
	STOP_TIMEOUT,	/* nothing stopped before the deadline */
	STOP_CANCELLED, /* the user wants to end it all, by @signal */
};

/*
 * @tid: the thread that stands still; 0 for the last four kinds
 * @registers: its registers, if @has_registers; else tracee_registers() has
 *	them
 */
struct stop {
	enum stop_kind kind;
	pid_t tid;
	int64_t number;
	uint64_t arguments[6];
	int64_t result;
	int signal;
	int status;
	uint64_t address;
	bool has_registers;
	struct user_regs_struct registers;
};

/* How it goes on. */
enum resume {
	RESUME_FREELY,	/* to the next event, filtered call or signal */
	RESUME_TO_CALL, /* also stop at the next entry or exit of a call */
};

struct task;
struct watch;

/*
 * @filtered: its system calls are stopped by a seccomp filter
 * @attached: it ran before us, and goes on without us
 * @is_fork: from tracee_fork(): its pages are also another's
 * @others: the children that we had before it (proc_pid_task_children(5)), or
 *	NULL
 * @place: where code of ours may be whose calls the filter lets through, or 0
 * @early: tasks that have ended before the event that announces them was seen
 */
struct tracee {
	pid_t pid;
	bool filtered;
	bool attached;
	bool gone;
	bool is_fork;
	char *others;
	uint64_t place;
	struct task *tasks;
	size_t task_count;
	size_t task_capacity;
	pid_t *early;
	size_t early_count;
	struct watch *watches;
	size_t watch_count;
	int memory_fd; /* /proc/PID/mem, or 0 */
};

/*
 * @argv: as for execve(2), @path the file; @environment NULL for our own
 * @handed_on: descriptors of ours that it has, too, besides the standard streams
 * @filter: stops calls for us with SECCOMP_RET_TRACE, or NULL
 */
struct tracee_program {
	const char *path;
	char *const *argv;
	char *const *environment;
	const struct sock_fprog *filter;
	const int *handed_on;
	size_t handed_on_count;
};

/*
 * Starts a program; it stands at STOP_EXEC afterwards.  It dies with us
 * (PTRACE_O_EXITKILL, since Linux 3.8).
 */
int tracee_spawn(struct tracee *ret_tracee,
		 const struct tracee_program *program, struct error *err);

/* Takes hold of all threads of a running process and stops them. */
int tracee_attach(struct tracee *ret_tracee, pid_t pid, struct error *err);

/*
 * Waits for the next stop of the service, until CLOCK_MONOTONIC reads
 * @deadline_ms (or for ever: UINT64_MAX).
 */
int tracee_next_stop(struct tracee *t, uint64_t deadline_ms,
		     struct stop *ret_stop, struct error *err);

/* Lets thread @tid go on, and delivers @signal unless that is 0. */
int tracee_resume(struct tracee *t, pid_t tid, enum resume how, int signal,
		  struct error *err);

/* Asks a running service to stop: STOP_INTERRUPT follows. */
int tracee_interrupt(struct tracee *t, struct error *err);

/*
 * Whether every thread of the service stands still for us or sleeps in the
 * kernel.
 */
bool tracee_rests(const struct tracee *t);

/* Stops every thread of the service and keeps it so. */
int tracee_freeze(struct tracee *t, struct error *err);

/*
 * STOP_WATCH whenever a thread is about to execute the instruction at @address,
 * which is of a private mapping.  A breakpoint instruction stands there until
 * tracee_unwatch() or the next exec, also where the same is called again after
 * other code has been mapped there; forked children never have it.
 */
int tracee_watch(struct tracee *t, uint64_t address, struct error *err);
/* A thread that stands at one already goes on behind it; all stand still. */
int tracee_pass_watches(struct tracee *t, struct error *err);
/* Takes all of them out again; every thread has to stand still. */
int tracee_unwatch(struct tracee *t, struct error *err);

/* The threads of the service, the main one first.  @ret_tids is allocated. */
int tracee_threads(const struct tracee *t, pid_t **ret_tids, size_t *ret_count,
		   struct error *err);

/*
 * Processes that the service has started and that live, wherever they have
 * gone since; threads of theirs among them.  @ret_tids is allocated.
 */
int tracee_descendants(const struct tracee *t, pid_t **ret_tids,
		       size_t *ret_count, struct error *err);

/*
 * For threads that are led by traps: no other signal comes in between and is
 * lost, and the action for SIGTRAP stays, which the kernel resets when it is
 * blocked.
 */
#define TRACEE_MASK_BUT_TRAP (~((uint64_t)1 << (SIGTRAP - 1)))

/* The following need thread @tid, or any thread, to stand still. */
int tracee_registers(const struct tracee *t, pid_t tid,
		     struct user_regs_struct *ret_registers, struct error *err);
int tracee_set_registers(const struct tracee *t, pid_t tid,
			 const struct user_regs_struct *registers,
			 struct error *err);
/* An XSAVE area in the processor's standard form (NT_X86_XSTATE). */
int tracee_xstate(const struct tracee *t, pid_t tid,
		  unsigned char bytes[TRACEE_XSTATE_MAX], size_t *ret_size,
		  struct error *err);
int tracee_signal_mask(const struct tracee *t, pid_t tid, uint64_t *ret_mask,
		       struct error *err);
int tracee_set_signal_mask(const struct tracee *t, pid_t tid, uint64_t mask,
			   struct error *err);
/* Whether the service ignores a signal. */
int tracee_ignores(const struct tracee *t, int signal, bool *ret_ignores,
		   struct error *err);

struct tracee_rseq {
	uint64_t address;
	uint32_t size;
	uint32_t signature;
	uint32_t flags;
};

/* PTRACE_GET_RSEQ_CONFIGURATION, since Linux 5.13. */
int tracee_rseq(const struct tracee *t, pid_t tid, struct tracee_rseq *ret_rseq,
		struct error *err);

/*
 * Signals sent and not delivered: to the thread, or with @tid 0 to the process.
 * At most @max of them, from the @from-th on (PTRACE_PEEKSIGINFO, since 3.10).
 */
int tracee_pending(const struct tracee *t, pid_t tid, uint64_t from,
		   siginfo_t *ret_infos, size_t max, size_t *ret_count,
		   struct error *err);

/* Syscall user dispatch (since Linux 5.11; seen since 6.4). */
bool tracee_dispatches_calls(const struct tracee *t, pid_t tid);
/* I/O ports that ioperm(2) has opened for it. */
bool tracee_has_ports(const struct tracee *t, pid_t tid);
/* Whether it has debug registers, or segments in the descriptor table. */
bool tracee_has_watchpoints(const struct tracee *t, pid_t tid);
bool tracee_has_segments(const struct tracee *t, pid_t tid);

/*
 * Brings a thread that stands in a system call out of it, so that it stands
 * before the `syscall` instruction and will make the call again; a thread that
 * was not in a call stays where it is.  -EBUSY and a message when a call can
 * not be made again.
 */
int tracee_leave_call(struct tracee *t, pid_t tid, struct error *err);

/* Runs thread @tid from where its registers say until it traps. */
int tracee_run_to_trap(struct tracee *t, pid_t tid, struct error *err);
/* The same for one instruction. */
int tracee_step(struct tracee *t, pid_t tid, struct error *err);
/* The same for the system call that it stands before, without a trap. */
int tracee_make_call(struct tracee *t, pid_t tid, struct error *err);

/* All of @size bytes or an error; also from memory without PROT_READ. */
int tracee_read(const struct tracee *t, uint64_t address, void *bytes,
		size_t size, struct error *err);
/* The same for some pieces of memory; their bytes lie one behind the other. */
enum {
	TRACEE_RANGES_MAX = 64,
};
int tracee_read_ranges(const struct tracee *t, const struct core_range *ranges,
		       size_t count, void *bytes, struct error *err);
/* As many of the @size bytes as can be read from @address on. */
size_t tracee_read_part(const struct tracee *t, uint64_t address, void *bytes,
			size_t size);
int tracee_write(const struct tracee *t, uint64_t address, const void *bytes,
		 size_t size, struct error *err);

/*
 * Makes a copy of the service as it stands: a process that never runs, can be
 * read like the service, and is nobody's business but ours.  It has no
 * descriptors, none of the pages that are kept from forks, and dies with us.
 * Memory that the service shares it shares, too, until tracee_fork_unmap().
 * Thread @tid stands outside any call; @instruction is a `syscall` of its code.
 * The service must neither be a subreaper nor the first of a pid namespace.
 */
int tracee_fork(struct tracee *t, pid_t tid, uint64_t instruction,
		struct tracee *ret_fork, struct error *err);
int tracee_fork_unmap(struct tracee *fork, uint64_t instruction, uint64_t start,
		      uint64_t end, struct error *err);
/* Whether somebody else has killed it. */
bool tracee_fork_is_dead(const struct tracee *fork);
/* Ends it.  Safe on a zeroed one. */
void tracee_fork_end(struct tracee *fork);

/* Let go of it, or end it, whatever state it is in.  Safe on a zeroed t. */
void tracee_detach(struct tracee *t);
void tracee_kill(struct tracee *t);

#endif
