/*
 * tracee_stop.c - turning what waitpid(2) says into named stops
 *
 * Everything that the ready point is not made of is dealt with here: new
 * tasks, the service's children, group stops.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/text.h"
#include "tracee_task.h"

/* Whose thread a task is that was seen before the event that announces it. */
static bool is_ours(const struct tracee *t, pid_t tid)
{
	cleanup_heap char *text = NULL;
	const char *at;
	uint64_t group;

	if (tid == t->pid)
		return true;
	if (io_read_filef(&text, NULL, "/proc/%d/status", tid) < 0)
		return false;
	at = strstr(text, "\nTgid:");
	if (!at || !take_word(&at, "\nTgid:"))
		return false;
	skip_blanks(&at);
	return take_decimal(&at, &group) && (pid_t)group == t->pid;
}

/* Not a thread; one that has ended is there until it is waited for. */
static bool is_process(pid_t tid)
{
	return tid > 0 && syscall(SYS_tgkill, tid, tid, 0) == 0;
}

/* As it went on before; an error means that the task has just died. */
static void go_on(struct task *task, int signal)
{
	ptrace(task->request ? task->request : PTRACE_CONT, task->tid, NULL,
	       (void *)(long)signal);
	task->stopped = false;
}

/* In a group stop it waits for SIGCONT, and we for what comes then. */
static void stay(struct task *task)
{
	ptrace(PTRACE_LISTEN, task->tid, NULL, NULL);
	task->stopped = false;
}

static int take_call(struct task *task, struct stop *stop, struct error *err)
{
	struct __ptrace_syscall_info info = {0};

	if (ptrace(PTRACE_GET_SYSCALL_INFO, task->tid, sizeof(info), &info) < 0)
		return error_system(err, errno,
				    "cannot read the call of thread %d",
				    task->tid);
	stop->kind = STOP_SYSCALL_ENTRY;
	if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
		stop->kind = STOP_SYSCALL_EXIT;
		stop->result = info.exit.rval;
		return 0;
	}
	stop->number = (int64_t)info.entry.nr;
	memcpy(stop->arguments, info.entry.args, sizeof(stop->arguments));
	return 0;
}

/*
 * The filter stops calls of this mode only, and their arguments are in the
 * registers, which whoever asks where a call came from wants next.
 */
static int take_filtered_call(struct task *task, struct stop *stop,
			      struct error *err)
{
	struct user_regs_struct *r = &stop->registers;

	if (ptrace(PTRACE_GETREGS, task->tid, NULL, r) < 0)
		return error_system(err, errno,
				    "cannot read the call of thread %d",
				    task->tid);
	stop->kind = STOP_SYSCALL_ENTRY;
	stop->has_registers = true;
	stop->number = (int64_t)r->orig_rax;
	stop->arguments[0] = r->rdi;
	stop->arguments[1] = r->rsi;
	stop->arguments[2] = r->rdx;
	stop->arguments[3] = r->r10;
	stop->arguments[4] = r->r8;
	stop->arguments[5] = r->r9;
	return 0;
}

static void take_signal(const struct tracee *t, const struct task *task,
			int signal, struct stop *stop)
{
	stop->kind = STOP_SIGNAL;
	stop->signal = signal;
	if (signal != SIGTRAP || !task_is_at_watch(t, task))
		return;
	stop->kind = STOP_WATCH;
	stop->address = (uint64_t)ptrace(PTRACE_PEEKUSER, task->tid,
					 offsetof(struct user, regs.rip), 0);
}

/* The other threads are gone, and the memory with the watches. */
static void forget_threads(struct tracee *t)
{
	tracee_forget_watches(t);
	for (size_t i = t->task_count; i-- > 0;)
		if (t->tasks[i].ours && t->tasks[i].tid != t->pid)
			task_remove(t, t->tasks[i].tid);
}

