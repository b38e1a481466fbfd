/*
 * tracee_spawn.c - from a program to a tracee at its exec
 *
 * The child waits between fork and exec until it is seized, so that it never
 * runs without a tracer, and ends by itself if the tracer does.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/text.h"
#include "tracee_task.h"

/*
 * The service gets the standard streams of its caller and nothing else that
 * happens to be open there: a core could not carry it.
 */
static void hide_descriptors(void)
{
	cleanup_dir DIR *dir = NULL;

	if (close_range(STDERR_FILENO + 1, UINT32_MAX, CLOSE_RANGE_CLOEXEC) ==
	    0)
		return;
	/* The flag is known since Linux 5.11. */
	dir = opendir("/proc/self/fd");
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		const char *at = entry->d_name;
		uint64_t fd;

		if (take_decimal(&at, &fd) && fd > STDERR_FILENO)
			fcntl((int)fd, F_SETFD, FD_CLOEXEC);
	}
}

/* What the child does between fork and exec; the tracer's word is awaited. */
static _Noreturn void become(const struct tracee_program *program, int go_fd,
			     int report_fd, const sigset_t *mask,
			     const struct sigaction *file_size)
{
	char word;
	int code;

	sigaction(SIGXFSZ, file_size, NULL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	if (read(go_fd, &word, 1) != 1)
		_exit(EXIT_FAILURE); /* the tracer is gone */
	hide_descriptors();
	for (size_t i = 0; i < program->handed_on_count; i++)
		fcntl(program->handed_on[i], F_SETFD, 0);
	/* Without privilege a filter needs no_new_privs (seccomp(2)). */
	if (program->filter &&
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program->filter) < 0 &&
	    (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	     prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program->filter) < 0))
		goto failed;
	execve(program->path, program->argv,
	       program->environment ? program->environment : environ);
failed:
	code = errno;
	if (write(report_fd, &code, sizeof(code)) < 0)
		_exit(EXIT_FAILURE);
	_exit(EXIT_FAILURE);
}

static bool is_on_the_way(const struct stop *stop)
{
	return stop->kind == STOP_SIGNAL || stop->kind == STOP_SYSCALL_ENTRY;
}

/* Runs the child up to its exec; what went wrong there comes through a pipe. */
static int await_exec(struct tracee *t, int report_fd, const char *path,
		      struct error *err)
{
	struct stop stop;
	int code;
	int r;

	/* The filter may stop the exec itself. */
	do {
		r = tracee_next_stop(t, UINT64_MAX, &stop, err);
		if (r == 0 && is_on_the_way(&stop))
			r = tracee_resume(t, stop.tid, RESUME_FREELY,
					  stop.signal, err);
	} while (r == 0 && is_on_the_way(&stop));
	if (r < 0)
		return r;
	if (stop.kind == STOP_EXEC)
		return 0;
	if (stop.kind == STOP_CANCELLED)
		return error_set(err, FAULT_SYSTEM,
				 "cannot start '%s': it was cancelled", path);
	if (read(report_fd, &code, sizeof(code)) == sizeof(code))
		return error_system(err, code, "cannot start '%s'", path);
	return error_set(err, FAULT_SYSTEM,
			 "cannot start '%s': it ended before its exec", path);
}

int tracee_spawn(struct tracee *ret_tracee,
		 const struct tracee_program *program, struct error *err)
{
	struct tracee t = {.filtered = program->filter != NULL};
	int go[2], report[2];
	/* A limit on the size of files is to be an error of ours, EFBIG. */
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct sigaction file_size;
	sigset_t waking, mask;
	int r;

	/* So that processes that escape us by two forks become our children. */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	tracee_waking_signals(&waking);
	sigprocmask(SIG_BLOCK, &waking, &mask);
	sigaction(SIGXFSZ, &ignore, &file_size);
	io_read_filef(&t.others, NULL, "/proc/self/task/%d/children", getpid());
	if (pipe2(go, O_CLOEXEC) < 0 || pipe2(report, O_CLOEXEC) < 0)
		return error_system(err, errno, "cannot make a pipe");
	t.pid = fork();
	if (t.pid == 0) {
		close(go[1]);
		become(program, go[0], report[1], &mask, &file_size);
	}
	close(go[0]);
	close(report[1]);
	if (t.pid < 0) {
		r = error_system(err, errno, "cannot start '%s'",
				 program->path);
	} else {
		r = tracee_seize(&t, t.pid, PTRACE_O_EXITKILL, err);
		if (r < 0)
			error_context(err, "cannot trace '%s'", program->path);
	}
	if (r == 0 && write(go[1], "", 1) != 1)
		r = error_system(err, errno, "cannot start '%s'",
				 program->path);
	close(go[1]);
	if (r == 0)
		r = await_exec(&t, report[0], program->path, err);
	close(report[0]);
	if (r < 0)
		tracee_kill(&t);
	else
		*ret_tracee = t;
	return r;
}
