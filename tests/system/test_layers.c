/*
 * test_layers.c - cores that leave out what another core has, their base
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/core_format.h"
#include "common/io.h"
#include "tests/cores.h"

TestSuite(layers, .init = harness_begin, .fini = harness_end, .timeout = 120);

/* It takes programs from its input, and is ready again for each. */
#define PYTHON "/usr/bin/python3", "-c", "while True: exec(input())"

static void shell(const char *script)
{
	cr_assert(system(script) == 0, "%s", script);
}

/* "base.core", which holds a dictionary, and "layer.core", with one more. */
static void make_layer(void)
{
	capture_well(NULL, WORDS("-q", "-o", "base.core", PYTHON));
	capture_well(
		"import json; d = {'a': 1}\n",
		WORDS("-q", "--thin", "--from=base.core", "-o", "layer.core"));
}

static const char request[] = "print(json.dumps(d)); exit(0)\n";

static void expect_layer(const char *const words[])
{
	restore_well(request, words, "{\"a\": 1}\n");
}

/* state: private memory: of files */
Test(layers, each_generation_leaves_out_what_those_before_have)
{
	capture_well(NULL, WORDS("-q", "--thin", "-o", "0.core", PYTHON));
	capture_well("x = bytes(range(256)) * 10000\n",
		     WORDS("-q", "--thin", "--from=0.core", "-o", "1.core"));
	capture_well("y = x[::2]\n",
		     WORDS("-q", "--thin", "--from=1.core", "-o", "2.core"));
	capture_well("z = y[::2]\n",
		     WORDS("-q", "--thin", "--from=2.core", "-o", "3.core"));
	capture_well("z = y[::2]\n",
		     WORDS("-q", "--from=2.core", "-o", "whole.core"));

	for (int i = 0; i < 2; i++)
		restore_well("print(sum(x), sum(y), sum(z), len(z)); exit(0)\n",
			     WORDS("3.core"),
			     "326400000 162560000 80640000 640000\n");
	restore_well("print(sum(x), sum(y)); exit(0)\n", WORDS("2.core"),
		     "326400000 162560000\n");
	restore_well("print(sum(x)); exit(0)\n", WORDS("1.core"),
		     "326400000\n");
	restore_well("print('x' in globals()); exit(0)\n", WORDS("0.core"),
		     "False\n");
	cr_expect(stored_bytes("3.core") * 3 < stored_bytes("whole.core"),
		  "%lld bytes of %lld", stored_bytes("3.core"),
		  stored_bytes("whole.core"));
}

/* The same that --from makes, of one that somebody has restored. */
Test(layers, service_that_was_restored_is_captured_as_one)
{
	struct running service;
	struct outcome outcome;
	char pid[32];

	capture_well(NULL, WORDS("-q", "-o", "base.core",
				 service_path("touches_pages")));
	service = start(WORDS(tool_restore(), "base.core"));
	cr_assert(write(service.in, "work\n", 5) == 5);
	cr_assert(read(service.out, (char[16]){0}, 9) == 9);
	await_input(service.pid);
	snprintf(pid, sizeof(pid), "--pid=%d", service.pid);
	capture_well(NULL, WORDS("-q", "--thin", "-o", "layer.core", pid));
	outcome = finish(service, "sum\n", 20);
	expect_out(outcome, "sum 2053\n");
	outcome_free(&outcome);

	restore_well("sum\nwork\nsum\n", WORDS("layer.core"),
		     "sum 2053\nworked 7\nsum 2061\n");
	cr_expect(stored_bytes("layer.core") <
			  stored_bytes("base.core") - (1 << 20),
		  "%lld bytes of %lld", stored_bytes("layer.core"),
		  stored_bytes("base.core"));
}

/* Each range that is left out costs a restore mappings, of which few are allowed. */
Test(layers, pages_that_are_scattered_are_kept)
{
	struct outcome outcome;
	int count = 0;

	capture_well(NULL, WORDS("-q", "-o", "base.core",
				 service_path("scatters_pages"), "160"));
	capture_well("write\n", WORDS("-q", "--thin", "--from=base.core", "-o",
				      "layer.core"));
	outcome = restore_core("count\n", WORDS("layer.core"));
	expect_status(outcome, 0);
	cr_expect(sscanf(outcome.out, "sum 95574 mappings %d", &count) == 1,
		  "%s%s", outcome.out, outcome.err);
	cr_expect(count > 20 && count < 20000, "%d mappings", count);
	outcome_free(&outcome);
}