/* Threads are nobody's business; that the service starts a process is. */
static int task_announced(struct tracee *t, struct task *task,
			  struct stop *stop, struct error *err)
{
	unsigned long child = 0;
	pid_t parent = task->tid;
	struct task *made;

	ptrace(PTRACE_GETEVENTMSG, parent, NULL, &child);
	if (child && !task_take_early(t, (pid_t)child)) {
		made = task_add(t, (pid_t)child, is_ours(t, (pid_t)child));
		if (!made)
			return error_system(err, ENOMEM, "cannot keep task %lu",
					    child);
		made->is_announced = true;
	}
	task = task_find(t, parent);
	if (!task->ours || !is_process((pid_t)child)) {
		go_on(task, 0);
		return 0;
	}
	stop->kind = STOP_CHILD;
	stop->result = (int64_t)child;
	stop->number = ptrace(PTRACE_PEEKUSER, parent,
			      offsetof(struct user, regs.orig_rax), 0);
	return 0;
}

/* PTRACE_EVENT_STOP: it is new, was asked to stop, or its group was stopped. */
static void task_halted(struct task *task, int signal, bool asked,
			struct stop *stop)
{
	if (asked)
		stop->kind = STOP_INTERRUPT;
	else if (signal != SIGTRAP)
		stay(task);
	else
		go_on(task, 0);
}

/* A signal, or the entry or exit of a call, of one of the service's children. */
static int child_stopped(struct tracee *t, struct task *task, int signal,
			 struct error *err)
{
	int r = 0;

	if (signal == SIGTRAP && task_is_at_watch(t, task)) {
		r = task_pass_watch(t, task, err);
		signal = 0;
	}
	if (r == 0)
		go_on(task, signal == (SIGTRAP | 0x80) ? 0 : signal);
	return r;
}

static int task_stopped(struct tracee *t, struct task *task, int status,
			struct stop *stop, struct error *err)
{
	const int signal = WSTOPSIG(status);
	const bool asked = task->asked;

	task->asked = false;
	if (task->is_fresh && !task->ours)
		task_clear_watches(t, task);
	task->is_fresh = false;
	switch (status >> 16) {
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		return task_announced(t, task, stop, err);
	case PTRACE_EVENT_EXEC:
		if (!task->ours) {
			go_on(task, 0);
			return 0;
		}
		forget_threads(t);
		stop->kind = STOP_EXEC;
		return tracee_open_memory(t, err);
	case PTRACE_EVENT_STOP:
		task_halted(task, signal, asked, stop);
		return 0;
	case PTRACE_EVENT_SECCOMP:
		if (task->ours)
			return take_filtered_call(task, stop, err);
		go_on(task, 0);
		return 0;
	default:
		break;
	}
	if (!task->ours)
		return child_stopped(t, task, signal, err);
	if (signal == (SIGTRAP | 0x80))
		return take_call(task, stop, err);
	else
		take_signal(t, task, signal, stop);
	return 0;
}

int task_event(struct tracee *t, pid_t tid, int status, struct stop *ret_stop,
	       bool *ret_seen, struct error *err)
{
	struct task *task;
	int r;

	*ret_stop = (struct stop){.tid = tid};
	if (WIFSTOPPED(status)) {
		task = task_find(t, tid);
		if (!task)
			task = task_add(t, tid, is_ours(t, tid));
		if (!task)
			return error_system(err, ENOMEM, "cannot keep task %d",
					    tid);
		task->stopped = true;
		r = task_stopped(t, task, status, ret_stop, err);
		*ret_seen = ret_stop->kind != 0;
		return r;
	}
	r = task_ended(t, tid, err);
	*ret_seen = tid == t->pid;
	if (r < 0 || !*ret_seen)
		return r;
	t->gone = true;
	*ret_stop = (struct stop){.kind = STOP_EXITED};
	if (WIFSIGNALED(status)) {
		ret_stop->kind = STOP_KILLED;
		ret_stop->signal = WTERMSIG(status);
	} else {
		ret_stop->status = WEXITSTATUS(status);
	}
	return 0;
}
