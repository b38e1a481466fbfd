/*
 * error.h - one failure, carried by value to whoever prints it
 *
 * Functions that can fail return 0 or a negative errno and fill a struct error
 * that their caller owns.  It is filled at most once; on the way up, context
 * may be put before the text.  Nothing is allocated, so reporting cannot fail.
 */
#ifndef COMMON_ERROR_H
#define COMMON_ERROR_H

#include <stdio.h>

enum {
	ERROR_TEXT_MAX = 1024, /* bytes, with the final NUL */
};

/* Whose fault it is; the programs turn it into an exit status. */
enum fault {
	FAULT_NONE,
	FAULT_USAGE,	   /* the command line makes no sense */
	FAULT_UNSUPPORTED, /* it is right, but cannot be carried */
	FAULT_SYSTEM,	   /* the kernel refused something */
	FAULT_SERVICE,	   /* the service did something else than agreed */
	FAULT_CORRUPT,	   /* bytes that should be a core are not one */
};

/*
 * @code: a positive errno, or 0
 * @signal: by which the user ended it all, or 0; the program ends by it, too
 * @text: "cannot VERB OBJECT: REASON", lower case, without a full stop
 * @hint: what the user can do next, whole sentences, or ""
 */
struct error {
	enum fault fault;
	int code;
	int signal;
	char text[ERROR_TEXT_MAX];
	char hint[ERROR_TEXT_MAX];
};

/* All three return a negative errno, to be returned in turn. */

/* The kernel refused: ": " and the words for @code are added. */
int error_system(struct error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int error_set(struct error *err, enum fault fault, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Puts "<context>: " before the text. */
int error_context(struct error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The first hint wins: it was given nearest to the cause. */
void error_hint(struct error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* "tool: text" and, if there is one, the hint, on standard error. */
void error_print(const struct error *err, const char *tool);

#endif
