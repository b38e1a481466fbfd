/*
 * saved_stack.c - what it takes to unwind a thread later
 */
#include "saved_stack.h"

#include <stdlib.h>
#include <string.h>

void saved_stack_take(struct saved_stack *ret_stack, const struct tracee *t,
		      const struct stop *stop)
{
	unsigned char bytes[SAVED_STACK_MAX];
	struct saved_stack stack = {.registers = stop->registers};
	struct error ignored = {0};

	if (stop->has_registers ||
	    tracee_registers(t, stop->tid, &stack.registers, &ignored) == 0)
		stack.size = tracee_read_part(t, stack.registers.rsp, bytes,
					      sizeof(bytes));
	stack.bytes = malloc(stack.size + 1);
	if (stack.bytes)
		memcpy(stack.bytes, bytes, stack.size);
	else
		stack.size = 0;
	*ret_stack = stack;
}

void saved_stack_deinit(struct saved_stack *stack)
{
	free(stack->bytes);
	*stack = (struct saved_stack){0};
}

bool saved_stack_read(const struct saved_stack *stack, uint64_t address,
		      uint64_t *ret_word)
{
	const uint64_t offset = address - stack->registers.rsp;

	if (offset > stack->size || stack->size - offset < sizeof(*ret_word))
		return false;
	memcpy(ret_word, stack->bytes + offset, sizeof(*ret_word));
	return true;
}
