/*
 * pending.c - signals that were sent and not delivered yet
 */
#include "pending.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/text.h"

enum {
	AT_ONCE = 32,
	/* The first two real-time signals are libc's own. */
	FIRST_REAL_TIME = 34,
};

static_assert(sizeof(siginfo_t) == CORE_SIGINFO_SIZE, "of the kernel");

static const char *signal_text(int number, char text[32])
{
	const char *name = sigabbrev_np(number);

	if (name)
		snprintf(text, 32, "SIG%s", name);
	else
		snprintf(text, 32, "SIGRTMIN%+d", number - FIRST_REAL_TIME);
	return text;
}

static int reserve(struct pending *pending, size_t more, struct error *err)
{
	size_t capacity = pending->capacity ? pending->capacity * 2 : AT_ONCE;
	struct core_pending *items;

	if (pending->count + more <= pending->capacity)
		return 0;
	items = realloc(pending->items, capacity * sizeof(*items));
	if (!items)
		return error_system(err, ENOMEM, "cannot keep its signals");
	pending->items = items;
	pending->capacity = capacity;
	return 0;
}

static void report(struct audit *audit, const char *whose, int number)
{
	char name[32];

	signal_text(number, name);
	if (number == SIGKILL || number == SIGSTOP) {
		audit_add(audit, VERDICT_REFUSED, "pending signal", "%s of %s",
			  name, whose);
		audit_remedy(audit, "It is about to end or stop the service.");
		return;
	}
	audit_add(audit, VERDICT_RESTORED, "pending signal", "%s of %s", name,
		  whose);
}

static int add(struct pending *pending, uint32_t thread, const siginfo_t *info,
	       struct error *err)
{
	int r = reserve(pending, 1, err);

	if (r < 0)
		return r;
	pending->items[pending->count] =
		(struct core_pending){.thread = thread};
	memcpy(pending->items[pending->count++].info, info, sizeof(*info));
	return 0;
}

static bool has(const struct pending *pending, size_t first, int number)
{
	for (size_t i = first; i < pending->count; i++) {
		siginfo_t info;

		memcpy(&info, pending->items[i].info, sizeof(info));
		if (info.si_signo == number)
			return true;
	}
	return false;
}

/*
 * Where there is no more room in the queue (RLIMIT_SIGPENDING), a signal is
 * sent all the same, but nothing is known of it then (__send_signal_locked()).
 * @first: where what is in the queue begins
 */
static int add_unqueued(struct pending *pending, pid_t pid, pid_t tid,
			uint32_t thread, size_t first, struct error *err)
{
	cleanup_heap char *status = NULL;
	const char *key = tid ? "\nSigPnd:\t" : "\nShdPnd:\t";
	const char *at;
	uint64_t set = 0;
	int r = io_read_filef(&status, NULL, "/proc/%d/task/%d/status", pid,
			      tid ? tid : pid);

	if (r < 0)
		return error_system(err, -r,
				    "cannot read the signals of thread %d",
				    tid ? tid : pid);
	at = strstr(status, key);
	if (at && take_word(&at, key))
		take_hex(&at, &set);
	for (int i = 1; r == 0 && i <= CORE_SIGNALS; i++)
		if (set >> (i - 1) & 1 && !has(pending, first, i))
			r = add(pending, thread, &(siginfo_t){.si_signo = i},
				err);
	return r;
}

static int read_queue(struct pending *pending, const struct tracee *t,
		      pid_t tid, uint32_t thread, const char *whose,
		      struct audit *audit, struct error *err)
{
	const size_t first = pending->count;
	siginfo_t infos[AT_ONCE];
	size_t got = AT_ONCE;
	uint64_t from = 0;
	int r = 0;

	while (r == 0 && got == AT_ONCE) {
		r = tracee_pending(t, tid, from, infos, AT_ONCE, &got, err);
		for (size_t i = 0; r == 0 && i < got; i++)
			r = add(pending, thread, &infos[i], err);
		from += got;
	}
	if (r == 0)
		r = add_unqueued(pending, t->pid, tid, thread, first, err);
	for (size_t i = first; r == 0 && audit && i < pending->count; i++) {
		siginfo_t info;

		memcpy(&info, pending->items[i].info, sizeof(info));
		report(audit, whose, info.si_signo);
	}
	return r;
}

int pending_read(struct pending *ret_pending, const struct tracee *t,
		 const struct threads *threads, struct audit *audit,
		 struct error *err)
{
	int r = read_queue(ret_pending, t, 0, CORE_THREAD_NONE, "the process",
			   audit, err);

	for (uint32_t i = 0; r == 0 && i < threads->count; i++) {
		pid_t tid = (pid_t)threads->items[i].core.tid;
		char whose[32];

		snprintf(whose, sizeof(whose), "thread %d", tid);
		r = read_queue(ret_pending, t, tid, i, whose, audit, err);
	}
	return r;
}

void pending_deinit(struct pending *pending)
{
	free(pending->items);
	*pending = (struct pending){0};
}
