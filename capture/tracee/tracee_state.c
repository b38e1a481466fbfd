/*
 * tracee_state.c - registers and calls of a tracee that stands still
 */
#include <asm/ldt.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/elf.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/text.h"
#include "continued_call.h"
#include "tracee_task.h"

/* linux/errno.h, which user space never sees but in a stop. */
enum {
	ERESTARTSYS = 512,
	ERESTARTNOINTR = 513,
	ERESTARTNOHAND = 514,
	ERESTART_RESTARTBLOCK = 516,
};

enum {
	GET_DISPATCH_CONFIG = 0x4211, /* linux/ptrace.h of Linux 6.4 */
	PORT_BITS = 65536,
	DEBUG_ENABLED = 0xff, /* of DR7: two bits for each of four */
	GDT_TLS_FIRST = 12,   /* asm/segment.h: GDT_ENTRY_TLS_MIN */
	GDT_TLS_COUNT = 3,
	XSTATE_MIN = 576,  /* what FXSAVE stores, and a header */
	XSTATE_XCR0 = 464, /* where the kernel says which sets there are */
};

int tracee_registers(const struct tracee *t, pid_t tid,
		     struct user_regs_struct *ret_registers, struct error *err)
{
	(void)t;
	if (ptrace(PTRACE_GETREGS, tid, NULL, ret_registers) < 0)
		return error_system(err, errno,
				    "cannot read the registers of thread %d",
				    tid);
	return 0;
}

int tracee_set_registers(const struct tracee *t, pid_t tid,
			 const struct user_regs_struct *registers,
			 struct error *err)
{
	(void)t;
	if (ptrace(PTRACE_SETREGS, tid, NULL, registers) < 0)
		return error_system(err, errno,
				    "cannot set the registers of thread %d",
				    tid);
	return 0;
}

/* A processor without XSAVE has what FXSAVE stores: x87 and SSE. */
static bool read_legacy_area(pid_t tid, unsigned char *bytes)
{
	const uint64_t sets = 3;

	memset(bytes, 0, XSTATE_MIN);
	if (ptrace(PTRACE_GETFPREGS, tid, NULL, bytes) < 0)
		return false;
	memcpy(bytes + XSTATE_XCR0, &sets, sizeof(sets));
	memcpy(bytes + sizeof(struct user_fpregs_struct), &sets, sizeof(sets));
	return true;
}

int tracee_xstate(const struct tracee *t, pid_t tid,
		  unsigned char bytes[TRACEE_XSTATE_MAX], size_t *ret_size,
		  struct error *err)
{
	struct iovec area = {bytes, TRACEE_XSTATE_MAX};

	(void)t;
	if (ptrace(PTRACE_GETREGSET, tid, NT_X86_XSTATE, &area) < 0) {
		if (errno == ENODEV && read_legacy_area(tid, bytes)) {
			*ret_size = XSTATE_MIN;
			return 0;
		}
		return error_system(err, errno,
				    "cannot read the XSAVE area of thread %d",
				    tid);
	}
	if (area.iov_len < XSTATE_MIN || area.iov_len == TRACEE_XSTATE_MAX)
		return error_set(err, FAULT_UNSUPPORTED,
				 "the XSAVE area of thread %d has %zu bytes",
				 tid, area.iov_len);
	*ret_size = area.iov_len;
	return 0;
}

int tracee_signal_mask(const struct tracee *t, pid_t tid, uint64_t *ret_mask,
		       struct error *err)
{
	(void)t;
	if (ptrace(PTRACE_GETSIGMASK, tid, sizeof(*ret_mask), ret_mask) < 0)
		return error_system(err, errno,
				    "cannot read the signal mask of thread %d",
				    tid);
	return 0;
}

int tracee_set_signal_mask(const struct tracee *t, pid_t tid, uint64_t mask,
			   struct error *err)
{
	(void)t;
	if (ptrace(PTRACE_SETSIGMASK, tid, sizeof(mask), &mask) < 0)
		return error_system(err, errno,
				    "cannot set the signal mask of thread %d",
				    tid);
	return 0;
}

int tracee_ignores(const struct tracee *t, int signal, bool *ret_ignores,
		   struct error *err)
{
	cleanup_heap char *status = NULL;
	uint64_t ignored = 0;
	const char *at;
	int r = io_read_filef(&status, NULL, "/proc/%d/status", t->pid);

	if (r < 0)
		return error_system(err, -r, "cannot read '/proc/%d/status'",
				    t->pid);
	at = strstr(status, "\nSigIgn:");
	if (at && take_word(&at, "\nSigIgn:")) {
		skip_blanks(&at);
		take_hex(&at, &ignored);
	}
	*ret_ignores = ignored >> (signal - 1) & 1;
	return 0;
}

int tracee_rseq(const struct tracee *t, pid_t tid, struct tracee_rseq *ret_rseq,
		struct error *err)
{
	struct __ptrace_rseq_configuration rseq = {0};

