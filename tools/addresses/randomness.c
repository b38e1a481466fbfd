/*
 * randomness.c - how random positions are, and how likely things placed so collide
 */
#include "randomness.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static int compare(const void *left, const void *right)
{
	const uint64_t a = *(const uint64_t *)left;
	const uint64_t b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
	while (b) {
		const uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

struct randomness randomness_of(uint64_t *values, size_t count)
{
	struct randomness r = {.samples = count, .distinct = 1, .positions = 1};
	uint64_t varying = 0;

	assert(count > 0);
	qsort(values, count, sizeof(*values), compare);
	r.lowest = values[0];
	r.highest = values[count - 1];
	for (size_t i = 1; i < count; i++) {
		r.distinct += values[i] != values[i - 1];
		r.step = common_divisor(r.step, values[i] - values[0]);
		varying |= values[i] ^ values[0];
	}
	r.varying_bits = (unsigned)__builtin_popcountll(varying);
	if (r.step > 0) {
		const uint64_t steps = (r.highest - r.lowest) / r.step;

		r.positions += (double)steps * (double)(count + 1) /
			       (double)(count - 1);
	}
	r.bits = log2(r.positions);
	return r;
}

/* What the estimate is wider than what was seen lies on both sides of it. */
struct randomness_block randomness_block(const struct randomness *r,
					 enum sample_part part, double size)
{
	const double width = (r->positions - 1) * (double)r->step;
	const double seen = (double)(r->highest - r->lowest);
	struct randomness_block block = {
		.low = (double)r->lowest - (width - seen) / 2,
		.width = width,
		.step = (double)r->step,
		.size = size,
	};

	if (sample_part_grows_down(part))
		block.low -= size;
	return block;
}

static long double half_square(long double x)
{
	return x > 0 ? x * x / 2 : 0;
}

/*
 * That u - v <= @d, when u is anywhere in a and v in b: the part of the rectangle
 * of all pairs that lies on one side of a diagonal, put together of triangles.
 */
static long double below(const struct randomness_block *a,
			 const struct randomness_block *b, long double d)
{
	const long double shift = d - ((long double)a->low - b->low);

	if (a->width <= 0 && b->width <= 0)
		return shift >= 0;
	if (a->width <= 0)
		return fmaxl(0, fminl(1, (shift + b->width) / b->width));
	if (b->width <= 0)
		return fmaxl(0, fminl(1, shift / a->width));
	return (half_square(shift + b->width) -
		half_square(shift + b->width - a->width) - half_square(shift) +
		half_square(shift - a->width)) /
	       ((long double)a->width * b->width);
}

static double whole_steps(double size, double step)
{
	return step > 0 ? ceil(size / step) * step : size;
}

/*
 * They meet when -a->size < u - v < b->size.  Positions are steps apart: sizes
 * count in whole steps, and half a step less on either side is what the same
 * number of positions takes.
 */
double randomness_meet(const struct randomness_block *a,
		       const struct randomness_block *b)
{
	const double step = fmax(a->step, b->step);
	long double chance;

	if (a->size <= 0 || b->size <= 0)
		return 0;
	if (a->width <= 0 && b->width <= 0)
		return a->low < b->low + b->size && b->low < a->low + a->size;
	chance = below(a, b, whole_steps(b->size, step) - step / 2) -
		 below(a, b, step / 2 - whole_steps(a->size, step));
	return (double)fmaxl(0, fminl(1, chance));
}

double randomness_pair(const struct randomness_block *blocks, size_t count)
{
	double none = 0;

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < count; k++)
			none += log1p(-randomness_meet(&blocks[i], &blocks[k]));
	return -expm1(none);
}

double randomness_any(double pair, double images)
{
	if (pair >= 1)
		return images >= 2;
	return -expm1(log1p(-pair) * images * (images - 1) / 2);
}

double randomness_even(double pair)
{
	if (pair >= 1)
		return 2;
	if (pair <= 0)
		return INFINITY;
	return 0.5 + sqrt(0.25 + 2 * M_LN2 / -log1p(-pair));
}
