/*
 * attach.c - whether a process that runs already may be taken, and why not
 */
#include "attach.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/text.h"

/* The number behind "\nKey:" in /proc/PID/status, or 0. */
static uint64_t status_number(const char *status, const char *key)
{
	const char *at = strstr(status, key);
	uint64_t number = 0;

	if (at && take_word(&at, key)) {
		skip_blanks(&at);
		take_decimal(&at, &number);
	}
	return number;
}

static char status_letter(const char *status)
{
	const char *at = strstr(status, "\nState:");

	if (!at || !take_word(&at, "\nState:"))
		return '?';
	skip_blanks(&at);
	return *at;
}

static int check_tracer(pid_t pid, const char *status, struct error *err)
{
	uint64_t tracer = status_number(status, "\nTracerPid:");
	cleanup_heap char *comm = NULL;

	if (tracer == 0)
		return 0;
	if (io_read_filef(&comm, NULL, "/proc/%d/comm", (int)tracer) == 0)
		comm[strcspn(comm, "\n")] = '\0';
	error_set(err, FAULT_UNSUPPORTED,
		  "cannot capture pid %d: it is traced by pid %d (%s)", pid,
		  (int)tracer, comm ? comm : "");
	error_hint(err, "A process has one tracer at a time. End that one.");
	return -err->code;
}

static int check_state(pid_t pid, const char *status, struct error *err)
{
	char state = status_letter(status);

	if (state == 'Z')
		return error_set(err, FAULT_UNSUPPORTED,
				 "cannot capture pid %d: it has ended (zombie)",
				 pid);
	if (state != 'T')
		return 0;
	error_set(err, FAULT_UNSUPPORTED,
		  "cannot capture pid %d: it is stopped", pid);
	error_hint(err, "Continue it first: kill -CONT %d", pid);
	return -err->code;
}

/* Each condition is looked at before it is named. */
static int check_permission(pid_t pid, const char *status, struct error *err)
{
	cleanup_heap char *scope = NULL;
	uint64_t uid = status_number(status, "\nUid:");
	char path[64];

	if (geteuid() != 0 && uid != geteuid()) {
		error_set(err, FAULT_SYSTEM,
			  "cannot trace pid %d: it belongs to user %d", pid,
			  (int)uid);
		error_hint(err, "Run subctx-capture as that user, or as root.");
		return -err->code;
	}
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	if (geteuid() != 0 && access(path, R_OK) < 0) {
		error_set(err, FAULT_SYSTEM,
			  "cannot trace pid %d: it is not dumpable", pid);
		error_hint(err, "It was started from a file that only may be "
				"executed, or has changed its user. Run "
				"subctx-capture as root.");
		return -err->code;
	}
	if (geteuid() == 0 ||
	    io_read_file("/proc/sys/kernel/yama/ptrace_scope", &scope, NULL) <
		    0 ||
	    scope[0] == '0')
		return 0;
	error_set(err, FAULT_SYSTEM,
		  "cannot trace pid %d: kernel.yama.ptrace_scope is %c", pid,
		  scope[0]);
	error_hint(err, "It keeps a process from tracing any but its children. "
			"Start the service with subctx-capture, or run as "
			"root.");
	return -err->code;
}

int attach_check(pid_t pid, struct error *err)
{
	cleanup_heap char *status = NULL;
	int r = io_read_filef(&status, NULL, "/proc/%d/status", pid);

	if (r == -ENOENT)
		return error_set(err, FAULT_SYSTEM, "there is no process %d",
				 pid);
	if (r < 0)
		return error_system(err, -r, "cannot read '/proc/%d/status'",
				    pid);
	if (pid == getpid() || pid == getppid())
		return error_set(err, FAULT_USAGE,
				 "cannot capture pid %d: it is this program or "
				 "its parent",
				 pid);
	r = check_tracer(pid, status, err);
	if (r == 0)
		r = check_state(pid, status, err);
	if (r == 0)
		r = check_permission(pid, status, err);
	return r;
}
