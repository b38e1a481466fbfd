/*
 * test_ready.c - what stands behind --ready=, taken apart or refused
 */
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "capture/ready/ready.h"
#include "tests/expect.h"

#define KIND(name) (1u << CORE_READY_##name)

static struct ready parse(const char *text)
{
	struct ready ready = {0};
	struct error err = {0};

	cr_assert(ready_parse(&ready, text, &err) == 0, "%s", err.text);
	expect_text(ready.text, text);
	return ready;
}

Test(ready, words_name_their_kind)
{
	cr_expect(parse("default").kinds ==
		  (KIND(MARKER) | KIND(STOP) | KIND(NOTIFY) | KIND(STDIN)));
	cr_expect(parse("marker").kinds == KIND(MARKER));
	cr_expect(parse("stop").kinds == KIND(STOP));
	cr_expect(parse("notify").kinds == KIND(NOTIFY));
	cr_expect(parse("stdin").kinds == KIND(STDIN));
}

static void expect_name(const char *text, uint32_t kinds, const char *name)
{
	struct ready ready = parse(text);
	char copy[64];

	snprintf(copy, sizeof(copy), "%.*s", (int)ready.name_length,
		 ready.name);
	cr_expect(ready.kinds == kinds);
	expect_text(copy, name);
}

Test(ready, symbol_and_output_are_kept_whole)
{
	expect_name("symbol:main", KIND(SYMBOL), "main");
	expect_name("symbol:ns::f(int)", KIND(SYMBOL), "ns::f(int)");
	expect_name("output:Ready. :-)\n", KIND(OUTPUT), "Ready. :-)\n");
	expect_name("output: ", KIND(OUTPUT), " ");
}

Test(ready, line_is_what_stands_behind_the_last_colon)
{
	expect_name("line:svc.c:12", KIND(LINE), "svc.c");
	cr_expect(parse("line:svc.c:12").line == 12);
	expect_name("line:a:b.c:7", KIND(LINE), "a:b.c");
	cr_expect(parse("line:a:b.c:7").line == 7);
}

Test(ready, system_call_has_a_number_and_perhaps_a_descriptor)
{
	cr_expect(parse("syscall:read").kinds == KIND(SYSCALL));
	cr_expect(parse("syscall:read").call == SYS_read);
	cr_expect(parse("syscall:read").fd == -1);
	cr_expect(parse("syscall:accept4:3").call == SYS_accept4);
	cr_expect(parse("syscall:accept4:3").fd == 3);
	cr_expect(parse("syscall:read:0").fd == 0);
	cr_expect(parse("syscall:read:2147483647").fd == INT32_MAX);
}

Test(ready, seconds_may_have_a_fraction)
{
	cr_expect(parse("after:0").kinds == KIND(AFTER));
	cr_expect(parse("after:0").after_ms == 0);
	cr_expect(parse("after:2").after_ms == 2000);
	cr_expect(parse("after:0.25").after_ms == 250);
	cr_expect(parse("after:1e3").after_ms == 1000000);
}

Test(ready, signal_goes_by_name_or_number)
{
	cr_expect(parse("signal:USR1").kinds == KIND(SIGNAL));
	cr_expect(parse("signal:USR1").signal == SIGUSR1);
	cr_expect(parse("signal:SIGUSR2").signal == SIGUSR2);
	cr_expect(parse("signal:1").signal == SIGHUP);
	cr_expect(parse("signal:64").signal == 64);
}

