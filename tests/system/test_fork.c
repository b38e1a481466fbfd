/*
 * test_fork.c - a service that lives on is copied from a fork of it
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness.h"

TestSuite(fork, .init = harness_begin, .fini = harness_end, .timeout = 120);

enum {
	MOMENTS = 4,
	SETTLED_S =
		5, /* after that a file is taken for one that nobody writes */
};

/* Holds up what is read from the fork, and a little before. */
#define WAITING                                                   \
	"strace", "-o", "/dev/null", "-e", "trace=pread64", "-e", \
		"inject=pread64:delay_enter=100000:when=1..60"

static void expect_capture(const char *const words[], const char *said)
{
	struct outcome outcome = run(NULL, words);

	expect_status(outcome, 0);
	expect_in(outcome.out, said);
	outcome_free(&outcome);
}

static bool is_named(pid_t pid, const char *name)
{
	char path[64], comm[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = fopen(path, "r");
	if (file && fgets(comm, sizeof(comm), file))
		comm[strcspn(comm, "\n")] = '\0';
	if (file)
		fclose(file);
	return strcmp(comm, name) == 0;
}

/* The other process of that name, stopped by its tracer, or 0. */
static pid_t find_fork(const char *name, pid_t service)
{
	DIR *dir = opendir("/proc");
	pid_t found = 0;

	for (struct dirent *entry; (entry = readdir(dir));) {
		pid_t pid = atoi(entry->d_name);

		if (pid > 0 && pid != service && process_state(pid) == 't' &&
		    is_named(pid, name))
			found = pid;
	}
	closedir(dir);
	return found;
}

/* The number in a line of /proc/PID/status. */
static int status_number(pid_t pid, const char *key)
{
	char path[64], line[256];
	int number = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, key, strlen(key)) == 0)
			number = atoi(line + strlen(key));
	if (file)
		fclose(file);
	return number;
}

/*
 * A service, under a name of its own as tests run side by side, and a capture of
 * it that waits while its fork is copied.
 */
struct scene {
	struct running service;
	struct running capture;
	pid_t fork;
	char name[32];
};

static bool is_on(const struct scene *scene)
{
	return scene->fork && process_state(scene->service.pid) == 'S' &&
	       status_number(scene->service.pid, "TracerPid:") == 0;
}

static struct scene begin_copying(const char *argument)
{
	struct scene scene = {0};
	char copy[40], pid[32];

	snprintf(scene.name, sizeof(scene.name), "l%d", getpid());
	snprintf(copy, sizeof(copy), "./%s", scene.name);
	cr_assert(symlink(service_path("is_large"), copy) == 0);
	scene.service = start(WORDS(copy, argument));
	await_input(scene.service.pid);
	snprintf(pid, sizeof(pid), "--pid=%d", scene.service.pid);
	scene.capture =
		start(WORDS(WAITING, tool_capture(), "-o", "svc.core", pid));
	for (int i = 0; i < 3000 && !is_on(&scene); i++) {
		usleep(1000);
		scene.fork = find_fork(scene.name, scene.service.pid);
	}
	if (!is_on(&scene)) {
		struct outcome outcome = finish(scene.capture, "", 20);

		cr_assert(false, "no fork was seen: %s", outcome.err);
	}
	return scene;
}

static void expect_gone(pid_t pid)
{
	char state = '?';

	for (int i = 0; i < 5000; i++) {
		state = process_state(pid);
		if (state == '?' || state == 'Z')
			return;
		usleep(1000);
	}
	cr_expect(false, "%d is still there: %c", pid, state);
}

/* The service goes on and finds nothing that is not its own. */
static void end_scene(struct scene *scene, const char *said)
{
	struct outcome outcome = finish(scene->service, "x\n", 20);

	expect_gone(scene->fork);
	expect_out(outcome, said);
	outcome_free(&outcome);
}

/* state: threads that still work when another is ready */
Test(fork, copy_is_of_one_moment_and_the_service_works_on)
{
	struct running service = start(WORDS(service_path("always_writes")));
	struct outcome outcome;
	char text[16], pid[32];

	cr_assert(read(service.out, text, 8) == 8);
	snprintf(pid, sizeof(pid), "--pid=%d", service.pid);
	for (int i = 0; i < MOMENTS; i++) {
		struct running restored;

		expect_capture(
			WORDS(tool_capture(), "--json", "-o", "svc.core", pid),
			"\"forked\": true");
		restored = start(WORDS(tool_restore(), "svc.core"));
		for (int k = 0;
		     k < 10000 && !is_named(restored.pid, "always_writes"); k++)
			usleep(1000);
		usleep(200000);
		kill(restored.pid, SIGTERM);
		outcome = finish(restored, "", 20);
		expect_out(outcome, "ok\n");
		outcome_free(&outcome);
	}
	kill(service.pid, SIGTERM);
	outcome = finish(service, "", 20);
	expect_out(outcome, "ok\n");
	outcome_free(&outcome);
}