	(void)t;
	if (ptrace(PTRACE_GET_RSEQ_CONFIGURATION, tid, sizeof(rseq), &rseq) <
	    0) {
		error_system(err, errno,
			     "cannot read the rseq area of thread %d", tid);
		if (err->code == EIO)
			error_hint(err, "It takes Linux 5.13 or newer.");
		return -err->code;
	}
	*ret_rseq = (struct tracee_rseq){
		.address = rseq.rseq_abi_pointer,
		.size = rseq.rseq_abi_size,
		.signature = rseq.signature,
		.flags = rseq.flags,
	};
	return 0;
}

int tracee_pending(const struct tracee *t, pid_t tid, uint64_t from,
		   siginfo_t *ret_infos, size_t max, size_t *ret_count,
		   struct error *err)
{
	struct __ptrace_peeksiginfo_args args = {
		.off = from,
		.flags = tid ? 0 : PTRACE_PEEKSIGINFO_SHARED,
		.nr = (int)max,
	};
	pid_t whose = tid ? tid : t->pid;
	long got = ptrace(PTRACE_PEEKSIGINFO, whose, &args, ret_infos);

	if (got < 0)
		return error_system(err, errno,
				    "cannot read the signals of thread %d",
				    whose);
	*ret_count = (size_t)got;
	return 0;
}

/* An older kernel answers EIO; nobody can have it looked at there. */
bool tracee_dispatches_calls(const struct tracee *t, pid_t tid)
{
	struct dispatch_config {
		uint64_t mode;
		uint64_t selector;
		uint64_t offset;
		uint64_t length;
	} config = {0};

	(void)t;
	return ptrace((enum __ptrace_request)GET_DISPATCH_CONFIG, tid,
		      sizeof(config), &config) == 0 &&
	       config.mode != 0;
}

/* The kernel has no register set of them for a thread without ports. */
bool tracee_has_ports(const struct tracee *t, pid_t tid)
{
	unsigned char bits[PORT_BITS / 8];
	struct iovec area = {bits, sizeof(bits)};

	(void)t;
	return ptrace(PTRACE_GETREGSET, tid, NT_386_IOPERM, &area) == 0 &&
	       area.iov_len > 0;
}

/* A debugger that has let go of it may have left them. */
bool tracee_has_watchpoints(const struct tracee *t, pid_t tid)
{
	const size_t control = offsetof(struct user, u_debugreg[7]);
	long enabled;

	(void)t;
	errno = 0;
	enabled = ptrace(PTRACE_PEEKUSER, tid, control, NULL);
	return errno == 0 && enabled & DEBUG_ENABLED;
}

/* Those that set_thread_area(2) sets, for 32-bit code. */
bool tracee_has_segments(const struct tracee *t, pid_t tid)
{
	struct user_desc entry;
	bool has = false;

	(void)t;
	for (long i = GDT_TLS_FIRST; i < GDT_TLS_FIRST + GDT_TLS_COUNT; i++)
		has |= ptrace(PTRACE_GET_THREAD_AREA, tid, (void *)i, &entry) ==
			       0 &&
		       !entry.seg_not_present;
	return has;
}

