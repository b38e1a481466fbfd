/*
 * test_soak.c - the same again and again, and processes that nobody thought of
 */
#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/harness.h"

enum {
	ROUNDS = 200,
	RANDOM_ROUNDS = 40,
	GENERATIONS = 20,
};

TestSuite(soak, .init = harness_begin, .fini = harness_end, .timeout = 280);

/* One service with forty kinds of state at once. */
/* One of its threads is busy, and is stopped anywhere. */
Test(soak, everything_at_once_two_hundred_times)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct outcome outcome =
			run(NULL, WORDS(tool_capture(), "-q", "--settle=0",
					"-o", "svc.core",
					service_path("holds_everything")));

		cr_assert(outcome.status == 0, "round %d: %s", i, outcome.err);
		outcome_free(&outcome);
		outcome = run(NULL, WORDS(tool_restore(), "svc.core"));
		cr_assert(outcome.status == 0 &&
				  strcmp(outcome.out, "ok\n") == 0,
			  "round %d: %s%s", i, outcome.out, outcome.err);
		outcome_free(&outcome);
	}
}

/*
 * The seed is in the name of every failure; $SUBCTX_SEED chooses it.  @make has
 * "svc.core" made of the process.
 */
static void check_random(int rounds, void (*make)(const char *seed))
{
	const char *given = getenv("SUBCTX_SEED");
	unsigned long seed =
		given ? strtoul(given, NULL, 10) : (unsigned long)time(NULL);

	for (int i = 0; i < rounds; i++, seed++) {
		char text[32];

		snprintf(text, sizeof(text), "%lu", seed);
		make(text);
		for (int k = 0; k < 2; k++) {
			struct outcome outcome =
				run(NULL, WORDS(tool_restore(), "svc.core"));

			cr_assert(outcome.status == 0 &&
					  strcmp(outcome.out, "ok\n") == 0,
				  "SUBCTX_SEED=%lu: %s%s", seed, outcome.out,
				  outcome.err);
			outcome_free(&outcome);
		}
	}
}

static void capture_random(const char *seed, const char *const words[])
{
	const char *all[16] = {tool_capture(), "-q", "--settle=0", "-o"};
	struct outcome outcome;

	for (size_t i = 0; words[i]; i++)
		all[i + 4] = words[i];
	tool_restore();
	outcome = run(NULL, all);
	cr_assert(outcome.status == 0, "SUBCTX_SEED=%s: status %d, %s%s", seed,
		  outcome.status, outcome.out, outcome.err);
	outcome_free(&outcome);
}

static void make_whole(const char *seed)
{
	capture_random(seed,
		       WORDS("svc.core", service_path("is_random"), seed));
}

static void make_thin(const char *seed)
{
	capture_random(seed, WORDS("svc.core", "--thin",
				   service_path("is_random"), seed));
}

/* It stops once more at the start of its second life. */
static void make_layer(const char *seed)
{
	setenv("SERVICE_LIVES", "1", 1);
	capture_random(seed, WORDS("base.core", "--thin",
				   service_path("is_random"), seed));
	capture_random(seed, WORDS("svc.core", "--thin", "--ready=stop",
				   "--from=base.core"));
}

/* state: private memory: of files */
Test(soak, any_process_is_what_it_was)
{
	check_random(RANDOM_ROUNDS, make_whole);
}

Test(soak, any_process_is_what_it_was_without_what_files_have)
{
	check_random(RANDOM_ROUNDS / 2, make_thin);
}

Test(soak, any_process_is_what_it_was_as_a_layer)
{
	check_random(RANDOM_ROUNDS / 2, make_layer);
}

static size_t count_mappings(pid_t pid)
{
	char path[64];
	size_t lines = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	file = fopen(path, "r");
	for (int c; file && (c = getc(file)) != EOF;)
		lines += c == '\n';
	if (file)
		fclose(file);
	return lines;
}

/* It has the name of the service from then on, which is set last but one. */
static void expect_restored(pid_t pid)
{
	char path[64], name[64] = "";

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	for (int i = 0; i < 2000 && strncmp(name, "waits_in_threa", 14) != 0;
	     i++) {
		FILE *file = fopen(path, "r");

		if (!file || !fgets(name, sizeof(name), file))
			name[0] = '\0';
		if (file)
			fclose(file);
		usleep(10000);
	}
	cr_expect(strncmp(name, "waits_in_threa", 14) == 0, "%s", name);
	usleep(100000);
}

static off_t size_of(const char *path)
{
	struct stat status = {0};

	cr_expect(stat(path, &status) == 0);
	return status.st_size;
}

/* Captured, restored, captured from there, and so on: nothing piles up. */
Test(soak, generations_do_not_grow)
{
	char core[32] = "0.core", pid[32];
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "-q", "-o", core,
				service_path("waits_in_threads")));
	size_t first = 0;
	off_t size = 0;

	expect_status(outcome, 0);
	outcome_free(&outcome);
	for (int i = 1; i <= GENERATIONS; i++) {
		struct running service = start(WORDS(tool_restore(), core));
		size_t mappings;

		expect_restored(service.pid);
		mappings = count_mappings(service.pid);
		unlink(core);
		snprintf(core, sizeof(core), "%d.core", i);
		snprintf(pid, sizeof(pid), "--pid=%d", service.pid);
		outcome =
			run(NULL, WORDS(tool_capture(), "-q", "-o", core, pid));
		expect_status(outcome, 0);
		outcome_free(&outcome);
		outcome = finish(service, "x\n", 20);
		expect_out(outcome, "ok\n");
		outcome_free(&outcome);
		if (i == 1) {
			first = mappings;
			size = size_of(core);
		}
		cr_expect(mappings == first, "%zu mappings, were %zu", mappings,
			  first);
		cr_expect(size_of(core) == size, "%jd bytes, were %jd",
			  (intmax_t)size_of(core), (intmax_t)size);
	}
}

