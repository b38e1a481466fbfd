/*
 * threads.c - all threads of the service
 */
#include "threads.h"

#include <errno.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"

static void name_thread(char subject[32], pid_t tid)
{
	snprintf(subject, 32, "thread %d", tid);
}

/* What clone(2) and unshare(2) can give to a thread alone. */
static void audit_sharing(pid_t pid, pid_t tid, struct audit *audit)
{
	static const struct {
		int type;
		const char *refusal;
	} kinds[] = {
		{KCMP_FILES, "has a descriptor table of its own"},
		{KCMP_FS, "has a working folder, root and umask of its own"},
		{KCMP_VM, "has memory of its own"},
	};
	char subject[32];

	name_thread(subject, tid);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (syscall(SYS_kcmp, pid, tid, kinds[i].type, 0, 0) <= 0)
			continue;
		audit_add(audit, VERDICT_REFUSED, subject, "%s",
			  kinds[i].refusal);
		audit_remedy(audit, "Let it part with the others after the "
				    "ready point.");
	}
}

static int audit_surroundings(pid_t pid, pid_t tid,
			      const struct surroundings *process,
			      struct audit *audit, struct error *err)
{
	char subject[32];
	struct surroundings own;
	int r = surroundings_read_thread(&own, pid, tid, err);

	name_thread(subject, tid);
	for (int i = 0; r == 0 && i < SURROUNDING_COUNT; i++) {
		if (!surrounding_is_of_thread(i) ||
		    strcmp(own.texts[i], process->texts[i]) == 0)
			continue;
		audit_add(audit, VERDICT_REFUSED, subject,
			  "has %s of its own: '%s', the process '%s'",
			  surrounding_name(i), own.texts[i], process->texts[i]);
		audit_remedy(audit, "Let it change them after the ready "
				    "point.");
	}
	return r;
}

bool threads_are_sandboxed(const struct tracee *t,
			   const struct surroundings *exec, struct audit *audit)
{
	cleanup_heap pid_t *tids = NULL;
	struct error ignored = {0};
	bool differs = false;
	size_t count = 0;

	if (tracee_threads(t, &tids, &count, &ignored) < 0)
		return false; /* whoever reads them next says why */
	for (size_t i = 0; i < count; i++) {
		struct surroundings now;

		if (surroundings_read_thread(&now, t->pid, tids[i], &ignored) <
		    0)
			continue;
		for (int k = SURROUNDING_SECCOMP; k <= SURROUNDING_FILTERS;
		     k++) {
			if (strcmp(exec->texts[k], now.texts[k]) == 0)
				continue;
			differs = true;
			audit_add(audit, VERDICT_REFUSED, surrounding_name(k),
				  "'%s' in thread %d, was '%s' at the start",
				  now.texts[k], tids[i], exec->texts[k]);
			audit_remedy(audit, "Let the service confine itself "
					    "after the ready point.");
		}
		if (differs)
			break;
	}
	return differs;
}

/* In the order of the core: the ready one, then as they were started. */
static void put_first(pid_t *tids, size_t count, pid_t ready)
{
	for (size_t i = 0; i < count; i++)
		if (tids[i] == ready) {
			memmove(tids + 1, tids, i * sizeof(*tids));
			tids[0] = ready;
			return;
		}
}

int threads_read(struct threads *ret_threads, struct tracee *t, pid_t ready,
		 const struct foreign_code *foreign,
		 const struct surroundings *process, struct audit *audit,
		 struct error *err)
{
	struct threads *threads = ret_threads;
	cleanup_heap pid_t *tids = NULL;
	size_t count;
	int r = tracee_threads(t, &tids, &count, err);

	if (r < 0)
		return r;
	threads->pid = t->pid;
	put_first(tids, count, ready);
	threads->items = calloc(count, sizeof(*threads->items));
	if (!threads->items)
		return error_system(err, ENOMEM, "cannot keep the threads");
	for (size_t i = 0; r == 0 && i < count; i++) {
		r = thread_state_read(&threads->items[i], t, tids[i], foreign,
				      audit, err);
		threads->count = i + 1;
		if (r < 0 || tids[i] == t->pid)
			continue;
		audit_sharing(t->pid, tids[i], audit);
		r = audit_surroundings(t->pid, tids[i], process, audit, err);
	}
	return r;
}

int threads_ask(struct threads *threads, const struct inferior *inferior,
		struct audit *audit, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < threads->count; i++) {
		struct thread_state *state = &threads->items[i];

		r = thread_report_ask(&state->report, inferior,
				      (pid_t)state->core.tid, err);
		if (r == 0)
			thread_state_complete(state, inferior->tracee,
					      threads->count, audit);
	}
	return r;
}

uint32_t threads_find(const struct threads *threads, pid_t tid)
{
	for (uint32_t i = 0; i < threads->count; i++)
		if (threads->items[i].core.tid == (uint32_t)tid)
			return i;
	return CORE_THREAD_NONE;
}

void threads_deinit(struct threads *threads)
{
	for (size_t i = 0; i < threads->count; i++)
		free(threads->items[i].xstate);
	free(threads->items);
	*threads = (struct threads){0};
}
