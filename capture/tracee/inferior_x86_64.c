/*
 * inferior_x86_64.c - having a tracee answer questions about itself
 *
 *	scratch   code: call_run(), int3      r-x
 *	+ 1 page  calls                       rw-
 *	          answers (data)              rw-
 *	          stack                       rw-
 */
#include "inferior.h"

#include <errno.h>
#include <linux/audit.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "common/core_format.h"

enum {
	STACK_SIZE = 4096,
	VDSO_SEARCHED = 2 * 4096, /* there are several in the first page */
	BELOW_STACK = 512,	  /* beyond its red zone */
};

static const unsigned char breakpoint = 0xcc; /* int3 */

int inferior_find_call(const struct tracee *t, uint64_t vdso,
		       uint64_t *ret_instruction, struct error *err)
{
	unsigned char bytes[VDSO_SEARCHED];
	const unsigned char *found;
	int r = 0;

	if (vdso)
		r = tracee_read(t, vdso, bytes, sizeof(bytes), err);
	if (r < 0)
		return r;
	found = vdso ? memmem(bytes, sizeof(bytes), "\x0f\x05", 2) : NULL;
	if (!found) {
		error_set(err, FAULT_UNSUPPORTED,
			  "the service has no vdso, so it cannot be asked for "
			  "its state");
		error_hint(err, "The kernel was booted with vdso=0; boot it "
				"without.");
		return -err->code;
	}
	*ret_instruction = vdso + (uint64_t)(found - bytes);
	return 0;
}

/* What a thread was doing before it was borrowed. */
struct borrowed {
	struct user_regs_struct registers;
	uint64_t mask;
};

/* No handler of the service is to run meanwhile. */
static int borrow(const struct inferior *inf, pid_t tid,
		  struct borrowed *ret_borrowed, struct error *err)
{
	int r = tracee_registers(inf->tracee, tid, &ret_borrowed->registers,
				 err);

	if (r == 0)
		r = tracee_signal_mask(inf->tracee, tid, &ret_borrowed->mask,
				       err);
	if (r == 0)
		r = tracee_set_signal_mask(inf->tracee, tid,
					   TRACEE_MASK_BUT_TRAP, err);
	return r;
}

static int give_back(const struct inferior *inf, pid_t tid,
		     const struct borrowed *borrowed, struct error *err)
{
	int r = tracee_set_registers(inf->tracee, tid, &borrowed->registers,
				     err);

	if (r == 0)
		r = tracee_set_signal_mask(inf->tracee, tid, borrowed->mask,
					   err);
	return r;
}

/* To where a call is made that needs no place for a list. */
static void aim(struct user_regs_struct *regs, const struct inferior *inf,
		const struct call *call)
{
	regs->rip = inf->instruction;
	regs->orig_rax = (unsigned long long)-1;
	regs->rax = (uint64_t)call->number;
	regs->rdi = call->arguments[0];
	regs->rsi = call->arguments[1];
	regs->rdx = call->arguments[2];
	regs->r10 = call->arguments[3];
	regs->r8 = call->arguments[4];
	regs->r9 = call->arguments[5];
}

/* One call at the vdso's instruction, before there is a place for a list. */
static int single_call(const struct inferior *inf, pid_t tid,
		       const struct borrowed *borrowed, struct call call,
		       uint64_t *ret_result, struct error *err)
{
	struct user_regs_struct regs = borrowed->registers;
	int r;

	aim(&regs, inf, &call);
	r = tracee_set_registers(inf->tracee, tid, &regs, err);
	if (r == 0)
		r = tracee_step(inf->tracee, tid, err);
	if (r == 0)
		r = tracee_registers(inf->tracee, tid, &regs, err);
	if (r < 0)
		return r;
	if ((int64_t)regs.rax < 0 && (int64_t)regs.rax > -4096)
		return error_system(err, (int)-(int64_t)regs.rax,
				    "cannot have the service make call %d",
				    (int)call.number);
	*ret_result = regs.rax;
	return 0;
}

static int make_scratch(struct inferior *inf, pid_t tid,
			const struct borrowed *borrowed, struct error *err)
{
	const size_t code_size = (size_t)(call_run_end - (char *)call_run);
	uint64_t ignored;
	int r = single_call(inf, tid, borrowed,
			    CALL_MUST(SYS_mmap, inf->tracee->place,
				      inf->scratch_size, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, (uint64_t)-1,
				      0),
			    &inf->scratch, err);

	/* Never writable, as the service may have forbidden such code (MDWE). */
	if (r == 0)
		r = single_call(
			inf, tid, borrowed,
			CALL_MUST(SYS_mmap, inf->scratch, CORE_PAGE_SIZE,
				  PROT_READ | PROT_EXEC,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
				  (uint64_t)-1, 0),
			&ignored, err);
	if (r == 0)
		r = tracee_write(inf->tracee, inf->scratch, (char *)call_run,
				 code_size, err);
	if (r == 0)
		r = tracee_write(inf->tracee, inf->scratch + code_size,
				 &breakpoint, sizeof(breakpoint), err);
	return r;
}

/* Its own limits may keep it from mapping what we need. */
static int explain_no_room(pid_t pid, struct error *err)
{
	struct rlimit space = {RLIM_INFINITY, RLIM_INFINITY};
	struct rlimit data = space;

	prlimit(pid, RLIMIT_AS, NULL, &space);
	prlimit(pid, RLIMIT_DATA, NULL, &data);
	if (space.rlim_cur == RLIM_INFINITY && data.rlim_cur == RLIM_INFINITY)
		return -err->code;
	*err = (struct error){0};
	error_set(
		err, FAULT_UNSUPPORTED,
		"the service may map no more memory (RLIMIT_AS, RLIMIT_DATA), "
		"so it cannot be asked for its state");
	error_hint(err,
		   "Let it lower its limits after the ready point, or less.");
	return -err->code;
}

