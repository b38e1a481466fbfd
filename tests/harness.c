/*
 * harness.c - running the tools and the services as a user runs them
 */
#include "harness.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	TEXT_MAX = 1 << 20,
	PATHS_MAX = 64,
	PROC_MAX = 4096,
	AWAIT_S = 10,
};

/* Criterion runs each test in a process of its own. */
static char folder[PATH_MAX];
static char *paths[PATHS_MAX];
static size_t path_count;

static uid_t test_uid(void)
{
	const char *text = getenv("SUBCTX_TEST_UID");

	return text && geteuid() == 0 ? (uid_t)atoi(text) : 0;
}

void harness_begin(void)
{
	const char *base = getenv("TMPDIR");

	snprintf(folder, sizeof(folder), "%s/subctx-XXXXXX",
		 base ? base : "/tmp");
	cr_assert(mkdtemp(folder) && chdir(folder) == 0);
	cr_assert(chmod(folder, 0755) == 0);
	if (test_uid())
		cr_assert(chown(folder, test_uid(), test_uid()) == 0);
	signal(SIGPIPE, SIG_IGN);
}

void harness_end(void)
{
	char command[PATH_MAX + 16];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	cr_expect(chdir("/") == 0 && system(command) == 0);
	while (path_count > 0)
		free(paths[--path_count]);
}

/* The same path that was kept before, or this one. */
static char *kept(char *path)
{
	for (size_t i = 0; i < path_count; i++)
		if (strcmp(paths[i], path) == 0) {
			free(path);
			return paths[i];
		}
	cr_assert(path_count < PATHS_MAX);
	return paths[path_count++] = path;
}

/* A build folder may be out of reach for another user, so he gets a copy. */
static const char *reachable(const char *path)
{
	const char *name = strrchr(path, '/');
	char command[3 * PATH_MAX];
	size_t before;
	char *copy;

	if (!test_uid())
		return path;
	cr_assert(name && asprintf(&copy, "%s%s", folder, name) > 0);
	before = path_count;
	copy = kept(copy);
	if (path_count == before)
		return copy;
	snprintf(command, sizeof(command), "cp '%s' '%s'", path, copy);
	cr_assert(system(command) == 0);
	return copy;
}

static const char *from_environment(const char *name)
{
	const char *value = getenv(name);

	cr_assert(value, "%s is not set; run the tests with meson test", name);
	return value;
}

const char *tool_capture(void)
{
	return reachable(from_environment("SUBCTX_CAPTURE"));
}

const char *tool_restore(void)
{
	return reachable(from_environment("SUBCTX_RESTORE"));
}

const char *tool_inspect(void)
{
	return reachable(from_environment("SUBCTX_INSPECT"));
}

const char *tool_addresses(void)
{
	return reachable(from_environment("SUBCTX_ADDRESSES"));
}

const char *tool_launch(void)
{
	return reachable(from_environment("SUBCTX_LAUNCH"));
}

const char *service_path(const char *name)
{
	char *path;

	cr_assert(asprintf(&path, "%s/%s", from_environment("SUBCTX_SERVICES"),
			   name) > 0);
	return reachable(kept(path));
}

static _Noreturn void become(const char *const words[], int pipes[3][2])
{
	uid_t uid = test_uid();

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(pipes[0][0], STDIN_FILENO);
	dup2(pipes[1][1], STDOUT_FILENO);
	dup2(pipes[2][1], STDERR_FILENO);
	close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGHUP, SIG_DFL); /* which nohup(1) has ignored */
	if (uid && (setgroups(0, NULL) < 0 || setgid(uid) < 0 ||
		    setuid(uid) < 0 || setenv("HOME", folder, 1) < 0))
		_exit(126);
	execvp(words[0], (char *const *)words);
	_exit(127);
}

struct running start(const char *const words[])
{
	struct running running;
	int pipes[3][2];

	for (int i = 0; i < 3; i++)
		cr_assert(pipe2(pipes[i], O_CLOEXEC) == 0);
	running.pid = fork();
	cr_assert(running.pid >= 0);
	if (running.pid == 0)
		become(words, pipes);
	close(pipes[0][0]);
	close(pipes[1][1]);
	close(pipes[2][1]);
	running.in = pipes[0][1];
	running.out = pipes[1][0];
	running.err = pipes[2][0];
	return running;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* False at the end of the stream. */
static bool collect(int fd, char *text, size_t *used)
{
	ssize_t got;

	do
		got = read(fd, text + *used, TEXT_MAX - 1 - *used);
	while (got < 0 && errno == EINTR);
	if (got > 0)
		*used += (size_t)got;
	text[*used] = '\0';
	return got > 0;
}

static int shell_status(int status)
{
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status);
}

