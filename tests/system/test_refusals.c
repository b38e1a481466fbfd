/*
 * test_refusals.c - what cannot be carried is named, all of it at once, and
 * nothing is written
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/harness.h"

TestSuite(refusals, .init = harness_begin, .fini = harness_end, .timeout = 60);

static void check_refused(const char *const words[],
			  const char *const messages[])
{
	const char *command[16] = {tool_capture(), "-o", "svc.core", "--"};
	struct outcome outcome;

	for (size_t i = 0; words[i]; i++)
		command[4 + i] = words[i];
	outcome = run(NULL, command);
	expect_status(outcome, 3);
	expect_in(outcome.err, "cannot be carried; nothing was written");
	for (size_t i = 0; messages[i]; i++)
		expect_in(outcome.err, messages[i]);
	cr_expect(access("svc.core", F_OK) < 0, "a core was written");
	outcome_free(&outcome);
}

/* Python says in a line what a service in C says in twenty. */
static void check_python(const char *code, const char *message)
{
	char program[2048];

	snprintf(
		program, sizeof(program),
		"import sys, os, ctypes, mmap, signal, time, socket, resource, "
		"fcntl, threading, select, subprocess\n"
		"libc = ctypes.CDLL(None, use_errno=True)\n"
		"%s\nsys.stdin.readline()\n",
		code);
	check_refused(WORDS("/usr/bin/python3", "-c", program), WORDS(message));
}

Test(refusals, everything_is_listed_at_once)
{
	check_refused(WORDS("/usr/bin/python3", "-c",
			    "import os, sys, socket, subprocess\n"
			    "f = open('/etc/passwd')\n"
			    "s = socket.socket()\n"
			    "p = subprocess.Popen(['sleep', '9'])\n"
			    "os.setpgid(0, 0)\n"
			    "sys.stdin.readline()\n"),
		      WORDS("fd 3", "/etc/passwd", "fd 4", "process 'sleep'",
			    "process group and session"));
}

Test(refusals, children)
{
	check_python("p = subprocess.Popen(['sleep', '9'])", "process 'sleep'");
}

Test(refusals, ended_children)
{
	check_python("p = subprocess.Popen(['true'])\ntime.sleep(0.3)",
		     "process 'true'");
}

Test(refusals, orphans_that_live_on)
{
	check_refused(WORDS("sh", "-c", "(sleep 9 &); read x"),
		      WORDS("descendant "));
}

static size_t count(const char *text, const char *wanted)
{
	size_t found = 0;

	for (; (text = strstr(text, wanted)); text++)
		found++;
	return found;
}

/* They end when they see that their parent has; until then they write files. */
static void wait_for_children(const char *report)
{
	int pid;

	for (const char *at = report; (at = strstr(at, "child ")); at++)
		for (int i = 0; sscanf(at, "child %d", &pid) == 1 && i < 1000 &&
				(kill(pid, 0) == 0 || errno != ESRCH);
		     i++)
			usleep(10000);
}

/* Not as root, which it refuses.  A segment outlives it when it is killed. */
static struct outcome capture_postgres(void)
{
	static const char script[] =
		"LC_ALL=C initdb -A trust -E UTF8 --no-sync -D d >log || "
		"exit\n"
		"\"$0\" -o svc.core --carry=all "
		"--ready=output:'ready to accept' -- postgres -D d "
		"-c unix_socket_directories=. -c listen_addresses= "
		"-c dynamic_shared_memory_type=mmap\n"
		"status=$?\n"
		"ipcrm -m $(sed -n '7s,.* ,,p' d/postmaster.pid)\n"
		"exit $status\n";

	if (geteuid() != 0 || getenv("SUBCTX_TEST_UID"))
		return run(NULL, WORDS("sh", "-c", script, tool_capture()));
	cr_assert(chown(".", 65534, 65534) == 0);
	return run(NULL,
		   WORDS("setpriv", "--reuid=65534", "--regid=65534",
			 "--clear-groups", "sh", "-c", script, tool_capture()));
}

