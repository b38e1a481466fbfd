/*
 * survey.c - what many starts of one program say about its addresses
 */
#include "survey.h"

#include <errno.h>
#include <stdlib.h>

#include "common/cleanup.h"

/* @values: room for all */
static struct survey_part look_at(const struct sample *samples, size_t count,
				  enum sample_part part, uint64_t *values)
{
	struct survey_part found = {.is_there = true};

	for (size_t i = 0; i < count; i++) {
		const struct sample_place *place = &samples[i].parts[part];

		if (!place->is_there)
			return (struct survey_part){0};
		values[i] = place->position;
		if (place->size > found.size)
			found.size = place->size;
	}
	found.randomness = randomness_of(values, count);
	return found;
}

/* Whether the mmap region had the vdso in it, each time. */
static bool vdso_is_mapped(const struct sample *samples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct sample_place *vdso = &samples[i].parts[PART_VDSO];
		const struct sample_place *mapped =
			&samples[i].parts[PART_MMAP];

		if (!vdso->is_there || !mapped->is_there ||
		    vdso->position < mapped->position - mapped->size ||
		    vdso->position >= mapped->position)
			return false;
	}
	return true;
}

static double pair_chance(const struct survey *survey)
{
	struct randomness_block blocks[PART_COUNT];
	size_t count = 0;

	for (enum sample_part part = 0; part < PART_COUNT; part++) {
		const struct survey_part *p = &survey->parts[part];

		if (p->counts)
			blocks[count++] = randomness_block(&p->randomness, part,
							   (double)p->size);
	}
	return randomness_pair(blocks, count);
}

int survey_make(struct survey *ret_survey, const struct sample *samples,
		size_t count, struct error *err)
{
	cleanup_heap uint64_t *values = calloc(count, sizeof(*values));
	struct survey survey = {.samples = count};

	if (!values)
		return error_system(err, ENOMEM, "cannot look at the samples");
	for (enum sample_part part = 0; part < PART_COUNT; part++) {
		survey.parts[part] = look_at(samples, count, part, values);
		survey.parts[part].counts = survey.parts[part].is_there;
	}
	survey.parts[PART_LIBRARIES].counts = false;
	if (vdso_is_mapped(samples, count))
		survey.parts[PART_VDSO].counts = false;
	survey.pair = pair_chance(&survey);
	*ret_survey = survey;
	return 0;
}
