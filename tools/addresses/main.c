/*
 * main.c - subctx-addresses: which addresses do processes have in common?
 */
#include <errno.h>
#include <stdlib.h>

#include "collision.h"
#include "common/error.h"
#include "common/standard_output.h"
#include "options.h"
#include "picture.h"
#include "report.h"
#include "sample.h"
#include "space.h"
#include "survey.h"
#include "svg.h"

enum {
	STATUS_USAGE = 2,
};

static int draw(const struct options *options, const struct space *spaces,
		const struct collision_list *collisions, struct error *err)
{
	struct picture picture;
	int r = picture_make(&picture, spaces, options->word_count, collisions,
			     err);

	if (r < 0)
		return r;
	r = svg_write(options->svg_path, &picture, spaces, collisions, err);
	picture_deinit(&picture);
	return r;
}

static int answer(const struct options *options, const struct space *spaces,
		  struct error *err)
{
	struct collision_list collisions;
	int r = collision_list_make(&collisions, spaces, options->word_count,
				    err);

	if (r < 0)
		return r;
	if (options->svg_path)
		r = draw(options, spaces, &collisions, err);
	if (r == 0 && options->json)
		report_collisions_json(spaces, &collisions);
	else if (r == 0)
		report_collisions(spaces, &collisions);
	collision_list_deinit(&collisions);
	return r;
}

static int compare(const struct options *options, struct error *err)
{
	struct space *spaces = calloc(options->word_count, sizeof(*spaces));
	size_t opened = 0;
	int r = 0;

	if (!spaces)
		return error_system(err, ENOMEM, "cannot compare anything");
	while (r == 0 && opened < options->word_count) {
		r = space_open(&spaces[opened], options->words[opened], err);
		opened += r == 0;
	}
	if (r == 0)
		r = answer(options, spaces, err);
	while (opened > 0)
		space_close(&spaces[--opened]);
	free(spaces);
	return r;
}

static int conclude(const struct options *options, const struct space *space,
		    const struct sample *samples, struct error *err)
{
	struct survey survey;

	if (survey_make(&survey, samples, options->samples, err) < 0)
		return -err->code;
	if (options->json)
		report_survey_json(space, &survey);
	else
		report_survey(space, &survey);
	return 0;
}

static int sample(const struct options *options, struct error *err)
{
	struct sample *samples = calloc(options->samples, sizeof(*samples));
	struct space space = {0};
	int r = 0;

	if (!samples)
		return error_system(err, ENOMEM, "cannot keep the samples");
	for (size_t i = 0; r == 0 && i < options->samples; i++) {
		space_close(&space);
		r = space_open_sample(&space, options->words[0], err);
		if (r == 0)
			samples[i] = sample_of(&space);
	}
	if (r == 0)
		r = conclude(options, &space, samples, err);
	space_close(&space);
	free(samples);
	return r;
}

static int run(const struct options *options, struct error *err)
{
	if (options->samples > 0)
		return sample(options, err);
	return compare(options, err);
}

int main(int argc, char *argv[])
{
	struct options options;
	struct error err = {0};

	if (options_parse(&options, argc, argv, &err) == 0) {
		if (options.help)
			options_print_help();
		else if (options.version)
			options_print_version();
		else
			run(&options, &err);
	}
	if (err.fault == FAULT_NONE)
		standard_output_flush(&err);
	if (err.fault == FAULT_NONE)
		return EXIT_SUCCESS;
	error_print(&err, "subctx-addresses");
	return err.fault == FAULT_USAGE ? STATUS_USAGE : EXIT_FAILURE;
}
