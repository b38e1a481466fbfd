/*
 * recorder_table.h - what the recorder keeps, a slot for each descriptor
 */
#ifndef CAPTURE_RECORDER_TABLE_H
#define CAPTURE_RECORDER_TABLE_H

#include "recorder.h"

enum {
	RECORDER_SLOT_SIZE = 4096,
	RECORDER_SLOT_STACK = 128, /* where its bytes of the stack begin */
};

#define RECORDER_TABLE_SIZE ((uint64_t)RECORDER_SLOTS * RECORDER_SLOT_SIZE)

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
};

/* The template of the code, and places in it; see recorder_code_x86_64.S. */
extern const char recorder_code[], recorder_code_call[], recorder_code_table[],
	recorder_code_kept[], recorder_code_stack[], recorder_code_done[],
	recorder_code_back[], recorder_code_end[];

/* The three instructions that are led away. */
extern const unsigned char recorder_original[RECORDER_PATCH];

/* What the code would have kept of a thread that has just opened @regs->rax. */
int recorder_table_keep(const struct recorder *recorder, struct tracee *t,
			const struct user_regs_struct *regs, struct error *err);

#endif
