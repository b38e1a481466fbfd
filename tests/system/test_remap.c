/*
 * test_remap.c - a service that goes on is mapped onto its core
 *
 * It does not notice, nor does the core: what it writes it has for itself.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/harness.h"
#include "tests/sharer.h"

TestSuite(remap, .init = harness_begin, .fini = harness_end, .timeout = 120);

enum {
	SHARED = 8, /* so many of its mappings at least are worth it */
};

static void remap(struct running service, const char *core)
{
	struct outcome outcome = sharer_capture(service.pid, core);

	expect_status(outcome, 0);
	expect_in(outcome.err, "\nre-mapped ");
	expect_in(outcome.err, " mappings onto ");
	outcome_free(&outcome);
	cr_expect(sharer_mappings(service.pid, core) >= SHARED, "only %zu",
		  sharer_mappings(service.pid, core));
	sharer_expect_no_descriptors(service.pid);
}

static struct outcome capture_thin(pid_t pid)
{
	char option[32];

	snprintf(option, sizeof(option), "--pid=%d", pid);
	return run(NULL,
		   WORDS(tool_capture(), "--thin", "-o", "svc.core", option));
}

static char *map_core(const char *core, size_t *ret_size)
{
	struct stat status;
	char *bytes;
	int fd = open(core, O_RDONLY);

	cr_assert(fd >= 0 && fstat(fd, &status) == 0);
	*ret_size = (size_t)status.st_size;
	bytes = mmap(NULL, *ret_size, PROT_READ, MAP_PRIVATE, fd, 0);
	cr_assert(bytes != MAP_FAILED);
	close(fd);
	return bytes;
}

Test(remap, service_goes_on_and_its_core_stays)
{
	struct running service = sharer_start(NULL);
	size_t size;
	char *core;
	char *before;

	remap(service, "svc.core");
	core = map_core("svc.core", &size);
	before = malloc(size);
	memcpy(before, core, size);
	sharer_ask_all(service);
	cr_expect(memcmp(before, core, size) == 0, "the core was written");
	free(before);
	munmap(core, size);
	sharer_check_restores("svc.core");
	sharer_ask_all(service);
	sharer_end(service);
}

Test(remap, service_that_was_started_goes_on)
{
	struct outcome outcome =
		run("check\nwrite\nfree\ncheck\n",
		    WORDS(tool_capture(), "--leave-running", "--remap", "-o",
			  "svc.core", service_path("shares_core")));

	expect_status(outcome, 0);
	expect_in(outcome.err, "\nre-mapped ");
	expect_out(outcome, "ok\nok\nok\nok\n");
	outcome_free(&outcome);
	sharer_check_restores("svc.core");
}

Test(remap, many_mappings_are_moved_by_several_lists)
{
	struct running service = sharer_start("fragments");

	remap(service, "svc.core");
	cr_expect(sharer_mappings(service.pid, "svc.core") > 600);
	sharer_ask_all(service);
	sharer_end(service);
	sharer_check_restores("svc.core");
}

/* Private pages of a core are pages of a file for the next one. */
Test(remap, service_is_captured_again_and_again)
{
	struct running service = sharer_start(NULL);
	struct outcome outcome;

	remap(service, "first.core");
	sharer_ask_all(service);
	await_input(service.pid);
	remap(service, "second.core");
	sharer_check_restores("first.core");
	sharer_check_restores("second.core");
	sharer_ask(service, "write\n");
	sharer_ask(service, "check\n");
	await_input(service.pid);
	/* Its name is another's then. */
	remap(service, "second.core");
	sharer_ask_all(service);
	await_input(service.pid);
	outcome = sharer_capture(service.pid, "third.core");
	expect_status(outcome, 0);
	outcome_free(&outcome);
	sharer_ask_all(service);
	sharer_end(service);
	unlink("first.core");
	sharer_check_restores("second.core");
	sharer_check_restores("third.core");
}

Test(remap, restored_service_is_mapped_onto_a_core_of_its_own)
{
	/* Guards of a restored service are over a file, which is refused. */
	struct running service = sharer_start("unguarded"), restored;
	struct outcome outcome = sharer_capture(service.pid, "first.core");

	outcome_free(&outcome);
	sharer_end(service);
	restored = start(WORDS(tool_restore(), "first.core"));
	sharer_ask(restored, "write\n");
	await_input(restored.pid);
	remap(restored, "second.core");
	sharer_ask_all(restored);
	sharer_end(restored);
	sharer_check_restores("second.core");
}

/* A core that leaves out what files have does not count on the one it replaces. */
Test(remap, thin_core_replaces_the_one_that_is_mapped)
{
	struct running service = sharer_start("unguarded");

	remap(service, "svc.core");
	sharer_ask(service, "write\n");
	await_input(service.pid);
	for (int i = 0; i < 2; i++) {
		struct outcome outcome = capture_thin(service.pid);

		expect_status(outcome, 0);
		outcome_free(&outcome);
		sharer_ask_all(service);
		await_input(service.pid);
		sharer_check_restores("svc.core");
	}
	sharer_end(service);
}

Test(remap, report_says_what_was_mapped)
{
	struct running service = sharer_start(NULL);
	char option[32];
	struct outcome outcome;

	snprintf(option, sizeof(option), "--pid=%d", service.pid);
	outcome = run(NULL, WORDS(tool_capture(), "--remap", "--json", "-o",
				  "svc.core", option));
	expect_status(outcome, 0);
	expect_in(outcome.out, "\"remapped\": {");
	expect_in(outcome.out, "\"bytes\": ");
	expect_in(outcome.out, "\"mappings\": ");
	expect_in(outcome.out, "\"private_before\": ");
	expect_in(outcome.out, "\"private_after\": ");
	expect_in(outcome.out, "\"forked\": false");
	cr_expect(!strstr(outcome.out, "nothing_because"));
	outcome_free(&outcome);
	sharer_end(service);
}

