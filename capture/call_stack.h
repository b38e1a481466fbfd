/*
 * call_stack.h - the calls that a saved stack is of, by their names
 */
#ifndef CAPTURE_CALL_STACK_H
#define CAPTURE_CALL_STACK_H

#include "saved_stack.h"
#include "symbol.h"

/*
 * @items: innermost first, up to main(); what the compiler has put into one
 *	frame is there one by one
 */
struct call_stack {
	struct symbol *items;
	size_t count;
};

/*
 * Of a program that has not been replaced by another since.  What cannot be
 * found out is not there.
 * @tid: any thread that stands still
 */
void call_stack_make(struct call_stack *ret_stack, struct symbols *symbols,
		     const struct tracee *t, pid_t tid,
		     const struct saved_stack *saved);
void call_stack_deinit(struct call_stack *stack);

#endif
