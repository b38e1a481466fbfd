/*
 * service.h - what every fixture service has: a ready point, and checks
 *
 * A service sets something up, is ready, and in its second life looks whether
 * it is still so.  It runs its checks in its first life, too, when nobody
 * captures it, so that it can be tried by hand.  It prints "ok" at its end or
 * what was wrong, and then exits with 1.
 */
#ifndef TESTS_SERVICES_SERVICE_H
#define TESTS_SERVICES_SERVICE_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/subctx.h"

static int service_failures __attribute__((unused));

#define service_check(condition)                                       \
	do {                                                           \
		if (!(condition)) {                                    \
			printf("line %d: %s\n", __LINE__, #condition); \
			service_failures++;                            \
		}                                                      \
	} while (0)

/*
 * What its report must say: which findings there are, and what stands in the
 * one that was named last, in this order, whatever blanks are in between.
 */
#define service_finding(...) service_say("finding: ", __VA_ARGS__)
#define service_expect(...)  service_say("expect: ", __VA_ARGS__)
#define service_say(what, ...)       \
	do {                         \
		fputs(what, stdout); \
		printf(__VA_ARGS__); \
		putchar('\n');       \
		fflush(stdout);      \
	} while (0)

/*
 * Where it is captured, and where each of its restores begins.  As often as
 * $SERVICE_LIVES says, a restore stops there to be captured again.
 */
static inline int service_ready(void)
{
	const char *lives = getenv("SERVICE_LIVES");
	int life = subctx_ready();

	for (long i = lives ? strtol(lives, NULL, 10) : 0; i > 0; i--)
		raise(SIGSTOP);
	return life;
}

static inline int service_end(void)
{
	if (service_failures == 0)
		puts("ok");
	return service_failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
