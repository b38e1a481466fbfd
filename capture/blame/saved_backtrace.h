/*
 * saved_backtrace.h - the calls that a saved stack is of, as addresses
 */
#ifndef BLAME_SAVED_BACKTRACE_H
#define BLAME_SAVED_BACKTRACE_H

#include "backtrace.h"
#include "saved_stack.h"
#include "symbols.h"

/*
 * @symbols: of the code that there was when it was saved, whose files say how
 *	to unwind it; nothing else is needed
 * Where it cannot be unwound any further, or the copy ends, the list ends.
 */
void saved_backtrace_take(struct backtrace *ret_backtrace,
			  struct symbols *symbols,
			  const struct saved_stack *stack);

#endif
