/*
 * saved_stack.h - what it takes to unwind a thread later
 *
 * Unwinding costs a hundred times what keeping a copy of registers and stack
 * does, and of most things that a service makes nobody will ever ask.
 */
#ifndef BLAME_SAVED_STACK_H
#define BLAME_SAVED_STACK_H

#include "capture/tracee/tracee.h"

enum {
	SAVED_STACK_MAX = 32 << 10, /* bytes; calls further out are lost */
};

/* @bytes: those from the stack pointer on, @size of them; allocated */
struct saved_stack {
	struct user_regs_struct registers;
	unsigned char *bytes;
	size_t size;
};

/*
 * Of the thread that stands at a stop.  What cannot be read is not there; nor
 * is what there is no memory for.
 */
void saved_stack_take(struct saved_stack *ret_stack, const struct tracee *t,
		      const struct stop *stop);
void saved_stack_deinit(struct saved_stack *stack);

/* Eight bytes at @address, from the copy; false if it does not have them. */
bool saved_stack_read(const struct saved_stack *stack, uint64_t address,
		      uint64_t *ret_word);

#endif
