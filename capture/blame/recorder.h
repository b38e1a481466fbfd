/*
 * recorder.h - who opens files, recorded by the service itself
 *
 * A stop costs up to 100 us, and programs open files by the hundreds when they
 * start, most of them from a few places in libc and its loader.  These are led to
 * a piece of code of ours, which makes the call, and keeps the registers and the
 * bytes of the stack in a table, by the descriptor's number:
 *
 *	libc   mov $257, %eax      becomes   jump to the page of the recorder,
 *	       syscall                       which comes back behind the cmp
 *	       cmp $-4096, %rax
 *
 * The seccomp filter lets calls from that page through.  Before the service is
 * looked at, the bytes are put back, threads that are in the page are led out,
 * and neither page nor table gets into the core.
 */
#ifndef BLAME_RECORDER_H
#define BLAME_RECORDER_H

#include "common/mapping.h"
#include "saved_stack.h"

enum {
	RECORDER_SLOTS = 1024, /* descriptors; those above are not known */
	RECORDER_RANDOM = RECORDER_SLOTS, /* who opened /dev/random first */
	RECORDER_SITES = 4,
	RECORDER_PATIENCE = 4, /* stops at one site before it is led away */
	RECORDER_PATIENCE_ELSEWHERE = 500, /* on another than the main stack */
};

/*
 * A place in the service that opens files.
 * @start: of the bytes that are replaced
 * @back: where the call returns to, behind the syscall instruction
 * @has_prefix: other instructions stand between its start and the call
 * @hits: stops there, and when it is led away, on other stacks than the main one
 * @is_led: away, to our code
 */
struct recorder_site {
	uint64_t start;
	uint64_t back;
	bool has_prefix;
	bool is_led;
	unsigned int hits;
};

/*
 * A child that shares the memory of the service.
 * @tid: of who has made it and waits for its end, or 0
 * @from, @to: when it did, as recorder_ticks()
 */
struct recorder_sharer {
	pid_t tid;
	pid_t child;
	uint64_t from;
	uint64_t to;
};

/*
 * @page: where its code will be, in every program that is executed; 0 when
 *	there is to be none
 * @scratch: behind it, for inferior.h
 * @stopped: behind that, code whose calls are stopped
 * @table: behind that
 * @is_mapped: they are there
 * @entered_ms, @entered_ticks: the time when they were put there, by our clock
 *	and by the processor's counter
 */
struct recorder {
	uint64_t page;
	uint64_t scratch;
	uint64_t stopped;
	uint64_t table;
	bool is_mapped;
	struct recorder_site sites[RECORDER_SITES];
	size_t site_count;
	uint64_t entered_ms;
	uint64_t entered_ticks;
	struct recorder_sharer *sharers;
	size_t sharer_count;
};

/*
 * What one descriptor's slot says; @ticks as recorder_ticks(), @ms by our clock.
 * @is_lost: a child may have said that; of the service nothing is known then
 */
struct recorded {
	bool is_lost;
	uint64_t thread_pointer;
	uint64_t ticks;
	uint64_t ms;
	struct saved_stack stack;
};

/* The processor's counter, for what is too close together for our clock. */
uint64_t recorder_ticks(void);

/* Chooses a page that programs leave free, most likely. */
void recorder_init(struct recorder *recorder);
void recorder_deinit(struct recorder *recorder);

/*
 * At a stop in a system call that opens a file.  True if its site was led away
 * with that; the thread then stands before it, and makes the call anew.
 */
bool recorder_take_over(struct recorder *recorder, struct tracee *t,
			const struct stop *stop);
/* Another program was executed. */
void recorder_forget(struct recorder *recorder);

/*
 * Thread @tid has made a process.  While that has the same memory nothing is led
 * away, and what is kept does not count; recorder_unshare() is to be called when
 * @tid has left its call, if recorder_awaits() it.
 */
void recorder_share(struct recorder *recorder, const struct tracee *t,
		    pid_t tid, pid_t child);
bool recorder_awaits(const struct recorder *recorder, pid_t tid);
void recorder_unshare(struct recorder *recorder, const struct tracee *t,
		      pid_t tid);
bool recorder_is_shared(const struct recorder *recorder);
bool recorder_was_shared(const struct recorder *recorder, uint64_t ticks);

/* Who has been led away is at its site, for whoever asks for its stack. */
void recorder_mend(const struct recorder *recorder,
		   struct user_regs_struct *regs);
/* Puts thread @tid there, which stands still, in truth. */
int recorder_leave_thread(const struct recorder *recorder, struct tracee *t,
			  pid_t tid, struct error *err);

/*
 * Puts the bytes back; all threads stand still, and none is in the page then, nor
 * will the handler of a signal return to there.
 */
int recorder_leave(struct recorder *recorder, struct tracee *t,
		   struct error *err);
/*
 * Thread @tid is about to lock all memory, which would make the whole table real:
 * where it is the only one, nothing is led away from then on, and its call is made
 * anew.  True if so.
 */
bool recorder_retire(struct recorder *recorder, struct tracee *t, pid_t tid);
/* What it knows of a descriptor or RECORDER_RANDOM; the stack is allocated. */
bool recorder_read(const struct recorder *recorder, const struct tracee *t,
		   int fd, struct recorded *ret_recorded);
/* Takes page and table out of the list. */
void recorder_hide(const struct recorder *recorder,
		   struct mapping_list *mappings);

#endif
