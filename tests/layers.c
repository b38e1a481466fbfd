/*
 * layers.c - cores that come from cores
 */
#include "layers.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum {
	WORDS_MAX = 32,
};

struct outcome layer_capture(const char *input, const char *const words[])
{
	const char *all[WORDS_MAX] = {tool_capture()};
	size_t count = 1;

	tool_restore();
	for (; words[count - 1]; count++)
		all[count] = words[count - 1];
	return run(input, all);
}

void layer_write(const char *input, const char *const words[])
{
	struct outcome outcome = layer_capture(input, words);

	expect_status(outcome, 0);
	outcome_free(&outcome);
}

void layer_restore(const char *input, const char *core, const char *out)
{
	struct outcome outcome = run(input, WORDS(tool_restore(), core));

	expect_status(outcome, 0);
	expect_out(outcome, out);
	outcome_free(&outcome);
}
