/*
 * recorder_table.h - what the recorder keeps, a slot for each descriptor
 */
#ifndef BLAME_RECORDER_TABLE_H
#define BLAME_RECORDER_TABLE_H

#include "recorder.h"

enum {
	RECORDER_SLOT_SIZE = 16384,
	RECORDER_SLOT_STACK = 128, /* where its bytes of the stack begin */
};

#define RECORDER_TABLE_SIZE \
	((RECORDER_SLOTS + (uint64_t)1) * RECORDER_SLOT_SIZE)

/*
 * The registers of a slot, in the order of recorder_code_x86_64.S.
 * @rsp: written last, and 0 before
 * @size: bytes of the stack that follow
 */
struct recorder_slot {
	uint64_t rsp, rbp, rbx, r12, r13, r14, r15;
	uint64_t thread_pointer;
	uint64_t ticks;
	uint64_t rdi, rsi, rdx, rax;
	uint64_t size;
	uint64_t back;
};

/* What the code is to know, in the order of recorder_code_x86_64.S. */
struct recorder_facts {
	uint64_t table;
	uint64_t stack;
	uint64_t back;
	uint64_t returns;
	uint64_t stopped;
	uint64_t everywhere;
};

/* The templates of the code, and places in them. */
extern const char recorder_code[], recorder_code_prefix[], recorder_code_call[],
	recorder_code_kept[], recorder_code_done[], recorder_code_facts[],
	recorder_code_end[];
extern const char recorder_stopped[], recorder_stopped_prefix[],
	recorder_stopped_call[], recorder_stopped_facts[],
	recorder_stopped_end[];

enum {
	RECORDER_PAGE = 4096,
	RECORDER_COPY =
		RECORDER_PAGE / RECORDER_SITES, /* of the code of a site */
	RECORDER_PATCH = 13, /* bytes of a site that are replaced */
	RECORDER_JUMP = 10,  /* where the second of our instructions begins */
	RECORDER_CALL = 2,   /* bytes of the syscall instruction */
};

/* What stands in a site that is not led away. */
const unsigned char *recorder_original(const struct recorder_site *site);

/* What the code would have kept of a thread that has just opened @regs->rax. */
int recorder_table_keep(const struct recorder *recorder, struct tracee *t,
			const struct recorder_site *site,
			const struct user_regs_struct *regs, struct error *err);

#endif