static void find_postgres(void)
{
	char path[PATH_MAX * 2];
	glob_t found = {0};

	if (glob("/usr/lib/postgresql/*/bin", 0, NULL, &found) == 0) {
		snprintf(path, sizeof(path), "%s:%s", found.gl_pathv[0],
			 getenv("PATH"));
		setenv("PATH", path, 1);
	}
	globfree(&found);
}

/* Each by what it is for, and who has started it. */
Test(refusals, processes_of_a_database_server)
{
	static const char *const wanted[] = {
		"process 'postgres: ",
		"Start it after the ready point, or wait(2) for its end before",
		"fork_process in postgres",
		"PostmasterMain in postgres",
		"System V shared memory segment",
		"more processes have too",
		"cannot be carried; nothing was written",
	};
	struct outcome outcome;
	size_t children;

	find_postgres();
	if (!has_program("postgres"))
		return;
	outcome = capture_postgres();
	children = count(outcome.err, "refused   child ");
	expect_status(outcome, 3);
	cr_expect(children >= 4, "%s", outcome.err);
	cr_expect(count(outcome.err, "clone(2)") == children, "%s",
		  outcome.err);
	cr_expect(count(outcome.err, "shared memory (/dev/zero") == 1);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		expect_in(outcome.err, wanted[i]);
	cr_expect(access("svc.core", F_OK) < 0, "a core was written");
	wait_for_children(outcome.err);
	outcome_free(&outcome);
}

/* A filter that kills for anything but a read: the service must not be asked. */
Test(refusals, strict_sandboxes_are_left_alone)
{
	check_python("libc.prctl(38, 1, 0, 0, 0)\n"
		     "class F(ctypes.Structure):\n"
		     "    _fields_ = [('n', ctypes.c_ushort), "
		     "('f', ctypes.c_char_p)]\n"
		     "code = (b'\\x20\\0\\0\\0\\0\\0\\0\\0'"
		     "b'\\x15\\0\\1\\0\\0\\0\\0\\0'"
		     "b'\\x06\\0\\0\\0\\0\\0\\0\\0'"
		     "b'\\x06\\0\\0\\0\\0\\0\\xff\\x7f')\n"
		     "f = F(4, code)\nlibc.prctl(22, 2, ctypes.byref(f))",
		     "seccomp filters");
}

Test(refusals, shared_writable_files)
{
	check_python("f = os.open('data', os.O_RDWR | os.O_CREAT)\n"
		     "os.ftruncate(f, 4096)\nm = mmap.mmap(f, 4096)\n"
		     "os.close(f)",
		     "a shared mapping that may be written");
}

Test(refusals, memory_behind_the_end_of_a_file)
{
	check_python("f = os.open('data', os.O_RDWR | os.O_CREAT)\n"
		     "os.ftruncate(f, 8192)\n"
		     "m = mmap.mmap(f, 8192, flags=mmap.MAP_PRIVATE)\n"
		     "os.ftruncate(f, 100)\nos.close(f)",
		     "goes on behind the end of its file");
}

Test(refusals, seccomp_filters_of_the_service)
{
	check_python("libc.prctl(38, 1, 0, 0, 0)\n"
		     "class F(ctypes.Structure):\n"
		     "    _fields_ = [('n', ctypes.c_ushort), "
		     "('f', ctypes.c_char_p)]\n"
		     "code = b'\\x06\\0\\0\\0\\0\\0\\xff\\x7f'\n"
		     "libc.prctl(22, 2, ctypes.byref(F(1, code)))",
		     "seccomp filters");
}

Test(refusals, session_of_its_own)
{
	check_python("os.setpgid(0, 0)", "process group and session");
}

Test(refusals, landlock_domains)
{
	check_python("libc.prctl(38, 1, 0, 0, 0)\n"
		     "a = (ctypes.c_uint64 * 1)(1 << 7)\n"
		     "f = libc.syscall(444, ctypes.byref(a), 8, 0)\n"
		     "libc.syscall(446, f, 0)\nos.close(f)",
		     "Landlock domain");
}

Test(refusals, local_descriptor_tables)
{
	check_python("d = (ctypes.c_uint32 * 4)(0, 0, 0xfffff, 0x51)\n"
		     "libc.syscall(154, 1, ctypes.byref(d), 16)",
		     "local descriptor table");
}