Test(ready, what_is_malformed_is_refused_with_its_form)
{
	static const struct {
		const char *text;
		const char *form;
	} rows[] = {
		{"", "'default', 'marker'"},
		{"markers", "'default', 'marker'"},
		{"MARKER", "'default', 'marker'"},
		{" stop", "'default', 'marker'"},
		{"symbol", "'default', 'marker'"},
		{"default:", "'default', 'marker'"},
		{"symbol:", "'symbol:NAME' or 'output:TEXT'"},
		{"output:", "'symbol:NAME' or 'output:TEXT'"},
		{"line:", "'line:FILE:LINE'"},
		{"line:svc.c", "'line:FILE:LINE'"},
		{"line:svc.c:", "'line:FILE:LINE'"},
		{"line:svc.c:0", "'line:FILE:LINE'"},
		{"line:svc.c:-1", "'line:FILE:LINE'"},
		{"line:svc.c:1x", "'line:FILE:LINE'"},
		{"line:svc.c:99999999999999999999", "'line:FILE:LINE'"},
		{"line::12", "'line:FILE:LINE'"},
		{"syscall:", "'syscall:NAME[:FD]'"},
		{"syscall::3", "'syscall:NAME[:FD]'"},
		{"syscall:read:", "'syscall:NAME[:FD]'"},
		{"syscall:read:x", "'syscall:NAME[:FD]'"},
		{"syscall:read:-1", "'syscall:NAME[:FD]'"},
		{"syscall:read:1:2", "'syscall:NAME[:FD]'"},
		{"syscall:read:2147483648", "'syscall:NAME[:FD]'"},
		{"syscall:"
		 "a_name_that_is_longer_than_that_of_any_call_there_ever_was_"
		 "in_Linux",
		 "'syscall:NAME[:FD]'"},
		{"after:", "'after:SECONDS'"},
		{"after:x", "'after:SECONDS'"},
		{"after:1s", "'after:SECONDS'"},
		{"after:-1", "'after:SECONDS'"},
		{"after:nan", "'after:SECONDS'"},
		{"after:inf", "'after:SECONDS'"},
		{"after:1e10", "'after:SECONDS'"},
		{"signal:", "'signal:NAME'"},
		{"signal:SIG", "'signal:NAME'"},
		{"signal:usr1", "'signal:NAME'"},
		{"signal:0", "'signal:NAME'"},
		{"signal:65", "'signal:NAME'"},
		{"signal:9", "'signal:NAME'"},
		{"signal:KILL", "'signal:NAME'"},
		{"signal:SIGKILL", "'signal:NAME'"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct ready ready = {.line = 77};
		struct error err = {0};
		char message[128];

		snprintf(message, sizeof(message),
			 "cannot understand '--ready=%s'", rows[i].text);
		cr_expect(ready_parse(&ready, rows[i].text, &err) < 0,
			  "taken: %s", rows[i].text);
		expect_text(err.text, message);
		expect_contains(err.hint, rows[i].form);
		cr_expect(err.fault == FAULT_USAGE && ready.line == 77);
	}
}

Test(ready, call_that_there_is_not_is_named)
{
	struct ready ready;
	struct error err = {0};

	cr_expect(ready_parse(&ready, "syscall:raed:0", &err) < 0);

	expect_text(err.text, "there is no system call 'raed'");
	cr_expect(err.hint[0]);
}

/* x86-64 has no such number; libseccomp makes one up below 0. */
Test(ready, call_of_another_processor_is_refused)
{
	struct ready ready;
	struct error err = {0};

	cr_expect(ready_parse(&ready, "syscall:socketcall", &err) < 0);

	expect_text(err.text, "there is no system call 'socketcall'");
}

Test(ready, what_is_in_the_code_needs_a_watch)
{
	struct ready now = ready_now();

	static const struct {
		const char *text;
		bool needs;
	} rows[] = {
		{"default", true},     {"marker", true},
		{"symbol:main", true}, {"line:a.c:1", true},
		{"stop", false},       {"stdin", false},
		{"output:x", false},   {"syscall:read", false},
		{"after:1", false},    {"signal:HUP", false},
		{"notify", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct ready ready = parse(rows[i].text);

		cr_expect(ready_needs_watch(&ready) == rows[i].needs, "%s",
			  rows[i].text);
	}
	cr_expect(!ready_needs_watch(&now));
	cr_expect(ready_may_be(&now, CORE_READY_NOW));
}

Test(ready, every_kind_has_words)
{
	for (enum core_ready kind = CORE_READY_NOW; kind <= CORE_READY_SIGNAL;
	     kind++) {
		cr_assert(ready_words(kind) != NULL);
		cr_expect(strlen(ready_words(kind)) > 3);
	}
}
