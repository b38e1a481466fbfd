/*
 * test_states_live.c - services that are taken while much happens in them
 *
 * They get signals, start threads and lose them at the moment of their capture.
 * The comments "state:" are those of test_states.c.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness.h"

TestSuite(states_live, .init = harness_begin, .fini = harness_end,
	  .timeout = 120);

enum {
	SIGNALS_SENT = 5000,
	MOMENTS = 10,
};

static _Noreturn void send_signals(pid_t pid)
{
	for (int i = 0; i < SIGNALS_SENT; i++) {
		while (sigqueue(pid, SIGRTMIN, (union sigval){.sival_int = i}) <
		       0)
			usleep(100);
		usleep(200);
	}
	_exit(EXIT_SUCCESS);
}

/* A service that is taken as it runs gets each signal, once and in order. */
Test(states_live, signals_that_come_meanwhile_are_delivered)
{
	struct running service = start(WORDS(service_path("counts_signals")));
	char text[16], pid[32];
	struct outcome outcome;
	int status;
	pid_t sender;

	cr_assert(read(service.out, text, 9) == 9);
	snprintf(pid, sizeof(pid), "--pid=%d", service.pid);
	sender = fork();
	if (sender == 0)
		send_signals(service.pid);
	do {
		outcome = run(NULL, WORDS(tool_capture(), "-q", "-o",
					  "svc.core", pid));
		expect_status(outcome, 0);
		outcome_free(&outcome);
	} while (waitpid(sender, &status, WNOHANG) == 0);
	cr_expect(status == 0);
	usleep(100000);
	kill(service.pid, SIGTERM);
	outcome = finish(service, "", 20);
	snprintf(text, sizeof(text), "%d\nok\n", SIGNALS_SENT);
	expect_out(outcome, text);
	outcome_free(&outcome);
}

/* A restorer has the name of the service when its signals reach that. */
static void await_name(pid_t pid, const char *name)
{
	char path[64], comm[32] = "";

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	for (int i = 0; i < 2000 && strncmp(comm, name, strlen(name)); i++) {
		FILE *file = fopen(path, "r");

		if (file && !fgets(comm, sizeof(comm), file))
			comm[0] = '\0';
		if (file)
			fclose(file);
		usleep(5000);
	}
}

/* Once it is up, it is told to end. */
static void check_end(struct running service)
{
	struct outcome outcome;

	await_name(service.pid, "starts_threads");
	kill(service.pid, SIGTERM);
	outcome = finish(service, "", 20);
	expect_status(outcome, 0);
	expect_in(outcome.out, "ok\n");
	outcome_free(&outcome);
}

/* state: threads */
Test(states_live, threads_that_come_and_go)
{
	struct running service = start(WORDS(service_path("starts_threads")));
	struct outcome outcome;
	char text[16], pid[32];

	cr_assert(read(service.out, text, 9) == 9);
	snprintf(pid, sizeof(pid), "--pid=%d", service.pid);
	for (int i = 0; i < MOMENTS; i++) {
		outcome = run(NULL, WORDS(tool_capture(), "-q", "-o",
					  "svc.core", pid));
		expect_status(outcome, 0);
		outcome_free(&outcome);
		check_end(start(WORDS(tool_restore(), "svc.core")));
	}
	check_end(service);
	for (int i = 0; i < MOMENTS; i++) {
		outcome = run(NULL, WORDS(tool_capture(), "-q", "-o",
					  "svc.core", "--ready=after:0.3",
					  service_path("starts_threads")));
		expect_status(outcome, 0);
		outcome_free(&outcome);
		check_end(start(WORDS(tool_restore(), "svc.core")));
	}
}