int inferior_open(struct inferior *ret_inferior, struct tracee *t, pid_t tid,
		  uint64_t vdso, size_t call_max, size_t data_size,
		  struct error *err)
{
	size_t calls_size = call_max * sizeof(struct call);
	struct inferior inf = {
		.tracee = t,
		.call_max = call_max,
		.data_size = data_size,
		.scratch_size =
			CORE_PAGE_SIZE + calls_size + data_size + STACK_SIZE,
	};
	struct borrowed borrowed;
	int r = inferior_find_call(t, vdso, &inf.instruction, err);

	if (r == 0)
		r = tracee_ignores(t, SIGTRAP, &inf.ignores_trap, err);
	if (r == 0)
		r = borrow(&inf, tid, &borrowed, err);
	if (r == 0)
		r = make_scratch(&inf, tid, &borrowed, err);
	if (r == -ENOMEM)
		r = explain_no_room(t->pid, err);
	if (r == 0)
		r = give_back(&inf, tid, &borrowed, err);
	inf.data = inf.scratch + CORE_PAGE_SIZE + calls_size;
	*ret_inferior = inf;
	if (r < 0)
		return error_context(err, "cannot ask the service (pid %d)",
				     t->pid);
	return 0;
}

int inferior_run(const struct inferior *inf, pid_t tid, struct call *calls,
		 size_t count, struct error *err)
{
	const size_t code_size = (size_t)(call_run_end - (char *)call_run);
	const size_t size = count * sizeof(*calls);
	const uint64_t list = inf->scratch + CORE_PAGE_SIZE;
	uint64_t back = inf->scratch + code_size;
	uint64_t stack = inf->scratch + inf->scratch_size - 64;
	struct borrowed borrowed;
	struct user_regs_struct regs;
	int r = borrow(inf, tid, &borrowed, err);

	assert(count <= inf->call_max);
	if (r < 0)
		return r;
	regs = borrowed.registers;
	regs.rip = inf->scratch;
	regs.rsp = stack;
	regs.rdi = list;
	regs.rsi = count;
	regs.orig_rax = (unsigned long long)-1;
	r = tracee_write(inf->tracee, list, calls, size, err);
	if (r == 0)
		r = tracee_write(inf->tracee, stack, &back, sizeof(back), err);
	if (r == 0)
		r = tracee_set_registers(inf->tracee, tid, &regs, err);
	if (r == 0)
		r = tracee_run_to_trap(inf->tracee, tid, err);
	if (r == 0)
		r = tracee_read(inf->tracee, list, calls, size, err);
	if (r == 0)
		r = give_back(inf, tid, &borrowed, err);
	if (r < 0)
		return error_context(err, "cannot ask thread %d", tid);
	return 0;
}

/* Without a breakpoint or a step, which would undo it. */
static int set_trap(const struct inferior *inf, pid_t tid,
		    const struct borrowed *borrowed, struct error *err)
{
	const uint64_t action[] = {inf->trap.handler, inf->trap.flags,
				   inf->trap.restorer, inf->trap.mask};
	const uint64_t place =
		(borrowed->registers.rsp - BELOW_STACK) & ~(uint64_t)15;
	struct user_regs_struct regs = borrowed->registers;
	int r = tracee_write(inf->tracee, place, action, sizeof(action), err);

	aim(&regs, inf,
	    &CALL_MUST(SYS_rt_sigaction, SIGTRAP, place, 0, sizeof(uint64_t)));
	if (r == 0)
		r = tracee_set_registers(inf->tracee, tid, &regs, err);
	if (r == 0)
		r = tracee_make_call(inf->tracee, tid, err);
	return r;
}

int inferior_close(const struct inferior *inf, pid_t tid, struct error *err)
{
	struct borrowed borrowed;
	uint64_t ignored;
	int r = borrow(inf, tid, &borrowed, err);

	if (r == 0)
		r = single_call(
			inf, tid, &borrowed,
			CALL_MUST(SYS_munmap, inf->scratch, inf->scratch_size),
			&ignored, err);
	if (r == 0 && inf->has_trap)
		r = set_trap(inf, tid, &borrowed, err);
	if (r == 0)
		r = give_back(inf, tid, &borrowed, err);
	return r;
}

int inferior_call(struct tracee *t, pid_t tid, uint64_t vdso, struct call call,
		  int64_t *ret_result, struct error *err)
{
	struct inferior inf = {.tracee = t};
	struct borrowed borrowed;
	struct user_regs_struct regs;
	int r = inferior_find_call(t, vdso, &inf.instruction, err);

	if (r == 0)
		r = borrow(&inf, tid, &borrowed, err);
	if (r < 0)
		return r;
	regs = borrowed.registers;
	aim(&regs, &inf, &call);
	r = tracee_set_registers(t, tid, &regs, err);
	if (r == 0)
		r = tracee_make_call(t, tid, err);
	if (r == 0)
		r = tracee_registers(t, tid, &regs, err);
	if (r == 0)
		r = give_back(&inf, tid, &borrowed, err);
	if (r == 0)
		*ret_result = (int64_t)regs.rax;
	return r;
}
