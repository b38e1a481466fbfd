/*
 * process_state.c - what the service has made of itself since its exec
 */
#include "process_state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/membarrier.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/text.h"
#include "stat_line.h"
#include "timers.h"

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

int process_state_open(struct inferior *ret_inferior, struct tracee *t,
		       pid_t tid, uint64_t vdso, struct error *err)
{
	size_t calls = larger(SELF_REPORT_CALLS, THREAD_REPORT_CALLS);
	size_t data =
		larger(self_report_data_size(), thread_report_data_size());

	return inferior_open(ret_inferior, t, tid, vdso,
			     larger(calls, TIMERS_AT_ONCE),
			     larger(data, timers_data_size()), err);
}

int process_state_read(struct process_state *ret_state,
		       const struct inferior *inferior, pid_t tid,
		       struct error *err)
{
	struct tracee *t = inferior->tracee;
	int r = surroundings_read(&ret_state->surroundings, t->pid, err);

	if (r == 0)
		r = tracee_signal_mask(t, tid, &ret_state->signal_mask, err);
	if (r == 0)
		r = self_report_ask(&ret_state->self, inferior, tid, err);
	if (r == 0)
		r = thread_report_ask(&ret_state->thread, inferior, tid, err);
	return r;
}

int process_state_ours(struct process_state *ret_state, struct error *err)
{
	*ret_state = (struct process_state){0};
	self_report_ours(&ret_state->self);
	thread_report_ours(&ret_state->thread);
	/* Handlers do not survive an exec, and we are not confined. */
	for (size_t i = 0; i < CORE_SIGNALS; i++)
		if (ret_state->self.signals[i].handler != (uintptr_t)SIG_IGN)
			ret_state->self.signals[i] = (struct core_signal){0};
	return surroundings_read(&ret_state->surroundings, getpid(), err);
}

/*
 * The registrations that membarrier(2) reports are the commands that made
 * them.
 */
static void compare_membarrier(const struct self_report *exec,
			       const struct self_report *ready,
			       bool wants_others, uint32_t leader,
			       struct audit *audit, struct changes *changes)
{
	const int64_t before = exec->attributes[ATTRIBUTE_MEMBARRIER];
	int64_t after = ready->attributes[ATTRIBUTE_MEMBARRIER];

	if (ready->hides_barriers && wants_others)
		after |= MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED;
	if (before == after &&
	    !changes_earlier(changes, leader, ATTRIBUTE_MEMBARRIER))
		return;
	audit_add(audit, VERDICT_RESTORED, attribute_name(ATTRIBUTE_MEMBARRIER),
		  "%#" PRIx64 ", was %#" PRIx64 " at the start", after, before);
	changes_add(changes, leader, ATTRIBUTE_MEMBARRIER, (uint64_t)after);
}

static void compare_limits(const struct surroundings *before,
			   const struct surroundings *after, uint32_t leader,
			   struct audit *audit, struct changes *changes)
{
	/* Those of another user may not be read. */
	if (strcmp(before->texts[SURROUNDING_USERS],
		   after->texts[SURROUNDING_USERS]) != 0)
		return;
	for (uint32_t i = 0; i < RLIM_NLIMITS; i++) {
		const struct rlimit *was = &before->limits[i];
		const struct rlimit *is = &after->limits[i];

		const bool is_hard_own =
			was->rlim_max != is->rlim_max ||
			changes_earlier(changes, leader,
					ATTRIBUTE_LIMIT_HARD + i);

		if (was->rlim_cur == is->rlim_cur && !is_hard_own &&
		    !changes_earlier(changes, leader, ATTRIBUTE_LIMIT_SOFT + i))
			continue;
		audit_add(audit, VERDICT_RESTORED,
			  attribute_name(ATTRIBUTE_LIMIT_SOFT + i),
			  "%" PRIu64 ", was %" PRIu64 " at the start",
			  is->rlim_cur, was->rlim_cur);
		changes_add(changes, leader, ATTRIBUTE_LIMIT_SOFT + i,
			    is->rlim_cur);
		if (is_hard_own)
			changes_add(changes, leader, ATTRIBUTE_LIMIT_HARD + i,
				    is->rlim_max);
	}
}

