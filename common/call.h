/*
 * call.h - steps for code that has no libc: system calls, and copies of bytes
 *
 * A list of them is data that one side writes and a small piece of machine
 * code carries out, wherever it is put: the capturer has a tracee answer
 * questions with it, and the restorer becomes the service with it.
 */
#ifndef COMMON_CALL_H
#define COMMON_CALL_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CALL_COPY = -1,	    /* copies @arguments[2] bytes from [1] to [0] */
	CALL_ARGUMENTS = 6, /* the kernel takes no more */
};

/*
 * @number: __NR_*, or CALL_COPY
 * @result: what it returned: a negative errno, as the kernel gives it
 * @lowest, @highest: between them, both included, @result is as it should be
 */
struct call {
	int64_t number;
	uint64_t arguments[CALL_ARGUMENTS];
	int64_t result;
	int64_t lowest;
	int64_t highest;
};

/* call_x86_64.S knows these. */
static_assert(offsetof(struct call, arguments) == 8, "layout of struct call");
static_assert(offsetof(struct call, result) == 56, "layout of struct call");
static_assert(offsetof(struct call, lowest) == 64, "layout of struct call");
static_assert(offsetof(struct call, highest) == 72, "layout of struct call");
static_assert(sizeof(struct call) == 80, "layout of struct call");

/*
 * Makes the @count calls in order, up to the first with a result that is not
 * as it should be.  Returns its index, or @count.  The bytes from call_run to
 * call_run_end need nothing but a stack of 64 bytes and may be copied
 * anywhere.
 */
uint64_t call_run(struct call *calls, uint64_t count);
extern const char call_run_end[];

/* Makers of calls, by what they expect. */
#define CALL_WITH(low, high, nr, ...)              \
	((struct call){.number = (nr),             \
		       .arguments = {__VA_ARGS__}, \
		       .lowest = (int64_t)(low),   \
		       .highest = (int64_t)(high)})
/* Any result will do, also an error. */
#define CALL_TRY(nr, ...) CALL_WITH(INT64_MIN, INT64_MAX, nr, __VA_ARGS__)
/* Anything but an error. */
#define CALL_MUST(nr, ...) CALL_WITH(0, INT64_MAX, nr, __VA_ARGS__)
/* This and nothing else. */
#define CALL_GIVES(value, nr, ...) CALL_WITH(value, value, nr, __VA_ARGS__)

#endif
