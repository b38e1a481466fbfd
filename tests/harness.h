/*
 * harness.h - running the tools and the services as a user runs them
 *
 * Every test has a folder of its own below $TMPDIR, which is its working
 * folder and is gone afterwards.  With SUBCTX_TEST_UID in the environment the
 * programs run as that user, without any privilege.
 */
#ifndef TESTS_HARNESS_H
#define TESTS_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * @status: as a shell shows it: 128 + the number of a signal that ended it
 * @out, @err: what it wrote, NUL-terminated; owned
 */
struct outcome {
	int status;
	char *out;
	char *err;
};

/* A program that still runs, with its standard streams on pipes. */
struct running {
	pid_t pid;
	int in;
	int out;
	int err;
};

/* Set-up and tear-down of every suite: .init and .fini of TestSuite(). */
void harness_begin(void);
void harness_end(void);

/* Paths of the tools and of a service by name; they stay until the end. */
const char *tool_capture(void);
const char *tool_restore(void);
const char *tool_inspect(void);
const char *tool_addresses(void);
const char *tool_launch(void);
const char *service_path(const char *name);

/*
 * Starts a program: a list of words that ends with NULL.  The first is looked
 * for in $PATH when there is no slash in it.
 */
struct running start(const char *const words[]);
/* Writes @input, closes, waits, at most for @seconds. */
struct outcome finish(struct running running, const char *input, int seconds);
/* Both at once; a minute. */
struct outcome run(const char *input, const char *const words[]);
void outcome_free(struct outcome *outcome);

/*
 * Whether a service ended with 77, which says that it cannot have here what it
 * is to have.  That has to be so without us, too: @words start it alone.
 */
bool cannot_be_had(const struct outcome *outcome, const char *const words[]);
/* The same, and skips the test by what the service has said. */
void skip_if_not_had(const struct outcome *outcome, const char *const words[]);

/* The letter that /proc/PID/stat has for it, or '?'. */
char process_state(pid_t pid);
/* Waits until a process waits for its standard input; ten seconds. */
void await_input(pid_t pid);
/* The same of one that @tracer has stopped and let go on since. */
void await_input_traced(pid_t pid, pid_t tracer);

/* Skips the test; tools/check counts these lines. */
#define skip(...)                                                              \
	do {                                                                   \
		fprintf(stderr, "skipped %s: ", criterion_current_test->name); \
		fprintf(stderr, __VA_ARGS__);                                  \
		fputc('\n', stderr);                                           \
		cr_skip(__VA_ARGS__);                                          \
	} while (0)

/* run("1+1\n", WORDS("bc", "-q")) */
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Skips the test, visibly, or fails it when nothing may be skipped. */
bool has_program(const char *name);

#define expect_status(outcome, wanted)                                     \
	cr_expect((outcome).status == (wanted),                            \
		  "status %d, not %d\nout: %s\nerr: %s", (outcome).status, \
		  (wanted), (outcome).out, (outcome).err)
#define expect_out(outcome, wanted)                                           \
	cr_expect(strcmp((outcome).out, wanted) == 0,                         \
		  "printed '%s', not '%s'\nerr: %s", (outcome).out, (wanted), \
		  (outcome).err)
#define expect_in(text, wanted)                                             \
	cr_expect(strstr(text, wanted) != NULL, "no '%s' in: %s", (wanted), \
		  (text))

#endif
