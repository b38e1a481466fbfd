/*
 * test_file_audit.c - descriptors of a child in, verdicts and open files out
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/files/file_audit.h"
#include "tests/expect.h"

static const bool started = true;
static const bool not_started = false;

/* A child that changes its descriptors and then stands still. */
static pid_t start(void (*change)(void))
{
	int ready[2];
	char byte;
	pid_t pid;

	cr_assert(pipe2(ready, O_CLOEXEC) == 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		change();
		close(ready[0]);
		close(ready[1]);
		pause();
		_exit(EXIT_SUCCESS);
	}
	close(ready[1]);
	cr_assert(read(ready[0], &byte, 1) == 0);
	close(ready[0]);
	return pid;
}

static void change_nothing(void)
{
}

static void replace_input(void)
{
	dup2(open("/dev/zero", O_RDWR), STDIN_FILENO);
}

static void close_input(void)
{
	close(STDIN_FILENO);
}

static int look_at(pid_t pid, bool is_started, const char *kinds,
		   struct carried *carried, struct audit *audit,
		   struct error *err)
{
	struct policy policy = {0};
	const struct file_audit request = {
		.pid = pid,
		.is_started = is_started,
		.policy = &policy,
		.carried = carried,
		.audit = audit,
	};
	int r;

	if (kinds[0])
		cr_assert(policy_add_kinds(&policy, kinds, err) == 0);
	r = file_audit_make(&request, err);
	policy_deinit(&policy);
	return r;
}

static void expect_found(void (*change)(void), bool is_started, int fd,
			 enum verdict verdict, const char *what)
{
	struct carried carried = {0};
	struct audit audit = {0};
	struct error err = {0};
	pid_t pid = start(change);
	char subject[16];
	size_t i = 0;

	cr_assert(look_at(pid, is_started, "", &carried, &audit, &err) == 0);
	kill(pid, SIGKILL);
	snprintf(subject, sizeof(subject), "fd %d", fd);
	while (i < audit.count && strcmp(audit.items[i].subject, subject) != 0)
		i++;

	cr_assert(i < audit.count, "nothing was found of %s", subject);
	cr_expect(audit.items[i].verdict == verdict);
	cr_expect(strncmp(audit.items[i].what, what, strlen(what)) == 0, "%s",
		  audit.items[i].what);
	audit_deinit(&audit);
	carried_deinit(&carried);
}

Test(file_audit, standard_stream_that_is_ours_is_rebound)
{
	expect_found(change_nothing, started, 0, VERDICT_REBOUND,
		     "standard input: ");
}

Test(file_audit, standard_stream_that_was_replaced_or_closed_is_refused)
{
	expect_found(replace_input, started, 0, VERDICT_REFUSED,
		     "standard input was replaced by device /dev/zero (zero, ");
	expect_found(close_input, started, 0, VERDICT_REFUSED,
		     "standard input is closed");
}

Test(file_audit, streams_of_a_process_we_have_not_started_are_rebound)
{
	expect_found(replace_input, not_started, 0, VERDICT_REBOUND,
		     "standard input: device /dev/zero");
	expect_found(close_input, not_started, 0, VERDICT_NOTED,
		     "standard input is closed");
}

Test(file_audit, process_that_is_gone_is_an_error_and_no_finding)
{
	pid_t pid = start(change_nothing);
	struct carried carried = {0};
	struct audit audit = {0};
	struct error err = {0};

	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);

	cr_expect(look_at(pid, started, "", &carried, &audit, &err) < 0);
	cr_expect(audit.count == 0);
}
