/*
 * call_stack.h - the calls that a saved stack is of, by their names
 */
#ifndef BLAME_CALL_STACK_H
#define BLAME_CALL_STACK_H

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
 * @symbols: of the code that there was then
 * What cannot be found out is not there.
 */
void call_stack_make(struct call_stack *ret_stack, struct symbols *symbols,
		     const struct saved_stack *saved);
void call_stack_deinit(struct call_stack *stack);

#endif
