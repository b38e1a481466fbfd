/*
 * process_audit.c - what is bound to the process besides memory and files
 */
#include "process_audit.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/core_format.h"
#include "common/io.h"
#include "common/text.h"

static const char *signal_text(int number, char text[32])
{
	const char *name = sigabbrev_np(number);

	if (name)
		snprintf(text, 32, "SIG%s", name);
	else
		snprintf(text, 32, "SIGRTMIN+%d", number - 34);
	return text;
}

static void audit_pending(const struct tracee *t, struct audit *audit)
{
	static const char *const keys[] = {"SigPnd:", "ShdPnd:"};
	cleanup_heap char *status = NULL;
	char name[32];

	if (io_read_filef(&status, NULL, "/proc/%d/status", t->pid) < 0)
		return;
	for (size_t k = 0; k < 2; k++) {
		const char *at = strstr(status, keys[k]);
		uint64_t set = 0;

		if (!at || !take_word(&at, keys[k]))
			continue;
		skip_blanks(&at);
		take_hex(&at, &set);
		for (int i = 1; i <= CORE_SIGNALS; i++) {
			if (!(set >> (i - 1) & 1))
				continue;
			audit_add(audit, VERDICT_REFUSED, "pending signal",
				  "%s", signal_text(i, name));
			audit_remedy(audit, "Unblock or accept it before the "
					    "ready point.");
		}
	}
}

static void audit_threads(const struct tracee *t, struct audit *audit,
			  const pid_t *tids, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		cleanup_heap char *comm = NULL;
		char subject[64];

		if (io_read_filef(&comm, NULL, "/proc/%d/task/%d/comm", t->pid,
				  tids[i]) == 0)
			comm[strcspn(comm, "\n")] = '\0';
		snprintf(subject, sizeof(subject), "thread %d", tids[i]);
		audit_add(audit, VERDICT_REFUSED, subject,
			  "'%s', beside the main thread", comm ? comm : "");
		audit_remedy(audit, "Start threads after the ready point.");
	}
}

static void add_process(struct audit *audit, const char *relation, pid_t pid)
{
	cleanup_heap char *comm = NULL;
	char subject[64];

	if (io_read_filef(&comm, NULL, "/proc/%d/comm", pid) == 0)
		comm[strcspn(comm, "\n")] = '\0';
	snprintf(subject, sizeof(subject), "%s %d", relation, pid);
	audit_add(audit, VERDICT_REFUSED, subject, "process '%s'",
		  comm ? comm : "");
	audit_remedy(audit, "Start it after the ready point, or wait(2) for "
			    "its end before.");
}

/* CONFIG_PROC_CHILDREN; every distribution has it, CRIU needs it too. */
static int audit_children(const struct tracee *t, struct audit *audit,
			  const pid_t *tids, size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		cleanup_heap char *text = NULL;
		const char *at;
		uint64_t child;
		int r = io_read_filef(&text, NULL, "/proc/%d/task/%d/children",
				      t->pid, tids[i]);

		if (r < 0)
			return error_system(err, -r,
					    "cannot read the children of "
					    "thread %d",
					    tids[i]);
		for (at = text; take_decimal(&at, &child); skip_blanks(&at))
			add_process(audit, "child", (pid_t)child);
	}
	return 0;
}

static pid_t parent_of(pid_t pid)
{
	cleanup_heap char *stat = NULL;
	const char *at;
	uint64_t parent = 0;

	if (io_read_filef(&stat, NULL, "/proc/%d/stat", pid) < 0)
		return 0;
	at = strrchr(stat, ')');
	if (at && strlen(at) > strlen(") S ")) {
		at += strlen(") S ");
		take_decimal(&at, &parent);
	}
	return (pid_t)parent;
}

/* Those whose parent has ended are nobody's children, but live. */
static int audit_descendants(const struct tracee *t, struct audit *audit,
			     struct error *err)
{
	cleanup_heap pid_t *tids = NULL;
	size_t count;
	int r = tracee_descendants(t, &tids, &count, err);

	for (size_t i = 0; r == 0 && i < count; i++)
		if (parent_of(tids[i]) != t->pid)
			add_process(audit, "descendant", tids[i]);
	return r;
}

static void audit_timers(const struct process_state *ready,
			 const struct tracee *t, struct audit *audit)
{
	static const char *const clocks[] = {"ITIMER_REAL", "ITIMER_VIRTUAL",
					     "ITIMER_PROF"};
	cleanup_heap char *text = NULL;

	for (size_t i = 0; i < 3; i++) {
		if (!ready->self.interval_timers[i])
			continue;
		audit_add(audit, VERDICT_REFUSED, "interval timer", "%s",
			  clocks[i]);
		audit_remedy(audit, "Arm it after the ready point.");
	}
	if (io_read_filef(&text, NULL, "/proc/%d/timers", t->pid) < 0)
		return;
	for (const char *at = text; *at; skip_line(&at)) {
		const char *word = at;
		char subject[64];
		uint64_t id;

		if (!take_word(&word, "ID: ") || !take_decimal(&word, &id))
			continue;
		snprintf(subject, sizeof(subject), "timer %d", (int)id);
		audit_add(audit, VERDICT_REFUSED, subject, "POSIX timer");
		audit_remedy(audit, "Make it after the ready point.");
	}
}

int process_audit(const struct process_state *ready, const struct tracee *t,
		  struct audit *audit, struct error *err)
{
	cleanup_heap pid_t *tids = NULL;
	size_t count;
	int r = tracee_threads(t, &tids, &count, err);

	if (r < 0)
		return r;
	audit_threads(t, audit, tids, count);
	r = audit_children(t, audit, tids, count, err);
	if (r == 0)
		r = audit_descendants(t, audit, err);
	audit_timers(ready, t, audit);
	audit_pending(t, audit);
	return r;
}
