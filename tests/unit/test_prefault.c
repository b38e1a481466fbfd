/*
 * test_prefault.c - what is taken from the heap next is there already
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/prefault.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

enum {
	SIZE = 1 << 20,
	PAGES = SIZE / 4096,
};

static void begin(void)
{
#ifdef __SANITIZE_ADDRESS__
	cr_skip_test("the allocator of the sanitizer takes other memory");
#endif
	if (madvise(NULL, 0, MADV_POPULATE_WRITE) < 0)
		cr_skip_test("it takes Linux 5.14 or newer");
}

static long faults(void)
{
	struct rusage used;

	cr_assert(getrusage(RUSAGE_SELF, &used) == 0);
	return used.ru_minflt;
}

/* How many faults it takes to write all of a block. */
static long faults_to_fill(void)
{
	volatile char *block = malloc(SIZE);
	const long before = faults();

	cr_assert(block != NULL);
	for (size_t i = 0; i < SIZE; i += 512)
		block[i] = 1;
	free((void *)block);
	return faults() - before;
}

TestSuite(prefault, .init = begin, .timeout = 10);

Test(prefault, heap_is_there)
{
	prefault_heap(SIZE);
	cr_expect(faults_to_fill() < PAGES / 8);
}

Test(prefault, heap_is_there_again_after_a_fork)
{
	pid_t child;

	prefault_heap(SIZE);
	child = fork();
	if (child == 0)
		_exit(0);
	cr_assert(child > 0);
	prefault_heap(SIZE);
	cr_expect(faults_to_fill() < PAGES / 8);
	waitpid(child, NULL, 0);
}
