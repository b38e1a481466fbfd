/*
 * test_survey.c - samples of a program in, what they say together out
 */
#include <criterion/criterion.h>

#include "tools/addresses/survey.h"

enum {
	COUNT = 8,
};

static void add(struct area_list *list, uint64_t start, uint64_t end,
		enum area_kind kind)
{
	const struct area area = {
		.start = start, .end = end, .kind = kind, .name = ""};

	cr_assert(area_list_add(list, &area) == 0);
}

static struct sample made_sample(uint64_t shift)
{
	struct space space = {.heap_start = 0x9000 + shift};
	struct sample sample;

	add(&space.areas, 0x4000 + shift, 0x6000 + shift, AREA_PROGRAM);
	add(&space.areas, 0x7000 + shift, 0x8000 + shift, AREA_PROGRAM);
	add(&space.areas, 0x100000, 0x101000, AREA_LIBRARY);
	add(&space.areas, 0x104000, 0x105000, AREA_LIBRARY);
	add(&space.areas, 0x105000, 0x106000, AREA_KERNEL);
	add(&space.areas, 0x106000, 0x108000, AREA_LOADER);
	add(&space.areas, 0x200000, 0x210000, AREA_STACK);
	sample = sample_of(&space);
	area_list_deinit(&space.areas);
	return sample;
}

static void expect_place(const struct sample *sample, enum sample_part part,
			 uint64_t position, uint64_t size)
{
	const struct sample_place *place = &sample->parts[part];

	cr_expect(place->is_there && place->position == position &&
			  place->size == size,
		  "%s: %#lx, %#lx", sample_part_name(part), place->position,
		  place->size);
}

Test(survey, parts_of_a_sample_are_told_apart)
{
	const struct sample sample = made_sample(0);

	expect_place(&sample, PART_PROGRAM, 0x4000, 0x4000);
	expect_place(&sample, PART_HEAP, 0x9000, 0);
	expect_place(&sample, PART_LIBRARIES, 0x100000, 0x1000);
	expect_place(&sample, PART_MMAP, 0x108000, 0x8000);
	expect_place(&sample, PART_STACK, 0x210000, 0x10000);
	expect_place(&sample, PART_VDSO, 0x105000, 0x1000);
}

Test(survey, heap_that_is_there_is_taken_as_it_is)
{
	struct space space = {.heap_start = 0x1000};
	struct sample sample;

	add(&space.areas, 0x9000, 0xb000, AREA_HEAP);
	sample = sample_of(&space);

	expect_place(&sample, PART_HEAP, 0x9000, 0x2000);
	cr_expect(!sample.parts[PART_PROGRAM].is_there);
	cr_expect(!sample.parts[PART_MMAP].is_there);
	area_list_deinit(&space.areas);
}

static struct survey made_survey(const struct sample *samples)
{
	struct survey survey;
	struct error err = {0};

	cr_assert(survey_make(&survey, samples, COUNT, &err) == 0, "%s",
		  err.text);
	return survey;
}

Test(survey, what_is_fixed_collides_and_what_is_within_does_not_count)
{
	struct sample samples[COUNT];
	struct survey survey;

	for (size_t i = 0; i < COUNT; i++)
		samples[i] = made_sample(i << 16);

	survey = made_survey(samples);

	cr_expect(survey.parts[PART_PROGRAM].randomness.distinct == COUNT);
	cr_expect(survey.parts[PART_STACK].randomness.distinct == 1);
	cr_expect(survey.parts[PART_MMAP].counts);
	cr_expect(!survey.parts[PART_LIBRARIES].counts);
	cr_expect(!survey.parts[PART_VDSO].counts, "it is in the mmap region");
	cr_expect(survey.pair == 1);
}

Test(survey, part_that_one_sample_lacks_is_none)
{
	struct sample samples[COUNT];
	struct survey survey;

	for (size_t i = 0; i < COUNT; i++)
		samples[i] = made_sample(0);
	samples[3].parts[PART_LIBRARIES].is_there = false;
	samples[5].parts[PART_VDSO].position = 0x7fff0000;

	survey = made_survey(samples);

	cr_expect(!survey.parts[PART_LIBRARIES].is_there);
	cr_expect(survey.parts[PART_VDSO].counts,
		  "it is not always in the mmap region");
}
