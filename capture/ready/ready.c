/*
 * ready.c - what "ready" means, as the user said it
 */
#include "ready.h"

#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

#define KIND(name) ((uint32_t)1 << CORE_READY_##name)

static int malformed(struct error *err, const char *text, const char *form)
{
	error_set(err, FAULT_USAGE, "cannot understand '--ready=%s'", text);
	error_hint(err, "It is written '%s'.", form);
	return -err->code;
}

static int parse_name(struct ready *ready, const char *rest, struct error *err)
{
	ready->name = rest;
	ready->name_length = strlen(rest);
	if (!rest[0])
		return malformed(err, ready->text,
				 "symbol:NAME' or 'output:TEXT");
	return 0;
}

/* The last colon counts: a file's name may hold others. */
static int parse_line(struct ready *ready, const char *rest, struct error *err)
{
	const char *colon = strrchr(rest, ':');
	const char *at = colon ? colon + 1 : "";

	if (!colon || colon == rest || !take_decimal(&at, &ready->line) ||
	    *at || ready->line == 0)
		return malformed(err, ready->text, "line:FILE:LINE");
	ready->name = rest;
	ready->name_length = (size_t)(colon - rest);
	return 0;
}

static int parse_call(struct ready *ready, const char *rest, struct error *err)
{
	size_t length = strcspn(rest, ":");
	char name[64] = "";
	const char *at = rest + length;
	uint64_t fd;

	ready->fd = -1;
	if (length == 0 || length >= sizeof(name))
		return malformed(err, ready->text, "syscall:NAME[:FD]");
	memcpy(name, rest, length);
	if (take_char(&at, ':')) {
		if (!take_decimal(&at, &fd) || *at || fd > INT32_MAX)
			return malformed(err, ready->text, "syscall:NAME[:FD]");
		ready->fd = (int)fd;
	}
	ready->call = seccomp_syscall_resolve_name(name);
	if (ready->call < 0) {
		error_set(err, FAULT_USAGE, "there is no system call '%s'",
			  name);
		error_hint(err, "ausyscall --dump lists those that there are.");
		return -err->code;
	}
	return 0;
}

/* Seconds, with a fraction if need be. */
static int parse_after(struct ready *ready, const char *rest, struct error *err)
{
	char *end;
	double seconds = strtod(rest, &end);

	if (end == rest || *end || !(seconds >= 0 && seconds <= 1e9))
		return malformed(err, ready->text, "after:SECONDS");
	ready->after_ms = (uint64_t)(seconds * 1000);
	return 0;
}

static int parse_signal(struct ready *ready, const char *rest,
			struct error *err)
{
	const char *name = strncmp(rest, "SIG", 3) == 0 ? rest + 3 : rest;
	uint64_t number;

	for (int i = 1; i < NSIG; i++) {
		const char *known = sigabbrev_np(i);

		if (known && strcmp(known, name) == 0)
			ready->signal = i;
	}
	if (take_decimal(&rest, &number) && !*rest && number < NSIG)
		ready->signal = (int)number;
	if (ready->signal == 0 || ready->signal == SIGKILL)
		return malformed(err, ready->text, "signal:NAME");
	return 0;
}

static const struct {
	const char *word;
	uint32_t kinds;
	int (*parse)(struct ready *ready, const char *rest, struct error *err);
} forms[] = {
	{"default", KIND(MARKER) | KIND(STOP) | KIND(NOTIFY) | KIND(STDIN),
	 NULL},
	{"marker", KIND(MARKER), NULL},
	{"stop", KIND(STOP), NULL},
	{"notify", KIND(NOTIFY), NULL},
	{"stdin", KIND(STDIN), NULL},
	{"symbol:", KIND(SYMBOL), parse_name},
	{"line:", KIND(LINE), parse_line},
	{"syscall:", KIND(SYSCALL), parse_call},
	{"output:", KIND(OUTPUT), parse_name},
	{"after:", KIND(AFTER), parse_after},
	{"signal:", KIND(SIGNAL), parse_signal},
};

int ready_parse(struct ready *ret_ready, const char *text, struct error *err)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct ready ready = {.kinds = forms[i].kinds, .text = text};
		const char *rest = text;
		int r = 0;

		if (!take_word(&rest, forms[i].word) ||
		    (!forms[i].parse && *rest))
			continue;
		if (forms[i].parse)
			r = forms[i].parse(&ready, rest, err);
		if (r == 0)
			*ret_ready = ready;
		return r;
	}
	return malformed(err, text,
			 "default', 'marker', 'stop', 'notify', 'stdin', "
			 "'symbol:NAME', 'line:FILE:LINE', "
			 "'syscall:NAME[:FD]', 'output:TEXT', "
			 "'after:SECONDS' or 'signal:NAME");
}

struct ready ready_now(void)
{
	return (struct ready){.kinds = KIND(NOW), .text = "now"};
}

bool ready_needs_watch(const struct ready *ready)
{
	return ready->kinds & (KIND(MARKER) | KIND(SYMBOL) | KIND(LINE));
}

const char *ready_words(enum core_ready kind)
{
	static const char *const words[] = {
		[CORE_READY_NOW] = "as it was",
		[CORE_READY_MARKER] = "at subctx_ready()",
		[CORE_READY_STOP] = "when it stopped itself",
		[CORE_READY_NOTIFY] = "when it said READY=1",
		[CORE_READY_STDIN] = "before it waited for standard input",
		[CORE_READY_SYMBOL] = "before the function",
		[CORE_READY_LINE] = "before the line",
		[CORE_READY_SYSCALL] = "before the system call",
		[CORE_READY_OUTPUT] = "after the output",
		[CORE_READY_AFTER] = "after the time",
		[CORE_READY_SIGNAL] = "at the signal",
	};

	return words[kind];
}