/* What such a service has copied for itself is as it was, mostly. */
static void check_copier(const char *const program[], const char *input,
			 const char *request_of_it, const char *answer)
{
	const char *words[16] = {"-q", "--carry=all", "--ready=stdin",
				 "-o", "base.core",   "--"};

	for (size_t i = 0; program[i]; i++)
		words[i + 6] = program[i];
	if (!has_program(program[0]))
		return;
	capture_well(NULL, words);
	capture_well(input,
		     WORDS("-q", "--carry=all", "--thin", "--from=base.core",
			   "--ready=stdin", "-o", "layer.core"));
	for (int i = 0; i < 2; i++)
		restore_well(request_of_it, WORDS("layer.core"), answer);
	cr_expect(stored_bytes("layer.core") < stored_bytes("base.core") / 2,
		  "%lld bytes of %lld", stored_bytes("layer.core"),
		  stored_bytes("base.core"));
}

Test(layers, service_that_copies_its_memory)
{
	check_copier(WORDS("ruby", "-e",
			   "require 'json'; $stdout.sync = true\n"
			   "while line = gets do eval(line) end"),
		     "x = {'a' => 1}; $y = x\n", "puts $y.to_json\n",
		     "{\"a\":1}\n");
}

/* Which pages it needs is kept in the core, and not part of what it is. */
Test(layers, recording_does_not_make_another_base)
{
	struct outcome outcome;

	make_layer();
	outcome = restore_core("print(2); exit(0)\n",
			       WORDS("--record", "base.core"));
	expect_status(outcome, 0);
	expect_in(outcome.err, "recorded");
	outcome_free(&outcome);
	expect_layer(WORDS("layer.core"));

	outcome = restore_core(request, WORDS("--record", "layer.core"));
	expect_status(outcome, 0);
	expect_in(outcome.err, "recorded");
	outcome_free(&outcome);
	expect_layer(WORDS("layer.core"));
	expect_layer(WORDS("--populate", "layer.core"));
	expect_layer(WORDS("--hugepages", "layer.core"));
}

Test(layers, base_is_found_beside_its_layer_or_where_it_is_said_to_be)
{
	make_layer();
	shell("mkdir -m 777 a b && mv base.core layer.core a");
	expect_layer(WORDS("a/layer.core"));
	shell("mv a/base.core b/moved");
	expect_layer(WORDS("--base=b/moved", "a/layer.core"));
	expect_layer(WORDS("--base", "b/moved", "a/layer.core"));
	expect_layer(
		WORDS("--base=a/layer.core", "--base=b/moved", "a/layer.core"));
	shell("cp -p b/moved a/base.core");
	expect_layer(WORDS("a/layer.core"));
}

/* Whoever has another base of the same name is told what it is. */
Test(layers, base_that_is_missing_or_another_is_refused)
{
	make_layer();
	shell("mv base.core elsewhere");
	restore_refused(WORDS("layer.core"),
			WORDS("cannot restore 'layer.core': its base cannot "
			      "be had: cannot open '",
			      "/base.core': No such file or directory",
			      "hint: If it is elsewhere now, --base FILE says "
			      "where."));
	restore_refused(WORDS("--base=nowhere", "layer.core"),
			WORDS("/base.core': No such file or directory"));
	capture_well(NULL, WORDS("-q", "-o", "base.core", PYTHON));
	restore_refused(WORDS("layer.core"),
			WORDS("/base.core' is another core than its base; "
			      "then: digest ",
			      ", now: ",
			      "hint: Name the right one with --base FILE, or "
			      "capture again."));
	restore_refused(WORDS("--base=base.core", "layer.core"),
			WORDS("is another core than its base"));
	expect_layer(WORDS("--base=elsewhere", "layer.core"));
}

Test(layers, base_that_is_cut_is_refused)
{
	make_layer();
	shell("truncate -s 1000000 base.core");
	restore_refused(WORDS("layer.core"),
			WORDS("its base cannot be had: cannot use '",
			      "/base.core': it is cut short"));
	shell("echo not a core >base.core");
	restore_refused(WORDS("layer.core"),
			WORDS("/base.core': it is not an ELF file"));
}