/* Calls that a stop ends with EINTR although no handler ran. */
static bool is_cut_by_stop(uint64_t number)
{
	static const uint64_t numbers[] = {
		SYS_epoll_wait,	     SYS_epoll_pwait,	SYS_epoll_pwait2,
		SYS_rt_sigtimedwait, SYS_semop,		SYS_semtimedop,
		SYS_io_getevents,    SYS_io_pgetevents, SYS_recvfrom,
		SYS_recvmsg,	     SYS_recvmmsg,	SYS_accept,
		SYS_accept4,	     SYS_sendto,	SYS_sendmsg,
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (numbers[i] == number)
			return true;
	return false;
}

/*
 * The registers with which an interrupted call is made once more.  Sleeps
 * with a place for the rest have had it written there by the stop; with that
 * as the time to sleep they end when they should.
 */
static void repeat_call(struct user_regs_struct *r)
{
	if ((int64_t)r->rax == -ERESTART_RESTARTBLOCK) {
		if (r->orig_rax == SYS_nanosleep && r->rsi)
			r->rdi = r->rsi;
		if (r->orig_rax == SYS_clock_nanosleep && r->r10)
			r->rdx = r->r10;
	}
	r->rax = r->orig_rax;
	r->rip -= 2;
	r->orig_rax = (unsigned long long)-1;
}

/* At its entry: the kernel is told to make no call, and is left. */
static int skip_call(struct tracee *t, pid_t tid,
		     const struct user_regs_struct *entered, struct error *err)
{
	struct user_regs_struct skipping = *entered;
	struct user_regs_struct before = *entered;
	int status;
	int r;

	skipping.orig_rax = (unsigned long long)-1;
	r = tracee_set_registers(t, tid, &skipping, err);
	if (r < 0)
		return r;
	if (ptrace(PTRACE_SYSCALL, tid, NULL, NULL) < 0 ||
	    waitpid(tid, &status, __WALL) < 0)
		return error_system(err, errno,
				    "cannot take thread %d out of its call",
				    tid);
	if (!WIFSTOPPED(status) || WSTOPSIG(status) != (SIGTRAP | 0x80))
		return error_set(err, FAULT_SERVICE,
				 "thread %d ended or was signalled at its "
				 "ready point",
				 tid);
	repeat_call(&before);
	return tracee_set_registers(t, tid, &before, err);
}

static void task_keep_interrupted(struct task *task,
				  const struct user_regs_struct *interrupted,
				  const struct user_regs_struct *repeated)
{
	task->is_interrupted = true;
	task->interrupted = *interrupted;
	task->repeated = *repeated;
}

/*
 * Where it is let go for good, the kernel makes the call again: unlike one that
 * the thread itself makes again, that one is in time for a signal that was sent
 * in between.
 */
void task_reenter_call(const struct tracee *t, const struct task *task)
{
	struct error ignored = {0};
	struct user_regs_struct now;

	if (task->is_interrupted &&
	    tracee_registers(t, task->tid, &now, &ignored) == 0 &&
	    now.rip == task->repeated.rip && now.rsp == task->repeated.rsp &&
	    now.rax == task->repeated.rax)
		tracee_set_registers(t, task->tid, &task->interrupted,
				     &ignored);
}

/* Puts the call in the place of the one that continues it; false if unknown. */
static bool name_continued(const struct tracee *t,
			   struct user_regs_struct *regs)
{
	uint64_t number;

	if ((int64_t)regs->rax != -ERESTART_RESTARTBLOCK ||
	    regs->orig_rax != SYS_restart_syscall)
		return true;
	if (!continued_call_find(t, regs, &number))
		return false;
	regs->orig_rax = number;
	return true;
}

static int refuse_continued(pid_t tid, struct error *err)
{
	error_set(
		err, FAULT_UNSUPPORTED,
		"thread %d sits in restart_syscall(2), and the call that this "
		"continues is not known any more",
		tid);
	error_hint(err, "It was stopped and continued before; wait until it "
			"has left that call.");
	return -EBUSY;
}

int tracee_leave_call(struct tracee *t, pid_t tid, struct error *err)
{
	struct __ptrace_syscall_info info = {0};
	struct user_regs_struct regs, interrupted;
	int r = tracee_registers(t, tid, &regs, err);
	bool is_restart;
	int64_t result;

	if (r < 0)
		return r;
	if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) < 0)
		return error_system(err, errno,
				    "cannot read the call of thread %d", tid);
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY ||
	    info.op == PTRACE_SYSCALL_INFO_SECCOMP)
		return skip_call(t, tid, &regs, err);
	if ((int64_t)regs.orig_rax < 0)
		return 0;
	result = (int64_t)regs.rax;
	interrupted = regs;
	if (!name_continued(t, &regs))
		return refuse_continued(tid, err);
	is_restart = result <= -ERESTARTSYS && result >= -ERESTART_RESTARTBLOCK;
	if (is_restart || (result == -EINTR && is_cut_by_stop(regs.orig_rax)))
		repeat_call(&regs);
	/* Whatever comes next, the kernel is to restart nothing itself. */
	regs.orig_rax = (unsigned long long)-1;
	if (is_restart)
		task_keep_interrupted(task_find(t, tid), &interrupted, &regs);
	return tracee_set_registers(t, tid, &regs, err);
}

/* Neither events nor stop signals that come first are for the service. */
static int run_to_trap(pid_t tid, int request, struct error *err)
{
	int status;

	do {
		if (ptrace(request, tid, NULL, NULL) < 0 ||
		    waitpid(tid, &status, __WALL) < 0)
			return error_system(err, errno, "cannot run thread %d",
					    tid);
		if (!WIFSTOPPED(status))
			return error_set(err, FAULT_SERVICE,
					 "thread %d ended while it was asked "
					 "for its state",
					 tid);
	} while (WSTOPSIG(status) != SIGTRAP || status >> 16 != 0);
	return 0;
}

int tracee_run_to_trap(struct tracee *t, pid_t tid, struct error *err)
{
	(void)t;
	return run_to_trap(tid, PTRACE_CONT, err);
}

int tracee_step(struct tracee *t, pid_t tid, struct error *err)
{
	(void)t;
	return run_to_trap(tid, PTRACE_SINGLESTEP, err);
}

/* At its entry, where a filter may have it stop once more, and at its exit. */
int task_make_call(pid_t tid, pid_t *ret_made, struct error *err)
{
	struct __ptrace_syscall_info info = {0};
	unsigned long made;
	int status;

	*ret_made = 0;
	while (info.op != PTRACE_SYSCALL_INFO_EXIT) {
		if (ptrace(PTRACE_SYSCALL, tid, NULL, NULL) < 0 ||
		    waitpid(tid, &status, __WALL) < 0 || !WIFSTOPPED(status) ||
		    ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) <
			    0)
			return error_system(err, errno,
					    "cannot have thread %d make a call",
					    tid);
		if (status >> 16 == PTRACE_EVENT_CLONE &&
		    ptrace(PTRACE_GETEVENTMSG, tid, NULL, &made) == 0)
			*ret_made = (pid_t)made;
	}
	return 0;
}

int tracee_make_call(struct tracee *t, pid_t tid, struct error *err)
{
	pid_t made;

	(void)t;
	return task_make_call(tid, &made, err);
}
