/*
 * process_audit.c - who is bound to the service besides itself
 */
#include "process_audit.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/text.h"
#include "stat_line.h"

enum {
	TITLE_MAX = 80,
};

/*
 * Servers whose processes are all of one program say what each is for in the
 * place of their arguments, "name: what it does" (setproctitle(3bsd)).
 */
static void read_title(pid_t pid, char title[TITLE_MAX])
{
	cleanup_heap char *comm = NULL;
	cleanup_heap char *arguments = NULL;

	title[0] = '\0';
	if (io_read_filef(&comm, NULL, "/proc/%d/comm", pid) == 0)
		snprintf(title, TITLE_MAX, "%.*s", (int)strcspn(comm, "\n"),
			 comm);
	if (io_read_filef(&arguments, NULL, "/proc/%d/cmdline", pid) == 0 &&
	    strstr(arguments, ": "))
		snprintf(title, TITLE_MAX, "%s", arguments);
	for (size_t i = strlen(title); i > 0 && title[i - 1] == ' '; i--)
		title[i - 1] = '\0';
}

static void name_process(struct audit *audit, const char *relation, pid_t pid)
{
	char title[TITLE_MAX];
	char subject[64];

	read_title(pid, title);
	snprintf(subject, sizeof(subject), "%s %d", relation, pid);
	audit_add(audit, VERDICT_REFUSED, subject, "process '%s'", title);
}

static void add_process(struct audit *audit, const char *relation, pid_t pid)
{
	name_process(audit, relation, pid);
	audit_identify(audit, RESOURCE_CHILD, pid);
	audit_remedy(audit, "Start it after the ready point, or wait(2) for "
			    "its end before; some services have an option to "
			    "do without.");
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
	at = stat_field(stat, STAT_PARENT);
	if (at)
		take_decimal(&at, &parent);
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

/* Whoever is traced by a thread of the service, as /proc/PID/status tells. */
static bool is_traced_by(const char *name, const pid_t *tids, size_t count)
{
	cleanup_heap char *status = NULL;
	uint64_t tracer = 0;
	const char *at;

	if (io_read_filef(&status, NULL, "/proc/%s/status", name) < 0)
		return false;
	at = strstr(status, "\nTracerPid:");
	if (!at || !take_word(&at, "\nTracerPid:"))
		return false;
	skip_blanks(&at);
	take_decimal(&at, &tracer);
	for (size_t i = 0; i < count; i++)
		if (tids[i] == (pid_t)tracer)
			return true;
	return false;
}

/* Looked for only when the service is said to have somebody. */
static void audit_tracees(struct audit *audit, const pid_t *tids, size_t count)
{
	cleanup_dir DIR *dir = opendir("/proc");

	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		const char *at = entry->d_name;
		uint64_t pid;

		if (!take_decimal(&at, &pid) ||
		    !is_traced_by(entry->d_name, tids, count))
			continue;
		name_process(audit, "traced process", (pid_t)pid);
		audit_remedy(audit, "Let go of it before the ready point.");
	}
}

int process_audit(const struct tracee *t, bool has_dependents,
		  struct audit *audit, struct error *err)
{
	cleanup_heap pid_t *tids = NULL;
	size_t before = audit_refused(audit);
	size_t count;
	int r = tracee_threads(t, &tids, &count, err);

	if (r < 0)
		return r;
	r = audit_children(t, audit, tids, count, err);
	if (r == 0)
		r = audit_descendants(t, audit, err);
	if (r < 0 || !has_dependents || audit_refused(audit) > before)
		return r;
	audit_tracees(audit, tids, count);
	if (audit_refused(audit) > before)
		return 0;
	audit_add(audit, VERDICT_REFUSED, "another process",
		  "the service waits for one, which cannot be found");
	audit_remedy(audit, "Let go of it before the ready point.");
	return 0;
}
