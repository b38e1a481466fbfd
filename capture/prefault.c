/*
 * prefault.c - memory of ours that is about to be written
 *
 * A page that is written for the first time costs a fault, and so does one that
 * is written for the first time after a fork.  On a virtual machine each may
 * take 20 us, and hundreds of them were a quarter of the capture of a small
 * service.
 */
#include "prefault.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "common/core_format.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

enum {
	KEPT = 8 << 20,
};

void prefault_heap(size_t size)
{
	const uintptr_t page = CORE_PAGE_SIZE;
	char *block;

	/* What is freed stays, and so do its pages. */
	mallopt(M_MMAP_THRESHOLD, KEPT);
	mallopt(M_TRIM_THRESHOLD, KEPT);
	block = malloc(size + page);
	if (!block)
		return;
	madvise(block + (-(uintptr_t)block & (page - 1)), size,
		MADV_POPULATE_WRITE);
	free(block);
}
