/*
 * timers.c - timers that will send a signal: setitimer(2), timer_create(2)
 */
#include "timers.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/text.h"

enum {
	/* linux/posix-timers.h: what the low bits of a negative clock say */
	CLOCK_OF_THREAD = 4,
	CLOCK_KIND = 3,
	CLOCK_IS_FD = 3,
	INTERVALS = 3, /* by ITIMER_* */
};

static int add(struct timers *timers, const struct core_timer *timer,
	       struct error *err)
{
	if (timers->count == timers->capacity) {
		size_t capacity = timers->capacity ? timers->capacity * 2 : 16;
		struct core_timer *items =
			realloc(timers->items, capacity * sizeof(*items));

		if (!items)
			return error_system(err, ENOMEM,
					    "cannot keep its timers");
		timers->items = items;
		timers->capacity = capacity;
	}
	timers->items[timers->count++] = *timer;
	return 0;
}

static uint64_t microseconds(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * 1000000 + (uint64_t)time->tv_usec;
}

static int add_intervals(struct timers *timers, const struct inferior *inferior,
			 pid_t tid, struct audit *audit, struct error *err)
{
	static const char *const names[INTERVALS] = {
		"ITIMER_REAL", "ITIMER_VIRTUAL", "ITIMER_PROF"};
	struct itimerval answers[INTERVALS];
	struct call calls[INTERVALS];
	int r;

	for (uint64_t i = 0; i < INTERVALS; i++)
		calls[i] = CALL_GIVES(0, SYS_getitimer, i,
				      inferior->data + i * sizeof(*answers));
	r = inferior_run(inferior, tid, calls, INTERVALS, err);
	if (r == 0)
		r = tracee_read(inferior->tracee, inferior->data, answers,
				sizeof(answers), err);
	for (int32_t i = 0; r == 0 && i < INTERVALS; i++) {
		const struct core_timer timer = {
			.kind = CORE_TIMER_INTERVAL,
			.id = i,
			.thread = CORE_THREAD_NONE,
			.remaining_ns =
				microseconds(&answers[i].it_value) * 1000,
			.interval_ns =
				microseconds(&answers[i].it_interval) * 1000,
		};

		/*
		 * A timer that has expired goes on when its signal is taken;
		 * until then only its interval shows (dequeue_signal()).
		 */
		if (timer.remaining_ns == 0 && timer.interval_ns == 0)
			continue;
		audit_add(audit, VERDICT_RESTORED, "interval timer", "%s",
			  names[i]);
		r = add(timers, &timer, err);
	}
	return r;
}

/* "signal/tid.4711", and then the clock; *ret_task is 4711. */
static bool take_notify(const char **at, struct core_timer *timer,
			uint64_t *ret_task)
{
	if (!take_word(at, "notify: "))
		return false;
	if (take_word(at, "signal/"))
		timer->notify = SIGEV_SIGNAL;
	else if (take_word(at, "none/"))
		timer->notify = SIGEV_NONE;
	else
		return false;
	if (take_word(at, "tid."))
		timer->notify |= SIGEV_THREAD_ID;
	else if (!take_word(at, "pid."))
		return false;
	return take_decimal(at, ret_task);
}

static bool take_clock(const char **at, struct core_timer *timer)
{
	bool is_negative;
	uint64_t clock;

	if (!take_word(at, "ClockID: "))
		return false;
	is_negative = take_word(at, "-");
	if (!take_decimal(at, &clock))
		return false;
	timer->clock = is_negative ? -(int32_t)clock : (int32_t)clock;
	return true;
}

static bool take_timer(const char **at, struct core_timer *timer,
		       uint64_t *ret_task)
{
	uint64_t id, signal;

	if (!take_word(at, "ID: ") || !take_decimal(at, &id))
		return false;
	skip_line(at);
	if (!take_word(at, "signal: ") || !take_decimal(at, &signal) ||
	    !take_word(at, "/") || !take_hex(at, &timer->signal_value))
		return false;
	skip_line(at);
	if (!take_notify(at, timer, ret_task))
		return false;
	skip_line(at);
	if (!take_clock(at, timer))
		return false;
	skip_line(at);
	timer->id = (int32_t)id;
	timer->signal = (int32_t)signal;
	return true;
}

/* A clock of CPU time names a task; only the process itself is known again. */
static const char *refuse_clock(struct core_timer *timer, pid_t pid,
				size_t thread_count)
{
	const int32_t clock = timer->clock;

	if (clock == CLOCK_THREAD_CPUTIME_ID && thread_count > 1)
		return "on the CPU time of one thread";
	if (clock >= 0)
		return NULL;
	if ((clock & CLOCK_KIND) == CLOCK_IS_FD)
		return "on a clock that is a device";
	if (clock & CLOCK_OF_THREAD)
		return "on the CPU time of one thread";
	if (~(clock >> 3) != pid && ~(clock >> 3) != 0)
		return "on the CPU time of another process";
	timer->clock = -8 | (clock & CLOCK_KIND); /* pid 0: the own one */
	return NULL;
}

