/*
 * plan_timers.c - the part of a plan that makes timers and arms them
 *
 * Since Linux 6.15 a process may choose the ids of its timers.  Before, the
 * kernel counted them up from 0, and those in between are made and deleted.
 */
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include "plan_build.h"

enum {
	TIMER_IDS = 77, /* PR_TIMER_CREATE_RESTORE_IDS */
	TIMER_IDS_OFF = 0,
	TIMER_IDS_ON = 1,
	TIMER_IDS_GET = 2,
	EVENT_TID = 16, /* sigev_notify_thread_id in struct sigevent */
	CALLS_EACH = 3,
	DATA_EACH = 64 + 8 + 32 + 8,
	SWITCHES = 2,
};

static_assert(sizeof(struct sigevent) == 64, "layout of the kernel");

bool plan_can_choose_timer_ids(void)
{
	return prctl(TIMER_IDS, TIMER_IDS_GET, 0, 0, 0) >= 0;
}

static struct timespec to_timespec(uint64_t ns)
{
	return (struct timespec){
		.tv_sec = (time_t)(ns / 1000000000),
		.tv_nsec = (long)(ns % 1000000000),
	};
}

/* The kernel rounds up to a microsecond, too, so that none gets lost. */
static struct timeval to_timeval(uint64_t ns)
{
	return (struct timeval){
		.tv_sec = (time_t)((ns + 999) / 1000 / 1000000),
		.tv_usec = (suseconds_t)((ns + 999) / 1000 % 1000000),
	};
}

static void make_posix(struct plan *plan, const struct core_timer *t)
{
	struct sigevent event = {
		.sigev_signo = t->signal,
		.sigev_notify = t->notify,
	};
	uint64_t at;

	memcpy(&event.sigev_value, &t->signal_value, sizeof(t->signal_value));
	at = plan_keep(plan, &event, sizeof(event));
	if (t->thread != CORE_THREAD_NONE)
		plan_copy_tid(plan, at + EVENT_TID, t->thread,
			      sizeof(uint32_t));
	plan_add(plan,
		 CALL_GIVES(0, SYS_timer_create, (uint64_t)(int64_t)t->clock,
			    at, plan_keep(plan, &t->id, sizeof(t->id))));
}

/* A place that is not the service's any more, or never was. */
static void skip_id(struct plan *plan, int32_t id, uint64_t event,
		    uint64_t made)
{
	plan_add(plan,
		 CALL_GIVES(0, SYS_timer_create, CLOCK_MONOTONIC, event, made));
	plan_add(plan, CALL_GIVES(0, SYS_timer_delete, (uint64_t)id));
}

static void make_all(struct plan *plan, const struct plan_input *input)
{
	const struct sigevent none = {.sigev_notify = SIGEV_NONE};
	const struct core *core = input->core;
	uint64_t event = plan_keep(plan, &none, sizeof(none));
	uint64_t made = plan_keep(plan, &(uint64_t){0}, sizeof(uint64_t));
	int32_t next = 0;

	for (size_t i = 0; i < core->timer_count; i++) {
		const struct core_timer *t = &core->timers[i];

		if (t->kind != CORE_TIMER_POSIX)
			continue;
		for (; !input->has_timer_ids && next < t->id; next++)
			skip_id(plan, next, event, made);
		make_posix(plan, t);
		next = t->id + 1;
	}
}

static bool is_of_timer(const struct core_pending *pending,
			const struct core_timer *t)
{
	siginfo_t info;

	memcpy(&info, pending->info, sizeof(info));
	return t->kind == CORE_TIMER_POSIX && t->interval_ns > 0 &&
	       info.si_code == SI_TIMER && info.si_timerid == t->id;
}

bool plan_timer_sends(const struct core *core,
		      const struct core_pending *pending)
{
	for (size_t i = 0; i < core->timer_count; i++)
		if (is_of_timer(pending, &core->timers[i]))
			return true;
	return false;
}

static bool has_expired(const struct core *core, const struct core_timer *t)
{
	for (size_t i = 0; i < core->pending_count; i++)
		if (is_of_timer(&core->pending[i], t))
			return true;
	return false;
}

/* In the past, so that it expires at once, and then goes on in step. */
static uint64_t last_expiry(const struct core_timer *t)
{
	struct timespec now = {0};
	uint64_t at;

	clock_gettime(t->clock, &now);
	at = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec +
	     t->remaining_ns;
	return at > t->interval_ns ? at - t->interval_ns : 1;
}

/* That there is a timer with this id proves that it was given. */
static void arm_posix(struct plan *plan, const struct core *core,
		      const struct core_timer *t)
{
	const bool expired = has_expired(core, t);
	const struct itimerspec times = {
		.it_interval = to_timespec(t->interval_ns),
		.it_value =
			to_timespec(expired ? last_expiry(t) : t->remaining_ns),
	};

	plan_add(plan, CALL_GIVES(0, SYS_timer_settime, (uint64_t)t->id,
				  expired ? TIMER_ABSTIME : 0,
				  plan_keep(plan, &times, sizeof(times)), 0));
}

/* One that has expired does so again at once: its signal is pending anyway. */
static void arm_interval(struct plan *plan, const struct core_timer *t)
{
	const struct itimerval times = {
		.it_interval = to_timeval(t->interval_ns),
		.it_value = to_timeval(t->remaining_ns ? t->remaining_ns : 1),
	};

	plan_add(plan, CALL_GIVES(0, SYS_setitimer, (uint64_t)t->id,
				  plan_keep(plan, &times, sizeof(times)), 0));
}

static int32_t highest_id(const struct core *core)
{
	const struct core_timer *last;

	if (core->timer_count == 0)
		return -1;
	last = &core->timers[core->timer_count - 1];
	return last->kind == CORE_TIMER_POSIX ? last->id : -1;
}

void plan_timers(struct plan *plan, const struct plan_input *input)
{
	const struct core *core = input->core;
	bool chooses = input->has_timer_ids && highest_id(core) >= 0;

	if (core->timer_count == 0)
		return;
	if (chooses)
		plan_add(plan, CALL_GIVES(0, SYS_prctl, TIMER_IDS, TIMER_IDS_ON,
					  0, 0, 0));
	make_all(plan, input);
	if (chooses)
		plan_add(plan, CALL_GIVES(0, SYS_prctl, TIMER_IDS,
					  TIMER_IDS_OFF, 0, 0, 0));
	for (size_t i = 0; i < core->timer_count; i++)
		if (core->timers[i].kind == CORE_TIMER_POSIX)
			arm_posix(plan, core, &core->timers[i]);
		else
			arm_interval(plan, &core->timers[i]);
}

size_t plan_timers_calls(const struct plan_input *input)
{
	size_t calls = SWITCHES + input->core->timer_count * CALLS_EACH;

	if (!input->has_timer_ids)
		calls += 2 * (size_t)(highest_id(input->core) + 1);
	return calls;
}

size_t plan_timers_data(const struct core *core)
{
	return (core->timer_count + 1) * DATA_EACH;
}