/* Only what F_SETFL can set; the mode belongs to whoever opened it. */
static void compare_streams(const struct surroundings *before,
			    const struct surroundings *after, uint32_t leader,
			    struct audit *audit, struct changes *changes)
{
	const int settable =
		O_APPEND | O_ASYNC | O_DIRECT | O_NOATIME | O_NONBLOCK;

	for (uint32_t i = 0; i < 3; i++) {
		int was = before->stream_flags[i];
		int is = after->stream_flags[i];

		if (was < 0 || is < 0 ||
		    (((was ^ is) & settable) == 0 &&
		     !changes_earlier(changes, leader,
				      ATTRIBUTE_STREAM_FLAGS + i)))
			continue;
		audit_add(audit,
			  is & O_ASYNC ? VERDICT_REFUSED : VERDICT_RESTORED,
			  attribute_name(ATTRIBUTE_STREAM_FLAGS + i),
			  "%#o, were %#o at the start", (unsigned)is,
			  (unsigned)was);
		changes_add(changes, leader, ATTRIBUTE_STREAM_FLAGS + i,
			    (uint64_t)(is & settable));
	}
}

static void compare_stream_signals(const struct surroundings *before,
				   const struct surroundings *after,
				   struct audit *audit)
{
	static const char *const names[] = {"signals of standard input",
					    "signals of standard output",
					    "signals of standard error"};

	for (size_t i = 0; i < 3; i++) {
		const struct stream_signal *is = &after->stream_signals[i];

		if (memcmp(&before->stream_signals[i], is, sizeof(*is)) == 0)
			continue;
		audit_add(audit, VERDICT_REFUSED, names[i],
			  "the service has set who gets them (%d), or their "
			  "number (%d)",
			  is->owner, is->number);
		audit_remedy(audit, "Set it after the ready point.");
	}
}

/* Nobody inherits it: what has it is not there any more. */
static void compare_closing(const struct surroundings *after, uint32_t leader,
			    struct audit *audit, struct changes *changes)
{
	for (uint32_t i = 0; i < 3; i++) {
		if (after->stream_flags[i] < 0 ||
		    !(after->stream_flags[i] & O_CLOEXEC))
			continue;
		audit_add(audit, VERDICT_RESTORED,
			  attribute_name(ATTRIBUTE_STREAM_CLOSES + i),
			  "it is set");
		changes_add(changes, leader, ATTRIBUTE_STREAM_CLOSES + i,
			    FD_CLOEXEC);
	}
}

static void compare_folder(const struct surroundings *before,
			   const struct surroundings *after, uint32_t leader,
			   struct audit *audit, struct changes *changes)
{
	const char *name = attribute_name(ATTRIBUTE_WORKING_FOLDER);

	if (strcmp(before->working_folder, after->working_folder) == 0 &&
	    !changes_earlier(changes, leader, ATTRIBUTE_WORKING_FOLDER))
		return;
	if (access(after->working_folder, F_OK) < 0) {
		audit_add(audit, VERDICT_REFUSED, name, "'%s', which is gone",
			  after->working_folder);
		audit_remedy(audit, "Change to a folder that stays.");
		return;
	}
	audit_add(audit, VERDICT_RESTORED, name, "'%s', was '%s' at the start",
		  after->working_folder, before->working_folder);
	snprintf(changes->folder, sizeof(changes->folder), "%s",
		 after->working_folder);
	changes_add(changes, leader, ATTRIBUTE_WORKING_FOLDER, 0);
}

static void compare_texts(const struct surroundings *before,
			  const struct surroundings *after, struct audit *audit)
{
	for (int i = 0; i < SURROUNDING_COUNT; i++) {
		if (i == SURROUNDING_CORE_FILTER ||
		    i == SURROUNDING_OOM_ADJUST ||
		    strcmp(before->texts[i], after->texts[i]) == 0)
			continue;
		audit_add(audit, VERDICT_REFUSED, surrounding_name(i),
			  "'%s', was '%s' at the start", after->texts[i],
			  before->texts[i]);
		audit_remedy(audit, "Let whoever starts the service set it, "
				    "or let the service do so after the ready "
				    "point.");
	}
}

