/*
 * test_randomness.c - positions in, bits and chances out
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "tools/addresses/randomness.h"

enum {
	PAGE = 4096,
	COUNT = 200,
	TRIALS = 200000,
};

#define expect_near(actual, wanted, by)                            \
	cr_expect(fabs((actual) - (wanted)) <= (by), "%g, not %g", \
		  (double)(actual), (double)(wanted))

static uint64_t state = 88172645463325252;

/* Marsaglia's xorshift, which is the same in each run. */
static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static struct randomness sampled(uint64_t base, uint64_t step,
				 uint64_t positions)
{
	uint64_t values[COUNT];

	for (size_t i = 0; i < COUNT; i++)
		values[i] = base + next_random() % positions * step;
	return randomness_of(values, COUNT);
}

Test(randomness, bits_are_those_of_the_positions)
{
	for (int bits = 1; bits <= 36; bits++) {
		struct randomness r = sampled(0, PAGE, (uint64_t)1 << bits);

		expect_near(r.bits, bits, 0.1);
		cr_expect(r.step == PAGE);
		cr_expect((int)r.varying_bits == bits, "%u", r.varying_bits);
	}
}

/* A base that is not a multiple of the span carries into the bits above. */
Test(randomness, bits_that_vary_may_be_more_than_are_random)
{
	struct randomness r = sampled(0x555580000000, PAGE, (uint64_t)1 << 20);

	expect_near(r.bits, 20, 0.1);
	cr_expect(r.varying_bits > 20);
}

Test(randomness, steps_are_found)
{
	struct randomness r = sampled(0x7f0000000000, 512 * PAGE, 1 << 19);

	cr_expect(r.step == 512 * PAGE);
	expect_near(r.bits, 19, 0.1);
}

Test(randomness, what_never_changes_has_none)
{
	struct randomness r = sampled(0x400000, PAGE, 1);

	cr_expect(r.bits == 0 && r.step == 0 && r.distinct == 1);
	cr_expect(r.varying_bits == 0 && r.positions == 1);
	cr_expect(r.lowest == 0x400000 && r.highest == 0x400000);
}

Test(randomness, values_that_repeat_count_once)
{
	uint64_t values[] = {0x3000, 0x1000, 0x3000, 0x1000, 0x1000};
	struct randomness r = randomness_of(values, 5);

	cr_expect(r.distinct == 2);
	cr_expect(r.lowest == 0x1000 && r.highest == 0x3000);
	cr_expect(r.step == 0x2000);
}

/* What is estimated beyond what was seen lies on both sides. */
Test(randomness, block_is_where_the_part_may_be)
{
	uint64_t values[] = {0x10000, 0x20000, 0x30000};
	struct randomness r = randomness_of(values, 3);
	struct randomness_block up = randomness_block(&r, PART_PROGRAM, 0x1000);
	struct randomness_block down = randomness_block(&r, PART_STACK, 0x1000);

	expect_near(up.width, 0x40000, 1);
	expect_near(up.low, 0x0, 1);
	expect_near(down.low, -0x1000, 1);
}

static struct randomness_block made_block(double low, double positions,
					  double size)
{
	return (struct randomness_block){
		.low = low,
		.width = (positions - 1) * PAGE,
		.step = PAGE,
		.size = size * PAGE,
	};
}

/* Pages of S positions: 2 n - 1 of S differences let n pages meet. */
Test(randomness, chance_of_two_that_are_placed_alike)
{
	const struct randomness_block page = made_block(0, 1 << 20, 1);
	const struct randomness_block ten = made_block(0, 1 << 20, 10);

	expect_near(randomness_meet(&page, &page) * (1 << 20), 1, 1e-3);
	expect_near(randomness_meet(&ten, &ten) * (1 << 20), 19, 1e-2);
}

/* Of less than a step there is no less than one position. */
Test(randomness, small_things_in_large_steps_meet_at_the_same_step)
{
	struct randomness_block block = made_block(0, 1 << 10, 0.5);

	expect_near(randomness_meet(&block, &block) * (1 << 10), 1, 1e-2);
}

Test(randomness, chance_is_what_trials_show)
{
	const struct randomness_block a = made_block(0, 400, 30);
	const struct randomness_block b = made_block(250.0 * PAGE, 300, 7);
	size_t met = 0;

	for (int i = 0; i < TRIALS; i++) {
		const uint64_t u = next_random() % 400;
		const uint64_t v = 250 + next_random() % 300;

		met += u < v + 7 && v < u + 30;
	}

	expect_near(randomness_meet(&a, &b), (double)met / TRIALS, 0.002);
	expect_near(randomness_meet(&a, &b), randomness_meet(&b, &a), 1e-9);
}

Test(randomness, fixed_things_meet_for_sure_or_never)
{
	const struct randomness_block here = {.low = 0x1000, .size = 0x2000};
	const struct randomness_block there = {.low = 0x3000, .size = 0x1000};
	const struct randomness_block both = {.low = 0x2000, .size = 0x2000};

	cr_expect(randomness_meet(&here, &here) == 1);
	cr_expect(randomness_meet(&here, &there) == 0);
	cr_expect(randomness_meet(&there, &both) == 1);
}

Test(randomness, one_that_is_fixed_meets_one_that_is_not)
{
	const struct randomness_block fixed = {.low = 500.0 * PAGE,
					       .size = PAGE};
	const struct randomness_block far = {.low = 5e9, .size = PAGE};
	const struct randomness_block block = made_block(0, 1001, 1);

	expect_near(randomness_meet(&fixed, &block), 0.001, 1e-6);
	expect_near(randomness_meet(&block, &fixed), 0.001, 1e-6);
	cr_expect(randomness_meet(&far, &block) == 0);
}

Test(randomness, nothing_meets_nothing)
{
	struct randomness_block block = made_block(0, 1000, 1);

	block.size = 0;
	cr_expect(randomness_meet(&block, &block) == 0);
}

Test(randomness, pair_collides_where_any_two_blocks_do)
{
	const struct randomness_block blocks[] = {
		made_block(0, 1000, 1),
		made_block(1e9, 1000, 1),
	};
	const struct randomness_block fixed[] = {
		made_block(0, 1000, 1),
		{.low = 0x400000, .size = PAGE},
	};

	expect_near(randomness_pair(blocks, 2), 1 - 0.999 * 0.999, 1e-5);
	cr_expect(randomness_pair(fixed, 2) == 1);
	cr_expect(randomness_pair(blocks, 0) == 0);
}

/* The birthdays: 23 people, 365 days. */
Test(randomness, many_collide_as_birthdays_do)
{
	expect_near(randomness_any(1.0 / 365, 2), 1.0 / 365, 1e-12);
	expect_near(randomness_any(1.0 / 365, 23), 0.5, 0.01);
	expect_near(randomness_even(1.0 / 365), 23, 0.5);
	cr_expect(randomness_any(1, 2) == 1 && randomness_even(1) == 2);
	cr_expect(randomness_any(0, 1e9) == 0);
	cr_expect(isinf(randomness_even(0)));
}
