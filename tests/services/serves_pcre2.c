/*
 * A service library around libpcre2: patterns that are compiled to code
 *
 * Warming up compiles 2,000 of them to machine code; each line of input is
 * answered with the numbers of those that match it.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <string.h>

#include "common/subctx.h"

enum {
	PATTERNS = 2000,
};

static pcre2_code *patterns[PATTERNS];
static pcre2_match_data *found;

static pcre2_code *compile(int number)
{
	char text[64];
	PCRE2_SIZE at;
	int code;
	pcre2_code *pattern;

	snprintf(text, sizeof(text), "\\bjob-0*%d\\b.*(fail|abort)(ed)?",
		 number);
	pattern = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
				PCRE2_CASELESS, &code, &at, NULL);
	if (pattern && pcre2_jit_compile(pattern, PCRE2_JIT_COMPLETE) < 0)
		return NULL;
	return pattern;
}

int subctx_warm_up(int argc, char *argv[])
{
	(void)argc;
	(void)argv;
	found = pcre2_match_data_create(8, NULL);
	for (int i = 0; i < PATTERNS; i++) {
		patterns[i] = compile(i);
		if (!patterns[i])
			return 1;
	}
	return !found;
}

int subctx_serve(int argc, char *argv[])
{
	char line[1024];

	(void)argc;
	(void)argv;
	while (fgets(line, sizeof(line), stdin)) {
		for (int i = 0; i < PATTERNS; i++)
			if (pcre2_jit_match(patterns[i], (PCRE2_SPTR)line,
					    strlen(line), 0, 0, found,
					    NULL) > 0)
				printf("%d ", i);
		putchar('\n');
		fflush(stdout);
	}
	return 0;
}
