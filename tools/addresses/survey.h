/*
 * survey.h - what many starts of one program say about its addresses
 */
#ifndef ADDRESSES_SURVEY_H
#define ADDRESSES_SURVEY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "randomness.h"
#include "sample.h"
#include "space.h"

/*
 * @is_there: in each of the samples
 * @size: the largest that was seen
 * @counts: it is a block of its own when images collide: the libraries are part of
 *	the mmap region, and where that holds the vdso, this is, too
 */
struct survey_part {
	bool is_there;
	bool counts;
	uint64_t size;
	struct randomness randomness;
};

/* @pair: the chance that two images of it have an address in common */
struct survey {
	size_t samples;
	struct survey_part parts[PART_COUNT];
	double pair;
};

int survey_make(struct survey *ret_survey, const struct sample *samples,
		size_t count, struct error *err);

#endif
