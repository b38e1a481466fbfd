/*
 * process_state.c - what the service has made of itself since its exec
 */
#include "process_state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/text.h"

int process_state_read(struct process_state *ret_state, struct tracee *t,
		       pid_t tid, uint64_t vdso, struct error *err)
{
	int r = surroundings_read(&ret_state->surroundings, t->pid, err);

	if (r == 0)
		r = tracee_signal_mask(t, tid, &ret_state->signal_mask, err);
	if (r == 0)
		r = self_report_ask(&ret_state->self, t, tid, vdso, err);
	return r;
}

bool process_state_is_sandboxed(const struct process_state *exec, pid_t pid,
				struct audit *audit)
{
	const struct surroundings *before = &exec->surroundings;
	struct error ignored = {0};
	struct surroundings now;
	bool differs = false;

	if (surroundings_read(&now, pid, &ignored) < 0)
		return false; /* whoever reads it next says why */
	for (int i = SURROUNDING_SECCOMP; i <= SURROUNDING_FILTERS; i++) {
		if (strcmp(before->texts[i], now.texts[i]) == 0)
			continue;
		differs = true;
		audit_add(audit, VERDICT_REFUSED, surrounding_name(i),
			  "'%s', was '%s' at the start", now.texts[i],
			  before->texts[i]);
		audit_remedy(audit, "Let the service confine itself after the "
				    "ready point.");
	}
	return differs;
}

int process_state_ours(struct process_state *ret_state, struct error *err)
{
	*ret_state = (struct process_state){0};
	self_report_ours(&ret_state->self);
	/* Handlers do not survive an exec, and we are not confined. */
	for (size_t i = 0; i < CORE_SIGNALS; i++)
		if (ret_state->self.signals[i].handler != (uintptr_t)SIG_IGN)
			ret_state->self.signals[i] = (struct core_signal){0};
	return surroundings_read(&ret_state->surroundings, getpid(), err);
}

static void change(struct process_changes *changes, uint32_t id, uint64_t value)
{
	changes->items[changes->count++] =
		(struct core_attribute){.id = id, .value = value};
}

static void compare_attribute(uint32_t id, int64_t before, int64_t after,
			      struct audit *audit,
			      struct process_changes *changes)
{
	const struct attribute *a = attribute_find(id);

	if (before == after)
		return;
	if (a->set_number && after >= 0) {
		audit_add(audit, VERDICT_RESTORED, a->name,
			  "%" PRId64 ", was %" PRId64 " at the start", after,
			  before);
		change(changes, id, (uint64_t)after);
		return;
	}
	audit_add(audit, VERDICT_REFUSED, a->name,
		  "%" PRId64 ", was %" PRId64 " at the start", after, before);
	audit_remedy(audit, "Set it after the ready point, or before the "
			    "service is started.");
}

/* The kernel speaks of 1 to 40 where setpriority(2) takes 19 to -20. */
static void mend_nice(struct process_changes *changes)
{
	for (size_t i = 0; i < changes->count; i++)
		if (changes->items[i].id == ATTRIBUTE_NICE)
			changes->items[i].value = 20 - changes->items[i].value;
}

/*
 * The registrations that membarrier(2) reports are the commands that made
 * them; one is made again at a time.  More than one is beyond a single row.
 */
static void compare_membarrier(int64_t before, int64_t after,
			       struct audit *audit)
{
	if (before == after)
		return;
	audit_add(audit, VERDICT_REFUSED, attribute_name(ATTRIBUTE_MEMBARRIER),
		  "%#" PRIx64 ", was %#" PRIx64 " at the start", after, before);
	audit_remedy(audit, "Register after the ready point.");
}

static void compare_limits(const struct surroundings *before,
			   const struct surroundings *after,
			   struct audit *audit, struct process_changes *changes)
{
	for (uint32_t i = 0; i < RLIM_NLIMITS; i++) {
		const struct rlimit *was = &before->limits[i];
		const struct rlimit *is = &after->limits[i];

		if (was->rlim_cur == is->rlim_cur &&
		    was->rlim_max == is->rlim_max)
			continue;
		audit_add(audit, VERDICT_RESTORED,
			  attribute_name(ATTRIBUTE_LIMIT_SOFT + i),
			  "%" PRIu64 ", was %" PRIu64 " at the start",
			  is->rlim_cur, was->rlim_cur);
		change(changes, ATTRIBUTE_LIMIT_SOFT + i, is->rlim_cur);
		if (was->rlim_max != is->rlim_max)
			change(changes, ATTRIBUTE_LIMIT_HARD + i, is->rlim_max);
	}
}

/* Only what F_SETFL can set; the mode belongs to whoever opened it. */
static void compare_streams(const struct surroundings *before,
			    const struct surroundings *after,
			    struct audit *audit,
			    struct process_changes *changes)
{
	const int settable =
		O_APPEND | O_ASYNC | O_DIRECT | O_NOATIME | O_NONBLOCK;

