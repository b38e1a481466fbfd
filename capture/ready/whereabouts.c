/*
 * whereabouts.c - where a stopped thread is, for people
 */
#include "whereabouts.h"

#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "capture/blame/backtrace.h"
#include "capture/blame/symbol.h"

/* Calls in which a thread may be for long, and whose first argument is one. */
static bool takes_descriptor(int64_t number)
{
	static const int calls[] = {
		SYS_accept,	  SYS_accept4,	       SYS_close,
		SYS_connect,	  SYS_copy_file_range, SYS_epoll_pwait,
		SYS_epoll_pwait2, SYS_epoll_wait,      SYS_fallocate,
		SYS_fcntl,	  SYS_fdatasync,       SYS_flock,
		SYS_fsync,	  SYS_ftruncate,       SYS_getdents64,
		SYS_ioctl,	  SYS_mq_timedreceive, SYS_mq_timedsend,
		SYS_pread64,	  SYS_preadv,	       SYS_preadv2,
		SYS_pwrite64,	  SYS_pwritev,	       SYS_pwritev2,
		SYS_read,	  SYS_readv,	       SYS_recvfrom,
		SYS_recvmmsg,	  SYS_recvmsg,	       SYS_sendfile,
		SYS_sendmmsg,	  SYS_sendmsg,	       SYS_sendto,
		SYS_splice,	  SYS_sync_file_range, SYS_syncfs,
		SYS_tee,	  SYS_vmsplice,	       SYS_write,
		SYS_writev,
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (calls[i] == number)
			return true;
	return false;
}

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
	if (name && takes_descriptor((int64_t)regs.orig_rax))
		snprintf(ret_text, size, "it waits in %s(2) on descriptor %d",
			 name, (int)regs.rdi);
	else if (name)
		snprintf(ret_text, size, "it waits in %s(2)", name);
	free(name);
}
