/*
 * cores.h - capturing and restoring, as it is expected, and what that takes
 */
#ifndef TESTS_CORES_H
#define TESTS_CORES_H

#include "tests/harness.h"

enum {
	CORE_WORDS_MAX = 32,
};

/* What the tool says; @words are its options and arguments. */
struct outcome capture_core(const char *input, const char *const words[]);
struct outcome restore_core(const char *input, const char *const words[]);

/* The same, and it has to go well; restored it prints @out, if not NULL. */
void capture_well(const char *input, const char *const words[]);
void restore_well(const char *input, const char *const words[],
		  const char *out);

/* No restore, and an error with all of @messages. */
void restore_refused(const char *const words[], const char *const messages[]);

/* Without holes. */
long long stored_bytes(const char *path);

#endif