static const char *refuse_timer(struct core_timer *timer, uint64_t task,
				const struct threads *threads, pid_t pid)
{
	timer->thread = CORE_THREAD_NONE;
	if (timer->notify & SIGEV_THREAD_ID) {
		timer->thread = threads_find(threads, (pid_t)task);
		if (timer->thread == CORE_THREAD_NONE)
			return "for a thread that is gone";
	}
	return refuse_clock(timer, pid, threads->count);
}

int timers_parse(struct timers *timers, const char *text,
		 const struct threads *threads, pid_t pid, struct audit *audit,
		 struct error *err)
{
	int r = 0;

	for (const char *at = text; r == 0 && *at;) {
		struct core_timer timer = {.kind = CORE_TIMER_POSIX};
		const char *refusal;
		char subject[32];
		uint64_t task;

		if (!take_timer(&at, &timer, &task))
			return error_set(err, FAULT_SYSTEM,
					 "cannot read '/proc/%d/timers'", pid);
		snprintf(subject, sizeof(subject), "timer %d", timer.id);
		refusal = refuse_timer(&timer, task, threads, pid);
		audit_add(audit, refusal ? VERDICT_REFUSED : VERDICT_RESTORED,
			  subject, "POSIX timer %s", refusal ? refusal : "");
		audit_identify(audit, RESOURCE_TIMER, timer.id);
		if (refusal)
			audit_remedy(audit, "Make it after the ready point.");
		r = add(timers, &timer, err);
	}
	return r;
}

static int compare(const void *a, const void *b)
{
	const struct core_timer *first = a, *second = b;

	if (first->kind != second->kind)
		return first->kind < second->kind ? -1 : 1;
	return (first->id > second->id) - (first->id < second->id);
}

static uint64_t nanoseconds(const struct timespec *time)
{
	return (uint64_t)time->tv_sec * 1000000000 + (uint64_t)time->tv_nsec;
}

/* Of at most TIMERS_AT_ONCE. */
static int ask_times(struct core_timer *items, size_t count,
		     const struct inferior *inferior, pid_t tid,
		     struct error *err)
{
	struct itimerspec answers[TIMERS_AT_ONCE];
	struct call calls[TIMERS_AT_ONCE];
	int r;

	for (size_t i = 0; i < count; i++)
		calls[i] = CALL_GIVES(
			0, SYS_timer_gettime, (uint64_t)items[i].id,
			inferior->data + i * sizeof(struct itimerspec));
	r = inferior_run(inferior, tid, calls, count, err);
	if (r == 0)
		r = tracee_read(inferior->tracee, inferior->data, answers,
				count * sizeof(*answers), err);
	for (size_t i = 0; r == 0 && i < count; i++) {
		if (calls[i].result != 0)
			return error_system(err, (int)-calls[i].result,
					    "cannot ask for timer %d",
					    items[i].id);
		items[i].remaining_ns = nanoseconds(&answers[i].it_value);
		items[i].interval_ns = nanoseconds(&answers[i].it_interval);
	}
	return r;
}

int timers_read(struct timers *ret_timers, const struct inferior *inferior,
		pid_t tid, const struct threads *threads, struct audit *audit,
		struct error *err)
{
	const pid_t pid = inferior->tracee->pid;
	cleanup_heap char *text = NULL;
	struct timers *timers = ret_timers;
	size_t first;
	int r = add_intervals(timers, inferior, tid, audit, err);

	if (r < 0)
		return r;
	r = io_read_filef(&text, NULL, "/proc/%d/timers", pid);
	if (r < 0)
		return error_system(err, -r, "cannot read '/proc/%d/timers'",
				    pid);
	first = timers->count;
	r = timers_parse(timers, text, threads, pid, audit, err);
	if (r == 0 && timers->count > 0)
		qsort(timers->items, timers->count, sizeof(*timers->items),
		      compare);
	for (size_t i = first; r == 0 && i < timers->count;
	     i += TIMERS_AT_ONCE) {
		size_t left = timers->count - i;

		r = ask_times(timers->items + i,
			      left < TIMERS_AT_ONCE ? left : TIMERS_AT_ONCE,
			      inferior, tid, err);
	}
	return r;
}

static bool is_of(const struct core_pending *pending,
		  const struct core_timer *timer)
{
	siginfo_t info;

	memcpy(&info, pending->info, sizeof(info));
	return info.si_code == SI_TIMER && info.si_timerid == timer->id &&
	       info.si_signo == timer->signal;
}

void timers_note_missed(const struct timers *timers,
			const struct pending *pending, struct audit *audit)
{
	for (size_t i = 0; i < timers->count; i++) {
		const struct core_timer *timer = &timers->items[i];
		char subject[32];

		if (timer->kind != CORE_TIMER_POSIX || timer->interval_ns == 0)
			continue;
		for (size_t k = 0; k < pending->count; k++) {
			if (!is_of(&pending->items[k], timer))
				continue;
			snprintf(subject, sizeof(subject), "timer %d",
				 timer->id);
			audit_add(audit, VERDICT_NOTED, subject,
				  "its signal is not taken yet; how often it "
				  "has expired since is counted anew");
			break;
		}
	}
}

size_t timers_data_size(void)
{
	return TIMERS_AT_ONCE * sizeof(struct itimerspec);
}

void timers_deinit(struct timers *timers)
{
	free(timers->items);
	*timers = (struct timers){0};
}