/* Shared memory is not the fork's own, and is copied before. */
Test(fork, shared_memory_is_of_the_same_moment)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "--leave-running", "--settle=0",
				"--json", "-o", "svc.core",
				service_path("always_writes"), "3"));

	expect_status(outcome, 0);
	expect_in(outcome.out, "\"forked\": true");
	expect_in(outcome.out, "\nok\n");
	outcome_free(&outcome);
	outcome = run(NULL, WORDS(tool_restore(), "svc.core"));
	expect_out(outcome, "ok\n");
	outcome_free(&outcome);
}

/* What was copied first lies behind what is copied then, and stays. */
Test(fork, shared_memory_stays_when_zeros_are_left_out_below)
{
	struct outcome outcome = run(
		"x\n", WORDS(tool_capture(), "--leave-running", "--json", "-o",
			     "svc.core", service_path("is_large"), "shared"));

	expect_status(outcome, 0);
	expect_in(outcome.out, "\"forked\": true");
	outcome_free(&outcome);
	outcome = run("x\n", WORDS(tool_restore(), "svc.core"));
	expect_out(outcome, "ok\n");
	outcome_free(&outcome);
}

/* @said: in the report; it checks itself in both lives */
static void check_capture(const char *argument, const char *said)
{
	struct running service =
		start(WORDS(service_path("is_large"), argument));
	struct outcome outcome;
	char pid[32];

	await_input(service.pid);
	snprintf(pid, sizeof(pid), "--pid=%d", service.pid);
	expect_capture(WORDS(tool_capture(), "--json", "-o", "svc.core", pid),
		       said);
	outcome = finish(service, "x\n", 20);
	expect_out(outcome, "ok\n");
	outcome_free(&outcome);
	outcome = run("x\n", WORDS(tool_restore(), "svc.core"));
	expect_out(outcome, "ok\n");
	outcome_free(&outcome);
}

Test(fork, nothing_of_it_is_left_with_the_service)
{
	check_capture("", "\"forked\": true");
}

Test(fork, service_that_cannot_have_one_is_copied_as_it_stands)
{
	check_capture("subreaper",
		      "\"not_forked_because\": \"it is a child subreaper, and "
		      "would be the parent of its fork\"");
	check_capture("dontfork", "\"not_forked_because\": \"it keeps memory "
				  "from forks (MADV_DONTFORK)\"");
	/* The limit does not hold for root. */
	if (getenv("SUBCTX_TEST_UID"))
		check_capture("nproc",
			      "\"not_forked_because\": \"it cannot fork: "
			      "Resource temporarily unavailable\"");
}

static pid_t child_of(pid_t pid)
{
	char path[64];
	int child = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	file = fopen(path, "r");
	if (file && fscanf(file, "%d", &child) != 1)
		child = 0;
	if (file)
		fclose(file);
	return child;
}

/* Inside of its pid namespace, where it is the parent of all orphans. */
Test(fork, init_of_a_namespace_is_copied_as_it_stands)
{
	struct running unshare;
	struct outcome outcome;
	char pid[32], core[PATH_MAX];

	if (getenv("SUBCTX_TEST_UID") || getuid() != 0 ||
	    !has_program("unshare"))
		return;
	unshare = start(WORDS("unshare", "--pid", "--fork", "--mount-proc",
			      service_path("is_large")));
	for (int i = 0; i < 2000 && !child_of(unshare.pid); i++)
		usleep(1000);
	await_input(child_of(unshare.pid));
	snprintf(pid, sizeof(pid), "%d", child_of(unshare.pid));
	cr_assert(realpath(".", core) != NULL);
	strncat(core, "/svc.core", sizeof(core) - strlen(core) - 1);
	expect_capture(WORDS("nsenter", "--target", pid, "--pid", "--mount",
			     tool_capture(), "--pid=1", "--json", "-o", core),
		       "\"not_forked_because\": \"it is the init of its pid "
		       "namespace, and would be the parent of its fork\"");
	outcome = finish(unshare, "x\n", 20);
	expect_out(outcome, "ok\n");
	outcome_free(&outcome);
}

Test(fork, small_service_is_not_worth_one)
{
	struct running service = start(WORDS(service_path("waits_for_input")));
	struct outcome outcome;
	char pid[32];

	await_input(service.pid);
	snprintf(pid, sizeof(pid), "--pid=%d", service.pid);
	outcome = run(NULL,
		      WORDS(tool_capture(), "--json", "-o", "svc.core", pid));
	expect_status(outcome, 0);
	expect_in(outcome.out, "\"stopped_ms\": ");
	expect_in(outcome.out, "\"forked\": false");
	cr_expect(!strstr(outcome.out, "not_forked_because"), "%s",
		  outcome.out);
	outcome_free(&outcome);
	outcome = finish(service, "x\n", 20);
	outcome_free(&outcome);
}

/* The thread that is ready is the one that forks. */
Test(fork, thread_that_is_ready_is_not_the_main_one)
{
	struct running both =
		start(WORDS(tool_capture(), "--leave-running", "-o", "svc.core",
			    service_path("is_large"), "thread"));
	struct outcome outcome = finish(both, "", 20);

	expect_status(outcome, 0);
	expect_in(outcome.err, ", stopped for ");
	outcome_free(&outcome);
	outcome = run("x\n", WORDS(tool_restore(), "svc.core"));
	expect_out(outcome, "ok\n");
	outcome_free(&outcome);
}

