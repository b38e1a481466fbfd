/*
 * ready.h - what "ready" means, as the user said it
 *
 *	--ready=default            marker, stop, notify or stdin: the first
 *	--ready=marker             the probe of subctx.h
 *	--ready=stop               raise(SIGSTOP)
 *	--ready=notify             READY=1 on $NOTIFY_SOCKET, as sd_notify(3)
 *	--ready=stdin              before it first waits for standard input
 *	--ready=symbol:NAME        before a function's first instruction
 *	--ready=line:FILE:LINE     before a source line's first instruction
 *	--ready=syscall:NAME[:FD]  before a system call
 *	--ready=output:TEXT        after it has written TEXT to stdout or stderr
 *	--ready=after:SECONDS      wherever it is then
 *	--ready=signal:NAME        when it is sent a signal, which is consumed
 */
#ifndef READY_READY_H
#define READY_READY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/core_format.h"
#include "common/error.h"

/*
 * @kinds: a bit for each enum core_ready that may come first
 * @name: of a symbol or a file, or the text to be written; borrowed
 * @name_length: bytes of it that count
 * @fd: a call's first argument, or -1 for any
 */
struct ready {
	uint32_t kinds;
	const char *name;
	size_t name_length;
	uint64_t line;
	int64_t call;
	int fd;
	uint64_t after_ms;
	int signal;
	const char *text;
};

static inline bool ready_may_be(const struct ready *ready, enum core_ready kind)
{
	return ready->kinds >> kind & 1;
}

/* @text is what stands behind "--ready=" and has to stay. */
int ready_parse(struct ready *ret_ready, const char *text, struct error *err);
/* Ready as it is: for a process that runs already. */
struct ready ready_now(void);

/* Whether a breakpoint has to watch for it. */
bool ready_needs_watch(const struct ready *ready);
/* "at subctx_ready()", "before it read standard input" */
const char *ready_words(enum core_ready kind);

#endif
