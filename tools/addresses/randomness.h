/*
 * randomness.h - how random positions are, and how likely things placed so collide
 */
#ifndef ADDRESSES_RANDOMNESS_H
#define ADDRESSES_RANDOMNESS_H

#include <stddef.h>
#include <stdint.h>

#include "sample.h"

/*
 * What @samples positions, of which the kernel chooses each of equally many
 * equally often, say about their number.
 *
 * @lowest, @highest: that were seen
 * @step: the greatest common divisor of their differences; 0: all are the same
 * @distinct: how many different ones
 * @varying_bits: bits of an address that were both 0 and 1; additions carry
 *	into bits that are not random, so these are no fewer than the random ones
 * @positions: their number, estimated: n samples out of S lie on average
 *	(S - 1) * (n - 1) / (n + 1) steps apart at most
 * @bits: log2 of that
 */
struct randomness {
	size_t samples;
	uint64_t lowest;
	uint64_t highest;
	uint64_t step;
	size_t distinct;
	unsigned varying_bits;
	double positions;
	double bits;
};

/* @values: at least one; are sorted */
struct randomness randomness_of(uint64_t *values, size_t count);

/*
 * Something of @size bytes of which the lowest address is anywhere from @low to
 * @low + @width, in steps of @step.
 */
struct randomness_block {
	double low;
	double width;
	double step;
	double size;
};

/* Where a part lies that was found at @r, when it takes @size bytes. */
struct randomness_block randomness_block(const struct randomness *r,
					 enum sample_part part, double size);

/* That two things placed independently have an address in common. */
double randomness_meet(const struct randomness_block *a,
		       const struct randomness_block *b);
/* That two images, each of the same @count blocks, have. */
double randomness_pair(const struct randomness_block *blocks, size_t count);
/* That any two of @images have, when two do with the chance @pair. */
double randomness_any(double pair, double images);
/* How many images it takes to collide with a chance of one half. */
double randomness_even(double pair);

#endif
