/*
 * hidden.c - a service that hides from its own user
 */
#include "hidden.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "common/cleanup.h"
#include "inferior.h"

/* Its mode lets everybody open it; the kernel does not (proc_mem_open()). */
bool hidden_is(const struct tracee *t)
{
	cleanup_fd int fd = -1;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/smaps", t->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 && errno == EACCES;
}

static int set(struct tracee *t, pid_t tid, uint64_t vdso, uint64_t dumpable,
	       struct error *err)
{
	int64_t result;
	int r = inferior_call(
		t, tid, vdso,
		CALL_MUST(SYS_prctl, PR_SET_DUMPABLE, dumpable, 0, 0, 0),
		&result, err);

	if (r == 0 && result < 0)
		return error_system(err, (int)-result,
				    "cannot set the dumpable flag of the "
				    "service");
	return r;
}

int hidden_show(struct tracee *t, pid_t tid, uint64_t vdso,
		int64_t *ret_dumpable, struct error *err)
{
	int r = tracee_leave_call(t, tid, err);

	if (r == 0)
		r = inferior_call(
			t, tid, vdso,
			CALL_MUST(SYS_prctl, PR_GET_DUMPABLE, 0, 0, 0, 0),
			ret_dumpable, err);
	if (r == 0)
		r = set(t, tid, vdso, 1, err);
	return r;
}

int hidden_hide(struct tracee *t, pid_t tid, uint64_t vdso, struct error *err)
{
	return set(t, tid, vdso, 0, err);
}
