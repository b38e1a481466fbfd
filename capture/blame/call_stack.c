/*
 * call_stack.c - the calls that a saved stack is of, by their names
 */
#include "call_stack.h"

#include <stdlib.h>
#include <string.h>

#include "saved_backtrace.h"

void call_stack_make(struct call_stack *ret_stack, struct symbols *symbols,
		     const struct saved_stack *saved)
{
	struct call_stack stack = {0};
	struct backtrace backtrace;
	size_t room;

	saved_backtrace_take(&backtrace, symbols, saved);
	room = backtrace.count + SYMBOL_INLINED_MAX;
	stack.items = calloc(room, sizeof(*stack.items));
	for (size_t i = 0; stack.items && i < backtrace.count &&
			   stack.count + SYMBOL_INLINED_MAX <= room;
	     i++) {
		stack.count += symbols_find(symbols, &backtrace.frames[i],
					    stack.items + stack.count);
		/* What is below main() is the same for everybody. */
		if (symbol_is_main(&stack.items[stack.count - 1]))
			break;
	}
	*ret_stack = stack;
}

void call_stack_deinit(struct call_stack *stack)
{
	free(stack->items);
	*stack = (struct call_stack){0};
}
