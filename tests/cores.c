/*
 * cores.c - capturing and restoring, as it is expected, and what that takes
 */
#include "cores.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/stat.h>

static struct outcome run_tool(const char *tool, const char *input,
			       const char *const words[])
{
	const char *all[CORE_WORDS_MAX + 1] = {tool};

	for (size_t i = 0; words[i]; i++) {
		cr_assert(i + 1 < CORE_WORDS_MAX);
		all[i + 1] = words[i];
	}
	return run(input, all);
}

/* The restorer has to be beside the capturer, of which users get copies. */
struct outcome capture_core(const char *input, const char *const words[])
{
	tool_restore();
	return run_tool(tool_capture(), input, words);
}

struct outcome restore_core(const char *input, const char *const words[])
{
	return run_tool(tool_restore(), input, words);
}

void capture_well(const char *input, const char *const words[])
{
	struct outcome outcome = capture_core(input, words);

	expect_status(outcome, 0);
	outcome_free(&outcome);
}

void restore_well(const char *input, const char *const words[], const char *out)
{
	struct outcome outcome = restore_core(input, words);

	expect_status(outcome, 0);
	if (out)
		expect_out(outcome, out);
	outcome_free(&outcome);
}

void restore_refused(const char *const words[], const char *const messages[])
{
	struct outcome outcome = restore_core("", words);

	expect_status(outcome, 125);
	expect_out(outcome, "");
	for (size_t i = 0; messages[i]; i++)
		expect_in(outcome.err, messages[i]);
	outcome_free(&outcome);
}

long long stored_bytes(const char *path)
{
	struct stat status = {0};

	cr_assert(stat(path, &status) == 0, "%s is missing", path);
	return (long long)status.st_blocks * 512;
}
