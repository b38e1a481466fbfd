/*
 * whereabouts.c - where a stopped thread is, for people
 */
#include "whereabouts.h"

#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>

#include "backtrace.h"
#include "symbol.h"

void whereabouts_stack(const struct tracee *t, pid_t tid, char *ret_text,
		       size_t size)
{
	struct error ignored = {0};
	struct symbols *symbols = NULL;
	struct backtrace backtrace;

	ret_text[0] = '\0';
	if (backtrace_take(&backtrace, tid, &ignored) < 0 ||
	    symbols_open(&symbols, t->pid, &ignored) < 0)
		return;
	symbols_describe_backtrace(symbols, &backtrace, ret_text, size);
	symbols_close(symbols);
}

void whereabouts_call(const struct tracee *t, pid_t tid, char *ret_text,
		      size_t size)
{
	struct user_regs_struct regs;
	struct error ignored = {0};
	char *name;

	snprintf(ret_text, size, "it runs");
	if (tracee_registers(t, tid, &regs, &ignored) < 0 ||
	    (int64_t)regs.orig_rax < 0)
		return;
	name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE,
						(int)regs.orig_rax);
	if (name)
		snprintf(ret_text, size, "it waits in %s(%lld)", name,
			 (long long)(int)regs.rdi);
	free(name);
}