/* Behind the magic; nobody looks at a digest of another version. */
static void change_version(const char *path)
{
	const uint32_t other = CORE_VERSION + 1;
	char *bytes = NULL;
	char *at;
	size_t size;
	int fd = open(path, O_WRONLY);

	cr_assert(io_read_file(path, &bytes, &size) == 0);
	at = memmem(bytes, size, CORE_MAGIC, strlen(CORE_MAGIC));
	cr_assert(at && io_pwrite_all(fd, &other, sizeof(other),
				      (uint64_t)(at + 8 - bytes)) == 0);
	close(fd);
	free(bytes);
}

Test(layers, base_of_another_version_is_refused)
{
	make_layer();
	change_version("base.core");
	restore_refused(WORDS("layer.core"),
			WORDS("/base.core': it has version ",
			      " of the format, this program knows version "));
}

/* A layer that is put where its base was. */
Test(layers, core_is_not_its_own_base)
{
	make_layer();
	shell("mv layer.core base.core");
	restore_refused(WORDS("base.core"),
			WORDS("its base cannot be had: '",
			      "/base.core' is its own base"));
}

/* What is restored from a layer may be captured whole, and needs nobody. */
Test(layers, layer_is_made_whole_again)
{
	make_layer();
	capture_well("e = {'b': 2}\n",
		     WORDS("-q", "--from=layer.core", "-o", "whole.core"));
	shell("rm base.core layer.core");
	restore_well("print(json.dumps([d, e])); exit(0)\n",
		     WORDS("whole.core"), "[{\"a\": 1}, {\"b\": 2}]\n");
}

/* What the file had is in the base. */
Test(layers, program_that_was_replaced_since_is_not_needed)
{
	char script[1024];

	snprintf(script, sizeof(script), "cp '%s' svc && chmod 755 svc",
		 service_path("touches_pages"));
	shell(script);
	capture_well(NULL, WORDS("-q", "-o", "base.core", "./svc"));
	shell("cp /bin/true copy && mv copy svc");
	capture_well(NULL, WORDS("-q", "--thin", "--from=base.core",
				 "--ready=stdin", "-o", "layer.core"));
	restore_well("work\nsum\n", WORDS("layer.core"),
		     "worked 7\nsum 2053\n");
}

/* It would be gone as soon as the layer is there. */
Test(layers, base_of_a_base_is_not_replaced)
{
	struct outcome outcome;

	make_layer();
	outcome = capture_core(
		"e = 2\n",
		WORDS("-q", "--thin", "--from=layer.core", "-o", "base.core"));
	expect_status(outcome, 2);
	expect_in(outcome.err,
		  "'base.core' cannot be both the base and the core");
	outcome_free(&outcome);
	expect_layer(WORDS("layer.core"));
}

/* A service that was restored from a core that is replaced by one of its own. */
Test(layers, core_that_is_replaced_is_no_base)
{
	struct running service;
	struct outcome outcome;
	char pid[32];

	capture_well(NULL, WORDS("-q", "-o", "svc.core",
				 service_path("touches_pages")));
	service = start(WORDS(tool_restore(), "svc.core"));
	await_input(service.pid);
	snprintf(pid, sizeof(pid), "--pid=%d", service.pid);
	capture_well(NULL, WORDS("-q", "--thin", "-o", "svc.core", pid));
	outcome = finish(service, "sum\n", 20);
	expect_out(outcome, "sum 2045\n");
	outcome_free(&outcome);
	restore_well("sum\n", WORDS("svc.core"), "sum 2045\n");
}

/* What the base has is at another address, or is no longer. */
Test(layers, memory_that_was_moved_or_replaced)
{
	static const char *const ways[] = {"--thin", "--quiet"};

	for (size_t i = 0; i < 2; i++) {
		capture_well(NULL, WORDS("-q", "-o", "base.core",
					 service_path("moves_memory")));
		capture_well(NULL,
			     WORDS("-q", ways[i], "--ready=stop",
				   "--from=base.core", "-o", "layer.core"));
		for (int k = 0; k < 2; k++)
			restore_well(NULL, WORDS("layer.core"), "ok\n");
	}
}