struct outcome finish(struct running running, const char *input, int seconds)
{
	struct outcome outcome = {.out = calloc(1, TEXT_MAX),
				  .err = calloc(1, TEXT_MAX)};
	struct pollfd fds[] = {{running.out, POLLIN, 0},
			       {running.err, POLLIN, 0}};
	char *texts[] = {outcome.out, outcome.err};
	size_t used[] = {0, 0};
	double end = now() + seconds;
	int status;

	/* A program that refuses to start reads nothing. */
	if (input && write(running.in, input, strlen(input)) < 0)
		cr_expect(errno == EPIPE);
	close(running.in);
	while ((fds[0].fd >= 0 || fds[1].fd >= 0) && now() < end) {
		if (poll(fds, 2, 100) < 0)
			continue;
		for (int i = 0; i < 2; i++)
			if (fds[i].fd >= 0 && fds[i].revents &&
			    !collect(fds[i].fd, texts[i], &used[i]))
				fds[i].fd = -1;
	}
	if (now() >= end) {
		cr_expect(false, "still runs after %d s; out: %s err: %s",
			  seconds, outcome.out, outcome.err);
		kill(running.pid, SIGKILL);
	}
	waitpid(running.pid, &status, 0);
	close(running.out);
	close(running.err);
	outcome.status = shell_status(status);
	return outcome;
}

struct outcome run(const char *input, const char *const words[])
{
	return finish(start(words), input, 60);
}

void outcome_free(struct outcome *outcome)
{
	free(outcome->out);
	free(outcome->err);
	*outcome = (struct outcome){0};
}

bool cannot_be_had(const struct outcome *outcome, const char *const words[])
{
	struct outcome alone;

	if (!strstr(outcome->err, "exited with status 77"))
		return false;
	alone = run("hello\n", words);
	cr_expect(alone.status == 77,
		  "%s cannot have it under the capturer only: status %d\n%s",
		  words[0], alone.status, outcome->err);
	outcome_free(&alone);
	return true;
}

void skip_if_not_had(const struct outcome *outcome, const char *const words[])
{
	if (cannot_be_had(outcome, words))
		skip("%.*s", (int)strcspn(outcome->err, "\n"), outcome->err);
}

/* Empty when there is no such process. */
static void read_proc(pid_t pid, const char *name, char text[PROC_MAX])
{
	char path[64];
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	size = fd < 0 ? 0 : read(fd, text, PROC_MAX - 1);
	text[size < 0 ? 0 : size] = '\0';
	if (fd >= 0)
		close(fd);
}

char process_state(pid_t pid)
{
	const char *end;
	char text[PROC_MAX];

	read_proc(pid, "stat", text);
	end = strrchr(text, ')');
	return end ? end[2] : '?';
}

static bool awaits_input(pid_t pid)
{
	static const char read_of_input[] = "0 0x0 ";
	char text[PROC_MAX];

	read_proc(pid, "syscall", text);
	return process_state(pid) == 'S' &&
	       strncmp(text, read_of_input, strlen(read_of_input)) == 0;
}

static pid_t tracer_of(pid_t pid)
{
	static const char key[] = "\nTracerPid:";
	char text[PROC_MAX];
	const char *at;

	read_proc(pid, "status", text);
	at = strstr(text, key);
	return at ? atoi(at + strlen(key)) : 0;
}

/*
 * Who traces it sleeps only when it has told it to stop, so whoever waits for
 * input after that was let go on.
 */
static bool awaits_input_traced(pid_t pid, pid_t tracer)
{
	return tracer_of(pid) == tracer && process_state(tracer) == 'S' &&
	       awaits_input(pid);
}

void await_input(pid_t pid)
{
	const double end = now() + AWAIT_S;

	while (!awaits_input(pid) && now() < end)
		usleep(1000);
	cr_assert(now() < end, "%d does not wait for input", pid);
}

void await_input_traced(pid_t pid, pid_t tracer)
{
	const double end = now() + AWAIT_S;

	while (!awaits_input_traced(pid, tracer) && now() < end)
		usleep(1000);
	cr_assert(now() < end, "%d does not wait for input, traced by %d", pid,
		  tracer);
}

bool has_program(const char *name)
{
	char command[256];

	snprintf(command, sizeof(command), "command -v '%s' >/dev/null", name);
	if (system(command) == 0)
		return true;
	cr_assert(!getenv("SUBCTX_MUST_RUN"), "%s is not installed", name);
	skip("%s is not installed", name);
	return false;
}
