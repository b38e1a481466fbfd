/*
 * inferior.h - having a tracee answer questions about itself
 *
 * Some state can be read by the process alone: its signal actions, its break,
 * its prctl(2) attributes.  A scratch mapping is made in the tracee by single
 * system calls at the `syscall` instruction of its own vdso, a list of calls
 * and the code that makes them are put there, and afterwards nothing of it is
 * left: no text is changed, registers and mask are put back.
 *
 * A round trip costs some 75 us, which is why the calls are made in one.
 *
 * It ends with a breakpoint.  The kernel resets the action for SIGTRAP when it
 * has to send one that is ignored or blocked (force_sig_info_to_task()), so
 * that signal is never blocked meanwhile, and its action is set again at the
 * end.
 */
#ifndef TRACEE_INFERIOR_H
#define TRACEE_INFERIOR_H

#include "common/call.h"
#include "common/core_format.h"
#include "tracee.h"

/*
 * @data: an address in the tracee with @data_size bytes for answers, which are
 *	zeros at first
 * @ignores_trap: whether the service ignored SIGTRAP when this began
 * @trap: the action for it that is to be there in the end, if @has_trap
 */
struct inferior {
	struct tracee *tracee;
	uint64_t data;
	size_t data_size;
	uint64_t scratch;
	size_t scratch_size;
	size_t call_max;
	uint64_t instruction;
	bool ignores_trap;
	bool has_trap;
	struct core_signal trap;
};

/* Where a `syscall` instruction is; @vdso as below. */
int inferior_find_call(const struct tracee *t, uint64_t vdso,
		       uint64_t *ret_instruction, struct error *err);
/*
 * Thread @tid makes the scratch mapping; it has to stand outside any call
 * (tracee_leave_call()), as has every thread that is to make calls.
 * @vdso: where it begins, from the auxiliary vector
 */
int inferior_open(struct inferior *ret_inferior, struct tracee *t, pid_t tid,
		  uint64_t vdso, size_t call_max, size_t data_size,
		  struct error *err);
/* Has thread @tid make all of the calls, and brings back their results. */
int inferior_run(const struct inferior *inferior, pid_t tid, struct call *calls,
		 size_t count, struct error *err);
int inferior_close(const struct inferior *inferior, pid_t tid,
		   struct error *err);

/*
 * Has thread @tid make one call that needs no memory, without a scratch mapping
 * and without a trap; an error of the call is its result.
 */
int inferior_call(struct tracee *t, pid_t tid, uint64_t vdso, struct call call,
		  int64_t *ret_result, struct error *err);

#endif
