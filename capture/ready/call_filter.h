/*
 * call_filter.h - which system calls a ready point wants to see
 *
 * The same list serves twice: as a seccomp filter that stops these calls and
 * no others, and, where a filter must not outlive us, to tell them from the
 * others among all.
 */
#ifndef READY_CALL_FILTER_H
#define READY_CALL_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "ready.h"

enum {
	CALL_FILTER_EXCEPTED = 2 * 4096,
};

/* What is to be done about a call that is seen. */
enum call_use {
	CALL_USE_NONE,
	CALL_USE_STDIN,	  /* it takes from descriptor 0 */
	CALL_USE_WAIT,	  /* it waits for descriptors, perhaps for 0 */
	CALL_USE_SEND,	  /* it may tell $NOTIFY_SOCKET something */
	CALL_USE_CODE,	  /* it maps code, or makes memory code */
	CALL_USE_OUTPUT,  /* it writes to descriptor 1 or 2 */
	CALL_USE_LOCK,	  /* it locks all memory */
	CALL_USE_PORTS,	  /* it sets who may use I/O ports, if it succeeds */
	CALL_USE_NAMED,	  /* it is the one that --ready names */
	CALL_USE_EXIT,	  /* it ends the service */
	CALL_USE_EXEC,	  /* it puts another program in its place */
	CALL_USE_WITNESS, /* it leaves no trace but this */
};

enum call_use call_filter_use(const struct ready *ready, int64_t number,
			      const uint64_t arguments[6]);

/*
 * Besides those of the ready point, those that make code, the calls that
 * witness.h and resource_calls.h list, and with @explained >= 0 those that end it.
 * @ret_program: its instructions are allocated; call_filter_free() them.
 */
int call_filter_make(const struct ready *ready, int explained,
		     struct sock_fprog *ret_program, struct error *err);
/*
 * Lets every call through that is made from code of ours, which will be within
 * CALL_FILTER_EXCEPTED bytes from @place on, a multiple of that.
 */
int call_filter_except(struct sock_fprog *program, uint64_t place,
		       struct error *err);
/* Stops each call of that number, too. */
int call_filter_add(struct sock_fprog *program, int number, struct error *err);
void call_filter_free(struct sock_fprog *program);

#endif