/* Two files of /proc/self that can be written again; their bases differ. */
static void compare_files(const struct surroundings *before,
			  const struct surroundings *after, uint32_t leader,
			  struct audit *audit, struct changes *changes)
{
	static const struct {
		enum surrounding which;
		uint32_t id;
		int base;
	} files[] = {
		{SURROUNDING_CORE_FILTER, ATTRIBUTE_CORE_FILTER, 16},
		{SURROUNDING_OOM_ADJUST, ATTRIBUTE_OOM_ADJUST, 10},
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		const char *was = before->texts[files[i].which];
		const char *is = after->texts[files[i].which];

		if (strcmp(was, is) == 0 &&
		    !changes_earlier(changes, leader, files[i].id))
			continue;
		audit_add(audit, VERDICT_RESTORED,
			  surrounding_name(files[i].which),
			  "%s, was %s at the start", is, was);
		changes_add(changes, leader, files[i].id,
			    (uint64_t)strtoll(is, NULL, files[i].base));
	}
}

static void compare_self(const struct self_report *before,
			 const struct self_report *after,
			 const struct witness *witness, uint32_t leader,
			 struct audit *audit, struct changes *changes)
{
	for (uint32_t i = 1; i < ATTRIBUTE_FIXED_COUNT; i++)
		if (attribute_is_read(i, false) && i != ATTRIBUTE_MEMBARRIER)
			changes_compare(changes, leader, "", i,
					before->attributes[i],
					after->attributes[i], audit);
	compare_membarrier(before, after, witness->wants_barriers, leader,
			   audit, changes);
	changes_compare(changes, leader, "", ATTRIBUTE_LOCK_FUTURE,
			(int64_t)before->lock_future,
			(int64_t)after->lock_future, audit);
	if (before->keys == after->keys)
		return;
	audit_add(audit, VERDICT_REFUSED, "protection keys",
		  "%" PRIu32 " taken (pkey_alloc(2))", after->keys);
	audit_remedy(audit, "Let the service take them after the ready point.");
}

/* Another user, or one in another user namespace, may not look at us anyway. */
static void compare_confinement(const struct process_state *exec,
				const struct process_state *ready,
				const struct thread_report *thread,
				const char *whose, struct audit *audit)
{
	char subject[64];

	if (!thread->is_confined || exec->thread.is_confined ||
	    thread->user != exec->thread.user ||
	    strcmp(exec->surroundings.texts[SURROUNDING_USER_NAMESPACE],
		   ready->surroundings.texts[SURROUNDING_USER_NAMESPACE]) != 0)
		return;
	snprintf(subject, sizeof(subject), "Landlock domain%s%s",
		 whose[0] ? " of " : "", whose);
	audit_add(audit, VERDICT_REFUSED, subject,
		  "the service has confined itself");
	audit_remedy(audit, "Confine it after the ready point.");
}

/* Every thread has its own; nobody inherits one. */
static void refuse_ring(const struct thread_report *thread, const char *whose,
			struct audit *audit)
{
	char subject[64];

	if (!thread->has_ring)
		return;
	snprintf(subject, sizeof(subject), "io_uring%s%s",
		 whose[0] ? " of " : "", whose);
	audit_add(audit, VERDICT_REFUSED, subject,
		  "a ring that is registered, and needs no descriptor");
	audit_remedy(audit, "Make it after the ready point.");
}

