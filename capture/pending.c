/*
 * pending.c - signals that were sent and not delivered yet
 */
#include "pending.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static int read_queue(struct pending *pending, const struct tracee *t,
		      pid_t tid, uint32_t thread, const char *whose,
		      struct audit *audit, struct error *err)
{
	siginfo_t infos[AT_ONCE];
	size_t got = AT_ONCE;
	uint64_t from = 0;
	int r = 0;

	while (r == 0 && got == AT_ONCE) {
		r = tracee_pending(t, tid, from, infos, AT_ONCE, &got, err);
		if (r == 0)
			r = reserve(pending, got, err);
		for (size_t i = 0; r == 0 && i < got; i++) {
			struct core_pending *item =
				&pending->items[pending->count++];

			*item = (struct core_pending){.thread = thread};
			memcpy(item->info, &infos[i], sizeof(infos[i]));
			if (audit)
				report(audit, whose, infos[i].si_signo);
		}
		from += got;
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