	for (uint32_t i = 0; i < 3; i++) {
		int was = before->stream_flags[i];
		int is = after->stream_flags[i];

		if (was < 0 || is < 0 || ((was ^ is) & settable) == 0)
			continue;
		audit_add(audit,
			  is & O_ASYNC ? VERDICT_REFUSED : VERDICT_RESTORED,
			  attribute_name(ATTRIBUTE_STREAM_FLAGS + i),
			  "%#o, were %#o at the start", (unsigned)is,
			  (unsigned)was);
		change(changes, ATTRIBUTE_STREAM_FLAGS + i,
		       (uint64_t)(is & settable));
	}
}

static void compare_folder(const struct surroundings *before,
			   const struct surroundings *after,
			   struct audit *audit, struct process_changes *changes)
{
	const char *name = attribute_name(ATTRIBUTE_WORKING_FOLDER);

	if (strcmp(before->working_folder, after->working_folder) == 0)
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
}

static void compare_texts(const struct surroundings *before,
			  const struct surroundings *after, struct audit *audit)
{
	for (int i = 0; i < SURROUNDING_COUNT; i++) {
		if (strcmp(before->texts[i], after->texts[i]) == 0)
			continue;
		audit_add(audit, VERDICT_REFUSED, surrounding_name(i),
			  "'%s', was '%s' at the start", after->texts[i],
			  before->texts[i]);
		audit_remedy(audit, "Let whoever starts the service set it, "
				    "or let the service do so after the ready "
				    "point.");
	}
}

void process_state_compare(const struct process_state *exec,
			   struct process_state *ready, struct audit *audit,
			   struct process_changes *ret_changes)
{
	const struct surroundings *before = &exec->surroundings;
	const struct surroundings *after = &ready->surroundings;

	*ret_changes = (struct process_changes){0};
	for (uint32_t i = 1; i < ATTRIBUTE_FIXED_COUNT; i++)
		if (i == ATTRIBUTE_MEMBARRIER)
			compare_membarrier(exec->self.attributes[i],
					   ready->self.attributes[i], audit);
		else if (i != ATTRIBUTE_UMASK)
			compare_attribute(i, exec->self.attributes[i],
					  ready->self.attributes[i], audit,
					  ret_changes);
	mend_nice(ret_changes);
	compare_attribute(ATTRIBUTE_UMASK, before->umask, after->umask, audit,
			  ret_changes);
	compare_limits(before, after, audit, ret_changes);
	compare_streams(before, after, audit, ret_changes);
	compare_folder(before, after, audit, ret_changes);
	compare_texts(before, after, audit);
	if (ready->self.is_confined && !exec->self.is_confined) {
		audit_add(audit, VERDICT_REFUSED, "Landlock domain",
			  "the service has confined itself");
		audit_remedy(audit, "Confine it after the ready point.");
	}
	if (ready->self.locks_future && !exec->self.locks_future) {
		audit_add(audit, VERDICT_REFUSED, "locked memory",
			  "mlockall(MCL_FUTURE)");
		audit_remedy(audit, "Lock memory after the ready point.");
	}
	for (size_t i = 0; i < CORE_SIGNALS; i++) {
		struct core_signal *is = &ready->self.signals[i];

		is->inherited = is->handler <= (uintptr_t)SIG_IGN &&
				is->handler == exec->self.signals[i].handler;
	}
}

int process_state_layout(pid_t pid, struct core_process *process,
			 struct error *err)
{
	/* Fields of stat, counted from 1, and where they go. */
	const struct {
		int field;
		uint64_t *value;
	} fields[] = {
		{26, &process->start_code},  {27, &process->end_code},
		{28, &process->start_stack}, {45, &process->start_data},
		{46, &process->end_data},    {47, &process->start_brk},
		{48, &process->arg_start},   {49, &process->arg_end},
		{50, &process->env_start},   {51, &process->env_end},
	};
	cleanup_heap char *stat = NULL;
	int r = io_read_filef(&stat, NULL, "/proc/%d/stat", pid);
	const char *at = r == 0 ? strrchr(stat, ')') : NULL;
	int field = 2;

	for (size_t i = 0; at && i < sizeof(fields) / sizeof(*fields); i++) {
		for (; at && field < fields[i].field; field++)
			at = strchr(at + 1, ' ');
		if (at)
			at++;
		if (!at || !take_decimal(&at, fields[i].value))
			at = NULL;
		else
			field = fields[i].field;
		/* Back to the blank before, for the next field. */
		at = at ? at - 1 : NULL;
	}
	if (!at)
		return error_set(err, FAULT_SYSTEM,
				 "cannot read '/proc/%d/stat'", pid);
	return 0;
}
