/*
 * test_timers.c - what /proc/PID/timers says of timers
 */
#include "capture/state/timers.h"
#include "tests/expect.h"

static struct thread_state states[2] = {{.core.tid = 4711}, {.core.tid = 4712}};
static const struct threads threads = {.items = states, .count = 2};
static struct audit audit;
static struct timers timers;

static void deinit(void)
{
	timers_deinit(&timers);
	audit_deinit(&audit);
}

TestSuite(timers, .fini = deinit);

static void parse(const char *text)
{
	struct error err = {0};

	cr_assert(timers_parse(&timers, text, &threads, 4711, &audit, &err) ==
			  0,
		  "%s", err.text);
}

Test(timers, each_paragraph_is_one)
{
	parse("ID: 0\nsignal: 14/0000000000000000\n"
	      "notify: signal/pid.4711\nClockID: 0\n"
	      "ID: 7\nsignal: 35/00007ffe12345678\n"
	      "notify: signal/tid.4712\nClockID: 1\n"
	      "ID: 9\nsignal: 0/0000000000000005\n"
	      "notify: none/pid.4711\nClockID: 9\n");

	cr_assert(timers.count == 3);
	cr_expect(timers.items[0].id == 0 && timers.items[0].signal == 14);
	cr_expect(timers.items[0].thread == CORE_THREAD_NONE);
	cr_expect(timers.items[1].id == 7 && timers.items[1].clock == 1);
	cr_expect(timers.items[1].signal_value == 0x7ffe12345678);
	cr_expect(timers.items[1].thread == 1);
	cr_expect(timers.items[1].notify == 4, "SIGEV_THREAD_ID");
	cr_expect(timers.items[2].notify == 1, "SIGEV_NONE");
	cr_expect(audit_refused(&audit) == 0);
}

static void expect_refused(const char *clock, const char *who, const char *what)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "ID: 1\nsignal: 14/0\nnotify: signal/%s\nClockID: %s\n", who,
		 clock);
	audit_deinit(&audit);
	parse(text);
	cr_expect(audit_refused(&audit) == 1, "%s", text);
	expect_contains(audit.items[0].what, what);
}

Test(timers, what_cannot_be_made_again_is_refused)
{
	expect_refused("1", "tid.4799", "for a thread that is gone");
	expect_refused("3", "pid.4711", "on the CPU time of one thread");
	/* ~4712 << 3 | 4 | 2: of a thread; ~99 << 3 | 2: of another process */
	expect_refused("-37698", "pid.4711", "on the CPU time of one thread");
	expect_refused("-798", "pid.4711",
		       "on the CPU time of another process");
	expect_refused("-5", "pid.4711", "on a clock that is a device");
}

/* ~4711 << 3 | 2; with 0 for the process id it is whoever asks. */
Test(timers, own_clock_of_cpu_time_is_that_of_any_self)
{
	parse("ID: 1\nsignal: 14/0\nnotify: signal/pid.4711\nClockID: -37694\n");

	cr_assert(timers.count == 1);
	cr_expect(timers.items[0].clock == -6);
	cr_expect(audit_refused(&audit) == 0);
}

Test(timers, what_is_not_understood_is_an_error)
{
	static const char *const texts[] = {
		"ID: x\n",
		"ID: 1\nsignal: 14\n",
		"ID: 1\nsignal: 14/0\nnotify: thread/pid.1\nClockID: 0\n",
		"ID: 1\nsignal: 14/0\nnotify: signal/xid.1\nClockID: 0\n",
		"ID: 1\nsignal: 14/0\nnotify: signal/pid.1\n",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct error err = {0};

		cr_expect(timers_parse(&timers, texts[i], &threads, 4711,
				       &audit, &err) < 0,
			  "%s", texts[i]);
		expect_text(err.text, "cannot read '/proc/4711/timers'");
	}
}
