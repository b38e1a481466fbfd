/*
 * attribute.h - what a process can set about itself with one system call
 *
 * The same list is read when the service has just been executed and when it is
 * ready.  What is equal was inherited, and the restorer's own will do; what
 * differs is the service's doing.  A row that knows how to set its attribute
 * is restored, one that does not is refused by its name.
 */
#ifndef COMMON_ATTRIBUTE_H
#define COMMON_ATTRIBUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "call.h"

enum attribute_id {
	ATTRIBUTE_NONE,
	ATTRIBUTE_DUMPABLE,
	ATTRIBUTE_PARENT_DEATH_SIGNAL,
	ATTRIBUTE_KEEP_CAPS,
	ATTRIBUTE_TIMING,
	ATTRIBUTE_TSC,
	ATTRIBUTE_SECUREBITS,
	ATTRIBUTE_TIMER_SLACK,
	ATTRIBUTE_MCE_KILL,
	ATTRIBUTE_SUBREAPER,
	ATTRIBUTE_THP_DISABLE,
	ATTRIBUTE_SPECULATION_STORE,
	ATTRIBUTE_SPECULATION_BRANCH,
	ATTRIBUTE_IO_FLUSHER,
	ATTRIBUTE_MEMORY_MERGE,
	ATTRIBUTE_CPUID,
	ATTRIBUTE_TAGGED_ADDRESSES,
	ATTRIBUTE_SHADOW_STACK,
	ATTRIBUTE_XCOMP_PERMISSION,
	ATTRIBUTE_MEMBARRIER,
	ATTRIBUTE_DESCRIPTOR_TABLE,
	ATTRIBUTE_IO_PRIORITY,
	ATTRIBUTE_PERSONALITY,
	ATTRIBUTE_UMASK,
	ATTRIBUTE_LOCK_FUTURE, /* makes every later mapping a locked one */
	ATTRIBUTE_NO_NEW_PRIVS,
	ATTRIBUTE_MDWE, /* irreversible, so among the last */
	ATTRIBUTE_THREAD_KEYRING,
	ATTRIBUTE_PROCESS_KEYRING,
	ATTRIBUTE_SESSION_KEYRING,
	ATTRIBUTE_SCHEDULING_COOKIE,
	ATTRIBUTE_TIMER_IDS,
	ATTRIBUTE_FIXED_COUNT,
	/* + RLIMIT_*; the soft limit in the low half, the hard in another */
	ATTRIBUTE_LIMIT_SOFT = 64,
	ATTRIBUTE_LIMIT_HARD = 96,
	/* + 0, 1, 2: the status flags of a standard stream */
	ATTRIBUTE_STREAM_FLAGS = 128,
	/* an offset in the names: the folder it has changed to */
	ATTRIBUTE_WORKING_FOLDER = 131,
	/* what files of /proc/self take */
	ATTRIBUTE_CORE_FILTER = 132,
	ATTRIBUTE_OOM_ADJUST = 133,
	/* + 0 to 6: the words of struct sched_attr; all of them or none */
	ATTRIBUTE_SCHEDULING = 136,
	/* the mode, and + 1 the first 64 nodes; both or none */
	ATTRIBUTE_MEMORY_POLICY = 144,
	/* + 0, 1, 2: what F_SETFD takes, for a standard stream */
	ATTRIBUTE_STREAM_CLOSES = 148,
	/* + 0 to 15: the words of the affinity mask; all of them or none */
	ATTRIBUTE_CPUS = 160,
	/* + 0 to 5: the words of struct termios2; all of them or none */
	ATTRIBUTE_TERMINAL = 176,
	ATTRIBUTE_END = ATTRIBUTE_TERMINAL + 6,
};

enum {
	SCHEDULING_WORDS = 7,
	CPU_MASK_WORDS = 16, /* 1024 processors */
	NODE_MASK_WORDS = 16,
	TERMINAL_WORDS = 6,
};

/* Where a getter leaves what it got. */
enum attribute_place {
	PLACE_NOWHERE, /* it is not read with a system call */
	PLACE_RESULT,  /* in the result */
	PLACE_INT,     /* in an int at its @pointer-th argument */
	PLACE_LONG,    /* in eight bytes at its @pointer-th argument */
};

/*
 * @get: the call that reads it; @pointer is filled in by whoever makes it
 * @set: the call that sets it, with the value as its @value-th argument;
 *	number 0 when it can not be set again
 * @of_thread: every thread has its own; otherwise it is the process's
 * @once: setting it forbids other steps of a restore, so it comes late
 */
struct attribute {
	const char *name;
	enum attribute_place place;
	int pointer;
	int64_t get_number;
	uint64_t get[CALL_ARGUMENTS];
	int64_t set_number;
	int value;
	uint64_t set[CALL_ARGUMENTS];
	bool of_thread;
	bool once;
};

/* The row of @id, or NULL for one of the ranges and for an unknown one. */
const struct attribute *attribute_find(uint32_t id);

/* Also of the ranges: "soft limit on open files". */
const char *attribute_name(uint32_t id);

/* Whether it is read with a call, as one of a thread or of the process. */
bool attribute_is_read(uint32_t id, bool of_thread);

/*
 * The call that reads attribute @id, its answer at address @answer; for one that
 * is not read so, or that is not @of_thread when that is asked for, a harmless
 * call that keeps its place.
 */
struct call attribute_question(uint32_t id, bool of_thread, uint64_t answer);
/* What the @call above has found out, a negative errno, or 0 when harmless. */
int64_t attribute_answer(uint32_t id, bool of_thread, const struct call *call,
			 uint64_t answer);
/* The call that sets it, which must succeed. */
struct call attribute_set(const struct attribute *a, uint64_t value);

#endif
