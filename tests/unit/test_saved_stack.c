/*
 * test_saved_stack.c - a copy of a stack has what was there, and no more
 *
 * The "tracee" is this process.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/blame/saved_stack.h"
#include "tests/expect.h"

static struct saved_stack take(const void *top)
{
	const struct tracee self = {.pid = getpid()};
	const struct stop stop = {
		.has_registers = true,
		.registers = {.rsp = (uintptr_t)top},
	};
	struct saved_stack stack;

	saved_stack_take(&stack, &self, &stop);
	return stack;
}

Test(saved_stack, bytes_are_those_at_the_time)
{
	uint64_t words[64] = {[0] = 4711, [9] = 42};
	struct saved_stack stack = take(words);
	uint64_t word;

	words[0] = words[9] = 0;
	cr_expect(saved_stack_read(&stack, (uintptr_t)words, &word));
	cr_expect(word == 4711);
	cr_expect(saved_stack_read(&stack, (uintptr_t)(words + 9), &word));
	cr_expect(word == 42);
	cr_expect(!saved_stack_read(&stack, (uintptr_t)words - 8, &word));
	saved_stack_deinit(&stack);
	cr_expect(!stack.bytes && !stack.size);
}

Test(saved_stack, copy_ends_where_the_memory_does)
{
	const size_t page = 4096;
	char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct saved_stack stack;
	uint64_t word;

	mprotect(pages + page, page, PROT_NONE);
	stack = take(pages + page - 16);
	cr_expect(stack.size == 16, "%zu", stack.size);
	cr_expect(saved_stack_read(&stack, (uintptr_t)pages + page - 8, &word));
	cr_expect(!saved_stack_read(&stack, (uintptr_t)pages + page - 7, &word),
		  "a word that is half there");
	saved_stack_deinit(&stack);
	stack = take(pages + page);
	cr_expect(stack.size == 0);
	saved_stack_deinit(&stack);
}

Test(saved_stack, copy_has_a_limit)
{
	char *large = calloc(2, SAVED_STACK_MAX);
	struct saved_stack stack = take(large);

	cr_expect(stack.size == SAVED_STACK_MAX);
	saved_stack_deinit(&stack);
	free(large);
}
