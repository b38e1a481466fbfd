/*
 * resource_calls.h - which system calls make something that outlives them
 *
 * A table, and the questions that it answers; what is made of the answers is
 * origin.c's business.
 */
#ifndef BLAME_RESOURCE_CALLS_H
#define BLAME_RESOURCE_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is made; its id in brackets. */
enum resource_kind {
	RESOURCE_NONE,
	RESOURCE_DESCRIPTOR, /* its number */
	RESOURCE_LOCK,	     /* the number of the descriptor it is on */
	RESOURCE_MAPPING,    /* the address where it starts */
	RESOURCE_TIMER,	     /* its id */
	RESOURCE_CHILD, /* its process id; an event, no call of the table */
	RESOURCE_RANDOMNESS, /* 0, or RANDOM_DEVICE */
	RESOURCE_SEMAPHORE,  /* 0 */
	RESOURCE_PROCESS_ID, /* 0 */
};

enum {
	RANDOM_DEVICE = 1, /* /dev/urandom or /dev/random was opened */
};

/* Where the id is when the call has returned. */
enum resource_place {
	PLACE_AT_RESULT,   /* in the result */
	PLACE_AT_ARGUMENT, /* in an argument */
	PLACE_AT_INT,	   /* in the int that an argument points to */
	PLACE_AT_LONG,	   /* in the long that it points to */
	PLACE_AT_PAIR,	   /* in the two ints that it points to */
	PLACE_AT_MESSAGE,  /* in the control data of a struct msghdr */
	PLACE_AT_MESSAGES, /* of several struct mmsghdr */
	PLACE_AT_NOTHING,  /* there is only one, of id 0 */
};

/*
 * @argument: of @place
 * @test, @mask, @value: only calls with these bits in argument @test; all of
 *	them if @mask is 0
 */
struct resource_call {
	int number;
	enum resource_kind kind;
	enum resource_place place;
	unsigned int argument;
	unsigned int test;
	uint64_t mask;
	uint64_t value;
};

extern const struct resource_call resource_calls[];
extern const size_t resource_call_count;

/* The row of a call, or NULL. */
const struct resource_call *resource_call_find(int64_t number,
					       const uint64_t arguments[6]);

/* Whether it ends descriptor @fd: close(2), close_range(2), dup2(2), dup3(2). */
bool resource_call_closes(int64_t number, const uint64_t arguments[6], int fd);
/* Whether what it makes is a copy of the descriptor in its first argument. */
bool resource_call_copies(int64_t number, const uint64_t arguments[6]);

#endif
