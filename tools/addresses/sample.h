/*
 * sample.h - where the parts of one started program lie
 */
#ifndef ADDRESSES_SAMPLE_H
#define ADDRESSES_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "space.h"

/*
 * What is placed as one.  The mmap region, from its lowest mapping to where it
 * begins, at its top, holds the loader and the libraries, and on kernels that
 * place it there the vdso.
 */
enum sample_part {
	PART_PROGRAM,
	PART_HEAP,
	PART_LIBRARIES, /* the lowest of them */
	PART_MMAP,
	PART_STACK,
	PART_VDSO,
	PART_COUNT, /* behind the last */
};

/*
 * @position: what is placed: the start, and of the mmap region and the stack, which
 *	grow down, the end
 * @size: bytes that it takes then; of the heap usually none yet
 */
struct sample_place {
	bool is_there;
	uint64_t position;
	uint64_t size;
};

struct sample {
	struct sample_place parts[PART_COUNT];
};

/* From a program at its entry point. */
struct sample sample_of(const struct space *space);

/* "program", "heap" ... */
const char *sample_part_name(enum sample_part part);
bool sample_part_grows_down(enum sample_part part);

#endif