Test(remap, option_is_for_services_that_go_on)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "--remap", "-o", "svc.core",
				service_path("shares_core")));

	expect_status(outcome, 2);
	expect_in(outcome.err, "--remap is for a service that goes on: with "
			       "--pid or --leave-running");
	outcome_free(&outcome);
}

/* Services of all kinds find in their first lives that nothing has changed. */
static void check_service(const char *name)
{
	struct outcome outcome =
		run("x\n",
		    WORDS(tool_capture(), "-q", "--leave-running", "--remap",
			  "--carry=all", "-o", "svc.core", service_path(name)));

	expect_status(outcome, 0);
	cr_expect(strstr(outcome.out, "ok\n") != NULL, "%s: %s", name,
		  outcome.out);
	outcome_free(&outcome);
	outcome = run("x\n", WORDS(tool_restore(), "svc.core"));
	cr_expect(strstr(outcome.out, "ok\n") != NULL, "%s restored: %s", name,
		  outcome.out);
	outcome_free(&outcome);
}

static void check_services(const char *const names[])
{
	for (size_t i = 0; names[i]; i++)
		check_service(names[i]);
}

Test(remap, services_know_themselves)
{
	check_services(WORDS("knows_itself", "handles_signals", "keeps_sigtrap",
			     "uses_registers"));
}

Test(remap, services_know_their_memory)
{
	check_services(WORDS("grows_heap", "grows_stack", "maps_files",
			     "maps_odd_memory", "shares_memory",
			     "reserves_memory"));
}

Test(remap, threads_know_themselves)
{
	check_services(WORDS("threads_locks", "threads_asleep",
			     "threads_registers", "threads_signals",
			     "threads_many", "waits_in_threads"));
}

/* Answers both lives give to a request, and what is said of the memory. */
static void check_program(const char *const words[], const char *request,
			  const char *answer, const char *said)
{
	struct running program;
	struct outcome outcome;

	if (!has_program(words[0]))
		return;
	program = start(words);
	await_input(program.pid);
	outcome = sharer_capture(program.pid, "svc.core");
	expect_status(outcome, 0);
	expect_in(outcome.err, said);
	outcome_free(&outcome);
	outcome = finish(program, request, 20);
	expect_status(outcome, 0);
	expect_out(outcome, answer);
	outcome_free(&outcome);
	outcome = run(request, WORDS(tool_restore(), "svc.core"));
	expect_out(outcome, answer);
	outcome_free(&outcome);
}

Test(remap, python_goes_on)
{
	check_program(WORDS("python3", "-c",
			    "import sys, json, decimal, email, http.client, "
			    "unittest, hashlib, ssl, logging, argparse\n"
			    "for line in sys.stdin:\n"
			    "    print(eval(line), flush=True)\n"),
		      "decimal.Decimal(2).sqrt()\n"
		      "sum(len(str(i)) for i in range(100000))\n",
		      "1.414213562373095048801688724\n488890\n",
		      "\nre-mapped ");
}

Test(remap, perl_goes_on)
{
	check_program(WORDS("perl", "-MList::Util=sum", "-ne",
			    "BEGIN { @a = map { \"$_\" x 9 } 1..50000 } "
			    "print eval($_), \"\\n\""),
		      "sum(map { length } @a)\n", "2150046\n", "\nre-mapped ");
}

/* Until it has written a text; it is told to end otherwise. */
static void await_output(struct running program, const char *text)
{
	char said[8192] = "";
	size_t size = 0;

	while (size < sizeof(said) - 1 && !strstr(said, text)) {
		cr_assert(read(program.out, said + size, 1) == 1, "%s", said);
		size++;
	}
}

static void expect_reply(const char *command, const char *argument,
			 const char *reply)
{
	struct outcome outcome = run(NULL, WORDS("redis-cli", "-s", "socket",
						 command, "key", argument));

	expect_out(outcome, reply);
	outcome_free(&outcome);
}

/* Its allocator drops pages: little else is there. */
Test(remap, redis_goes_on)
{
	struct running redis;
	struct outcome outcome;
	char path[PATH_MAX];

	if (!has_program("redis-server") || !has_program("redis-cli"))
		return;
	cr_assert(getcwd(path, sizeof(path) - 8) != NULL);
	strcat(path, "/socket");
	redis = start(WORDS("redis-server", "--port", "0", "--unixsocket", path,
			    "--save", ""));
	await_output(redis, "eady to accept connections");
	expect_reply("SET", "old", "OK\n");
	outcome = sharer_capture(redis.pid, "svc.core");
	expect_status(outcome, 0);
	expect_in(outcome.err, "\nre-mapped ");
	expect_in(outcome.err, "; not what is copied at restore, because ");
	outcome_free(&outcome);
	expect_reply("GET", NULL, "old\n");
	expect_reply("SET", "new", "OK\n");
	expect_reply("GET", NULL, "new\n");
	kill(redis.pid, SIGKILL);
	outcome = finish(redis, "", 20);
	outcome_free(&outcome);
	redis = start(WORDS(tool_restore(), "svc.core"));
	/* Nobody listens there before it does. */
	outcome = run(NULL, WORDS("sh", "-c",
				  "until redis-cli -s socket ping; "
				  "do sleep 0.1; done"));
	outcome_free(&outcome);
	expect_reply("GET", NULL, "old\n");
	kill(redis.pid, SIGTERM);
	outcome = finish(redis, "", 20);
	outcome_free(&outcome);
}
