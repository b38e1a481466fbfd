/*
 * carry_cases.c - the cases of service "carries", captured and restored
 */
#include "carry_cases.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What --carry is given: the name of the case, without its own word. */
static void kinds_of(const char *name, char option[64])
{
	const char *colon = strchr(name, ':');
	size_t length = strlen(name);

	if (colon && strcmp(colon, ":any") != 0)
		length = (size_t)(colon - name);
	snprintf(option, 64, "--carry=%.*s", (int)length, name);
}

static struct outcome capture(const char *name)
{
	char option[64];

	kinds_of(name, option);
	return run("", WORDS(tool_capture(), "-o", "svc.core", option,
			     service_path("carries"), name));
}

void carry_each(const char *list, size_t least,
		void (*judge)(const char *name, const struct outcome *capture))
{
	struct outcome listed = run(NULL, WORDS(service_path("carries"), list));
	size_t count = 0;

	for (char *name = strtok(listed.out, "\n"); name;
	     name = strtok(NULL, "\n"), count++) {
		struct outcome outcome = capture(name);

		if (!cannot_be_had(&outcome,
				   WORDS(service_path("carries"), name)))
			judge(name, &outcome);
		outcome_free(&outcome);
		unlink("svc.core");
	}
	cr_expect(count >= least, "%zu cases", count);
	outcome_free(&listed);
}

void carry_restores(const char *name)
{
	for (int i = 0; i < 2; i++) {
		struct outcome outcome =
			run("", WORDS(tool_restore(), "svc.core"));

		cr_expect(outcome.status == 0 &&
				  strcmp(outcome.out, "ok\n") == 0,
			  "%s: %s%s", name, outcome.out, outcome.err);
		outcome_free(&outcome);
	}
}