/* Each is captured as soon as it runs, and the last of them checks itself. */
static void check_generations(const char *service)
{
	char last[32] = "0.core", next[32], lives[16];
	struct outcome outcome;
	off_t size = 0;

	snprintf(lives, sizeof(lives), "%d", GENERATIONS);
	setenv("SERVICE_LIVES", lives, 1);
	outcome = run(NULL, WORDS(tool_capture(), "-q", "-o", last,
				  service_path(service)));
	expect_status(outcome, 0);
	outcome_free(&outcome);
	for (int i = 1; i <= GENERATIONS; i++) {
		snprintf(next, sizeof(next), "%d.core", i);
		outcome = run(NULL, WORDS(tool_capture(), "-q", "-o", next,
					  "--", tool_restore(), last));
		cr_assert(outcome.status == 0, "%s, generation %d: %s%s",
			  service, i, outcome.out, outcome.err);
		outcome_free(&outcome);
		if (i == 1)
			size = size_of(next);
		/* The kernel may reclaim a page, but none comes with each. */
		cr_expect(llabs(size_of(next) - size) <
				  (intmax_t)GENERATIONS / 2 * 4096,
			  "%s: %jd bytes, were %jd", service,
			  (intmax_t)size_of(next), (intmax_t)size);
		unlink(last);
		snprintf(last, sizeof(last), "%s", next);
	}
	outcome = run(NULL, WORDS(tool_restore(), last));
	expect_status(outcome, 0);
	expect_out(outcome, "ok\n");
	outcome_free(&outcome);
}

Test(soak, everything_outlasts_twenty_generations)
{
	static const char *const services[] = {
		"holds_everything", "threads_scheduling", "threads_locks",
		"threads_signals",  "hints_memory",	  "sets_more",
	};

	for (size_t i = 0; i < sizeof(services) / sizeof(*services); i++)
		check_generations(services[i]);
}

/* Numbers that the kernel gives, and bytes that are drawn after the restore. */
Test(soak, clones_are_not_twins)
{
	enum { CLONES = 100 };
	struct running clones[CLONES];
	char *lines[CLONES];
	struct outcome outcome = run(
		NULL,
		WORDS(tool_capture(), "-q", "-o", "svc.core", "--",
		      "/usr/bin/python3", "-c",
		      "import os, sys, secrets, uuid, ssl, threading, ctypes, "
		      "mmap\n"
		      "secrets.token_hex(8); ssl.RAND_bytes(8); uuid.uuid4()\n"
		      "libc = ctypes.CDLL(None)\n"
		      "page = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | "
		      "mmap.MAP_ANONYMOUS)\n"
		      "page.madvise(18) # MADV_WIPEONFORK\n"
		      "page[:] = b'x' * 4096\n"
		      "go = threading.Event()\n"
		      "def report():\n"
		      "    go.wait()\n"
		      "    ids.append(threading.get_native_id())\n"
		      "    ids.append(int(os.path.basename("
		      "os.readlink('/proc/thread-self'))))\n"
		      "ids = []\n"
		      "thread = threading.Thread(target=report)\n"
		      "thread.start()\n"
		      "sys.stdin.readline()\n"
		      "assert page[:] == bytes(4096)\n"
		      "page[:8] = os.urandom(8)\n"
		      "go.set()\n"
		      "thread.join()\n"
		      "assert ids[0] == ids[1] != os.getpid()\n"
		      "assert os.getpid() == threading.get_native_id()\n"
		      "assert os.getpid() == "
		      "int(os.readlink('/proc/self'))\n"
		      "print(os.getpid(), ids[0], page[:8].hex(), secrets.token_hex(8), "
		      "ssl.RAND_bytes(8).hex(), uuid.uuid4(), "
		      "os.getrandom(8).hex(), libc.arc4random())\n"));

	expect_status(outcome, 0);
	outcome_free(&outcome);
	for (int i = 0; i < CLONES; i++)
		clones[i] = start(WORDS(tool_restore(), "svc.core"));
	for (int i = 0; i < CLONES; i++) {
		outcome = finish(clones[i], "\n", 60);
		expect_status(outcome, 0);
		lines[i] = strdup(outcome.out);
		outcome_free(&outcome);
	}
	/* No word of one line is in another. */
	for (int i = 0; i < CLONES; i++)
		for (int k = 0; k < i; k++) {
			char one[512];

			snprintf(one, sizeof(one), "%s", lines[i]);
			for (char *word = strtok(one, " \n"); word;
			     word = strtok(NULL, " \n")) {
				char spaced[64], other[512];

				snprintf(spaced, sizeof(spaced), " %s ", word);
				snprintf(other, sizeof(other), " %s ",
					 lines[k]);
				other[strcspn(other, "\n")] = ' ';
				cr_expect(!strstr(other, spaced), "'%s' twice",
					  word);
			}
		}
	for (int i = 0; i < CLONES; i++)
		free(lines[i]);
}
