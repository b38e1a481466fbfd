/*
 * continued_call.h - which call restart_syscall(2) continues
 */
#ifndef TRACEE_CONTINUED_CALL_H
#define TRACEE_CONTINUED_CALL_H

#include <stdbool.h>

#include "tracee.h"

/*
 * A call with a timeout that was stopped, and continued after that, is
 * restart_syscall(2) in the registers, with the arguments of the call that it
 * was.  Its number is that of the instruction before, where there is one that
 * sets it, as in libc; false if not.
 */
bool continued_call_find(const struct tracee *t,
			 const struct user_regs_struct *regs,
			 uint64_t *ret_number);

#endif
