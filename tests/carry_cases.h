/*
 * carry_cases.h - the cases of service "carries", captured and restored
 */
#ifndef TESTS_CARRY_CASES_H
#define TESTS_CARRY_CASES_H

#include "harness.h"

/*
 * Captures each case that the service lists when it is given @list, with the
 * kinds in its name carried, and has @judge say whether that went well.  Cases
 * that the service cannot make here are left out; at least @least are listed.
 */
void carry_each(const char *list, size_t least,
		void (*judge)(const char *name, const struct outcome *capture));

/* What was captured finds itself as it was, each time that it is restored. */
void carry_restores(const char *name);

#endif