/* It has no descriptors, so that whoever waits for the end of one sees that. */
Test(fork, fork_is_apart)
{
	struct scene scene;
	struct outcome outcome;
	char path[64];

	if (!has_program("strace"))
		return;
	scene = begin_copying("");
	cr_expect(status_number(scene.fork, "PPid:") != scene.service.pid);
	snprintf(path, sizeof(path), "/proc/%d/fd/0", scene.fork);
	cr_expect(faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
		  errno == ENOENT);
	end_scene(&scene, "ok\n");
	outcome = finish(scene.capture, "", 20);
	expect_status(outcome, 0);
	expect_in(outcome.err, ", stopped for ");
	outcome_free(&outcome);
	outcome = run("x\n", WORDS(tool_restore(), "svc.core"));
	expect_out(outcome, "ok\n");
	outcome_free(&outcome);
}

Test(fork, service_may_die_meanwhile)
{
	struct scene scene;
	struct outcome outcome;

	if (!has_program("strace"))
		return;
	scene = begin_copying("");
	kill(scene.service.pid, SIGKILL);
	outcome = finish(scene.service, "", 20);
	outcome_free(&outcome);
	outcome = finish(scene.capture, "", 20);
	expect_status(outcome, 0);
	outcome_free(&outcome);
	expect_gone(scene.fork);
	outcome = run("x\n", WORDS(tool_restore(), "svc.core"));
	expect_out(outcome, "ok\n");
	outcome_free(&outcome);
}

/* Ends one of them while the fork is copied. */
static void check_interrupted(bool is_capturer, int signal, int status,
			      const char *said)
{
	struct scene scene;
	struct outcome outcome;

	if (!has_program("strace"))
		return;
	scene = begin_copying("");
	kill(is_capturer ? status_number(scene.fork, "TracerPid:") : scene.fork,
	     signal);
	outcome = finish(scene.capture, "", 20);
	expect_status(outcome, status);
	expect_in(outcome.err, said);
	outcome_free(&outcome);
	cr_expect(access("svc.core", F_OK) < 0);
	end_scene(&scene, "ok\n");
}

Test(fork, fork_that_is_killed_is_missed)
{
	check_interrupted(false, SIGKILL, 1,
			  "the fork of the service that was copied was killed");
}

Test(fork, interrupt_leaves_nothing)
{
	check_interrupted(true, SIGINT, 128 + SIGINT, "it was cancelled");
}

Test(fork, capturer_that_is_killed_takes_it_along)
{
	check_interrupted(true, SIGKILL, 128 + SIGKILL, "");
}

static void write_file(const char *text)
{
	int fd = open("file", O_WRONLY | O_CREAT, 0644);

	cr_assert(fd >= 0 && write(fd, text, strlen(text)) > 0);
	close(fd);
}

/* Nobody knows which of its pages are of which time. */
Test(fork, file_that_is_written_meanwhile_is_noticed)
{
	struct scene scene;
	struct outcome outcome;

	if (!has_program("strace"))
		return;
	write_file("old");
	sleep(SETTLED_S);
	scene = begin_copying("./file");
	write_file("new");
	outcome = finish(scene.capture, "", 20);
	expect_status(outcome, 1);
	expect_in(outcome.err, "file', which it maps, was written or replaced "
			       "while it was copied");
	outcome_free(&outcome);
	end_scene(&scene, "n\nok\n");
}

/* What was written a moment ago is copied before the service is let go. */
Test(fork, file_that_is_being_written_is_of_the_moment)
{
	struct scene scene;
	struct outcome outcome;
	pid_t writer;

	if (!has_program("strace"))
		return;
	write_file("old");
	writer = fork();
	while (writer == 0) {
		write_file("old");
		usleep(10000);
	}
	scene = begin_copying("./file");
	kill(writer, SIGKILL);
	waitpid(writer, NULL, 0);
	write_file("new");
	outcome = finish(scene.capture, "", 20);
	expect_status(outcome, 0);
	outcome_free(&outcome);
	end_scene(&scene, "n\nok\n");
	outcome = run("x\n", WORDS(tool_restore(), "svc.core"));
	expect_out(outcome, "o\nok\n");
	outcome_free(&outcome);
}

/*
 * A service that was started ends with a capture that fails, and no other child
 * of whoever started the capturer.
 */
Test(fork, failure_ends_what_was_started)
{
	struct outcome outcome;

	if (!has_program("strace"))
		return;
	outcome = run(
		NULL,
		WORDS("strace", "-o", "/dev/null", "-e", "trace=ftruncate",
		      "-e", "inject=ftruncate:error=EIO", "sh", "-c",
		      "sleep 30 >/dev/null 2>&1 & echo $! >other; exec \"$@\"",
		      "sh", tool_capture(), "--leave-running", "-o", "svc.core",
		      service_path("is_large")));
	expect_status(outcome, 1);
	cr_expect(system("kill $(cat other)") == 0, "another child is gone");
	expect_in(outcome.err, "cannot write the memory: Input/output error");
	outcome_free(&outcome);
}