static void compare_threads(const struct process_state *exec,
			    const struct process_state *ready,
			    const struct threads *threads, uint32_t leader,
			    struct audit *audit, struct changes *changes)
{
	for (uint32_t i = 0; i < threads->count; i++) {
		char whose[32] = "";

		if (i != leader)
			snprintf(whose, sizeof(whose), "thread %u",
				 threads->items[i].core.tid);
		changes_compare_thread(changes, i, whose, &exec->thread,
				       &threads->items[i].report, audit);
		compare_confinement(exec, ready, &threads->items[i].report,
				    whose, audit);
		refuse_ring(&threads->items[i].report, whose, audit);
	}
}

/* What it has from us it may have set itself, too. */
static void set_no_new_privs(const struct process_state *exec,
			     const struct threads *threads, struct audit *audit,
			     struct changes *changes)
{
	if (!exec->thread.attributes[ATTRIBUTE_NO_NEW_PRIVS])
		return;
	audit_add(audit, VERDICT_RESTORED,
		  attribute_name(ATTRIBUTE_NO_NEW_PRIVS), "1, as it was set");
	for (uint32_t i = 0; i < threads->count; i++)
		if (!changes_earlier(changes, i, ATTRIBUTE_NO_NEW_PRIVS))
			changes_add(changes, i, ATTRIBUTE_NO_NEW_PRIVS, 1);
}

int process_state_compare(const struct process_state *exec,
			  struct process_state *ready,
			  const struct threads *threads,
			  const struct witness *witness, struct audit *audit,
			  struct changes *ret_changes, struct error *err)
{
	const struct surroundings *before = &exec->surroundings;
	const struct surroundings *after = &ready->surroundings;
	const uint32_t leader = threads_find(threads, threads->pid);

	compare_self(&exec->self, &ready->self, witness, leader, audit,
		     ret_changes);
	compare_threads(exec, ready, threads, leader, audit, ret_changes);
	changes_compare(ret_changes, leader, "", ATTRIBUTE_UMASK, before->umask,
			after->umask, audit);
	compare_limits(before, after, leader, audit, ret_changes);
	compare_streams(before, after, leader, audit, ret_changes);
	compare_stream_signals(before, after, audit);
	compare_closing(after, leader, audit, ret_changes);
	compare_folder(before, after, leader, audit, ret_changes);
	compare_texts(before, after, audit);
	if (witness->no_new_privs)
		set_no_new_privs(exec, threads, audit, ret_changes);
	compare_files(before, after, leader, audit, ret_changes);
	for (size_t i = 0; i < CORE_SIGNALS; i++) {
		struct core_signal *is = &ready->self.signals[i];

		is->inherited = is->handler <= (uintptr_t)SIG_IGN &&
				is->handler == exec->self.signals[i].handler &&
				!(ret_changes->own_signals >> i & 1) &&
				!(i + 1 == SIGCHLD &&
				  is->flags & (SA_NOCLDSTOP | SA_NOCLDWAIT));
	}
	changes_sort(ret_changes);
	if (ret_changes->failed)
		return error_system(err, ENOMEM, "cannot keep the attributes");
	return 0;
}

int process_state_layout(pid_t pid, struct core_process *process,
			 struct error *err)
{
	const struct {
		int field;
		uint64_t *value;
	} fields[] = {
		{STAT_START_CODE, &process->start_code},
		{STAT_END_CODE, &process->end_code},
		{STAT_START_STACK, &process->start_stack},
		{STAT_START_DATA, &process->start_data},
		{STAT_END_DATA, &process->end_data},
		{STAT_START_BRK, &process->start_brk},
		{STAT_ARG_START, &process->arg_start},
		{STAT_ARG_END, &process->arg_end},
		{STAT_ENV_START, &process->env_start},
		{STAT_ENV_END, &process->env_end},
	};
	cleanup_heap char *stat = NULL;
	bool whole = io_read_filef(&stat, NULL, "/proc/%d/stat", pid) == 0;

	for (size_t i = 0; whole && i < sizeof(fields) / sizeof(*fields); i++) {
		const char *at = stat_field(stat, fields[i].field);

		whole = at && take_decimal(&at, fields[i].value);
	}
	if (!whole)
		return error_set(err, FAULT_SYSTEM,
				 "cannot read '/proc/%d/stat'", pid);
	return 0;
}