Test(refusals, process_that_is_traced_names_its_tracer)
{
	struct running service, tracer;
	struct outcome outcome;
	char pid[32];

	if (!has_program("strace"))
		return;
	service = start(WORDS(service_path("waits_for_input")));
	snprintf(pid, sizeof(pid), "%d", service.pid);
	await_input(service.pid);
	tracer = start(WORDS("strace", "-p", pid));
	await_input_traced(service.pid, tracer.pid);
	outcome = run(NULL, WORDS(tool_capture(), "--pid", pid));
	expect_status(outcome, 3);
	expect_in(outcome.err, "it is traced by pid");
	expect_in(outcome.err, "(strace)");
	outcome_free(&outcome);
	outcome = finish(service, "x\n", 10);
	outcome_free(&outcome);
	outcome = finish(tracer, NULL, 10);
	outcome_free(&outcome);
}

static void await_state(pid_t pid, char state)
{
	for (int i = 0; i < 10000 && process_state(pid) != state; i++)
		usleep(1000);
	cr_assert(process_state(pid) == state);
}

/* Until it sits in that call. */
static void await_call(pid_t pid, long number)
{
	char path[64], text[32], wanted[32];

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	snprintf(wanted, sizeof(wanted), "%ld ", number);
	for (int i = 0; i < 10000; i++) {
		FILE *file = fopen(path, "r");

		cr_assert(file);
		if (!fgets(text, sizeof(text), file))
			text[0] = '\0';
		fclose(file);
		if (strncmp(text, wanted, strlen(wanted)) == 0)
			return;
		usleep(1000);
	}
	cr_assert_fail("it is in %s", text);
}

static void capture_stopped(const char *pid)
{
	struct outcome outcome = run(NULL, WORDS(tool_capture(), "--pid", pid));

	expect_status(outcome, 3);
	expect_in(outcome.err, "it is stopped");
	expect_in(outcome.err, "Continue it first: kill -CONT ");
	outcome_free(&outcome);
}

/* Stops it, tries to capture it, lets it go on, and tries that again. */
static struct outcome capture_continued(const struct running *service,
					long call)
{
	struct outcome outcome;
	char pid[32];

	snprintf(pid, sizeof(pid), "%d", service->pid);
	await_call(service->pid, call);
	await_state(service->pid, 'S');
	kill(service->pid, SIGSTOP);
	await_state(service->pid, 'T');
	capture_stopped(pid);

	kill(service->pid, SIGCONT);
	await_state(service->pid, 'S');
	outcome = run(NULL,
		      WORDS(tool_capture(), "-o", "svc.core", "--pid", pid));
	/* It is as it was, in a moment. */
	await_state(service->pid, 'S');
	return outcome;
}

static void end(struct running service)
{
	struct outcome outcome;

	kill(service.pid, SIGKILL);
	outcome = finish(service, NULL, 10);
	outcome_free(&outcome);
}

/* The kernel keeps to itself what a call continues; libc's code tells. */
Test(refusals, process_that_was_stopped)
{
	struct running service = start(WORDS("sleep", "1000"));
	struct outcome outcome =
		capture_continued(&service, SYS_clock_nanosleep);

	expect_status(outcome, 0);
	outcome_free(&outcome);
	end(service);
}

Test(refusals, process_that_was_stopped_in_a_call_that_cannot_be_told)
{
	struct running service;
	struct outcome outcome;

	if (!has_program("perl"))
		return;
	service = start(WORDS("perl", "-e", "syscall(7, 0, 0, 1000000)"));
	outcome = capture_continued(&service, SYS_poll);
	expect_status(outcome, 3);
	expect_in(outcome.err, "sits in restart_syscall(2), and the call that "
			       "this continues is not known any more");
	outcome_free(&outcome);
	end(service);
}

Test(refusals, json_lists_the_same)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "--json", "-o", "svc.core",
				"/usr/bin/python3", "-c",
				"f = open('/etc/passwd')\ninput()"));

	expect_status(outcome, 3);
	expect_in(outcome.out, "\"verdict\": \"refused\"");
	expect_in(outcome.out, "\"subject\": \"fd 3\"");
	expect_in(outcome.out, "\"carried\": false");
	outcome_free(&outcome);
}