/* Threads, locks, signals and timers; each of their lives is a layer more. */
Test(layers, services_are_what_they_were)
{
	static const char *const services[] = {
		"holds_everything",   "threads_locks", "threads_signals",
		"hints_memory",	      "threads_many",  "sets_more",
		"locks_memory",	      "maps_files",    "grows_heap",
		"threads_scheduling",
	};

	setenv("SERVICE_LIVES", "2", 1);
	for (size_t i = 0; i < sizeof(services) / sizeof(*services); i++) {
		const char *service = service_path(services[i]);
		struct outcome outcome = capture_core(
			NULL, WORDS("-q", "-o", "0.core", service));

		if (cannot_be_had(&outcome, WORDS(service))) {
			outcome_free(&outcome);
			continue;
		}
		expect_status(outcome, 0);
		outcome_free(&outcome);
		capture_well(NULL, WORDS("-q", "--thin", "--ready=stop",
					 "--from=0.core", "-o", "1.core"));
		capture_well(NULL, WORDS("-q", "--thin", "--ready=stop",
					 "--from=1.core", "-o", "2.core"));
		for (int k = 0; k < 2; k++)
			restore_well(NULL, WORDS("2.core"), "ok\n");
	}
}

/*
 * In a pid namespace of its own the service has the same id each time, so that
 * the lock is as it was in the base; but elsewhere it has not.
 */
Test(layers, lock_that_is_held_has_its_owner_again)
{
	const char *service = service_path("holds_lock");
	struct outcome outcome;

	if (geteuid() != 0 || getenv("SUBCTX_TEST_UID"))
		skip("others cannot make such a namespace everywhere");
	tool_restore();
	setenv("SERVICE_LIVES", "1", 1);
	outcome = run(NULL,
		      WORDS("unshare", "-pf", "--mount-proc", tool_capture(),
			    "-q", "-o", "base.core", service));
	expect_status(outcome, 0);
	outcome_free(&outcome);
	outcome =
		run(NULL, WORDS("unshare", "-pf", "--mount-proc",
				tool_capture(), "-q", "--thin", "--ready=stop",
				"--from=base.core", "-o", "layer.core"));
	expect_status(outcome, 0);
	expect_in(outcome.err, "the process id is that of the capture");
	outcome_free(&outcome);
	restore_well(NULL, WORDS("layer.core"), "ok\n");
}

/* What is neither in it nor in a program is in its base. */
Test(layers, debuggers_look_into_its_base)
{
	static const char *const frames[] = {"_Py_read", "Py_BytesMain",
					     "__libc_start_main"};
	struct outcome gdb, stack;

	if (!has_program("gdb") || !has_program("eu-stack"))
		return;
	make_layer();
	gdb = run(NULL, WORDS("gdb", "-nx", "-batch", "-iex",
			      "set debuginfod enabled off", "-ex", "bt",
			      "/usr/bin/python3", "layer.core"));
	stack = run(NULL, WORDS("eu-stack", "-e", "/usr/bin/python3", "--core",
				"layer.core"));
	expect_status(stack, 0);
	for (size_t i = 0; i < sizeof(frames) / sizeof(*frames); i++) {
		expect_in(gdb.out, frames[i]);
		expect_in(stack.out, frames[i]);
	}
	outcome_free(&gdb);
	outcome_free(&stack);
}

/* state: threads */
Test(layers, debuggers_see_all_threads)
{
	const char *service = service_path("waits_in_threads");
	struct running running;
	struct outcome outcome;
	char pid[32];

	capture_well(NULL, WORDS("-q", "-o", "base.core", service));
	running = start(WORDS(tool_restore(), "base.core"));
	await_input(running.pid);
	snprintf(pid, sizeof(pid), "--pid=%d", running.pid);
	capture_well(NULL, WORDS("-q", "--thin", "-o", "layer.core", pid));
	outcome = finish(running, "x\n", 20);
	expect_out(outcome, "ok\n");
	outcome_free(&outcome);
	if (!has_program("eu-stack"))
		return;
	outcome = run(NULL, WORDS("sh", "-c",
				  "eu-stack -e \"$0\" --core layer.core | "
				  "grep -c pthread_cond_wait",
				  service));
	expect_out(outcome, "10\n");
	outcome_free(&outcome);
}
