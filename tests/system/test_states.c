/*
 * test_states.c - every kind of state that the README lists
 *
 * A comment "state:" before a test names the row of the README's table that it
 * proves; tools/states-tested fails for a row without one.  The services set
 * something up, become ready, and check themselves in their second lives.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/harness.h"

TestSuite(states, .init = harness_begin, .fini = harness_end, .timeout = 120);

static struct outcome capture_with(const char *option, const char *service,
				   const char *argument)
{
	const char *command[8] = {tool_capture(), "-q", "-o", "svc.core"};
	size_t count = 4;

	if (option)
		command[count++] = option;
	command[count++] = service_path(service);
	command[count] = argument;
	return run(NULL, command);
}

/* Twice, as nothing that one restore does may reach the other. */
static void check(const char *service, const char *argument)
{
	struct outcome outcome = capture_with(NULL, service, argument);

	expect_status(outcome, 0);
	outcome_free(&outcome);
	for (int i = 0; i < 2; i++) {
		outcome = run(NULL, WORDS(tool_restore(), "svc.core"));
		expect_status(outcome, 0);
		expect_out(outcome, "ok\n");
		outcome_free(&outcome);
	}
}

/* What goes on after its capture is as it was, too. */
static void check_original(const char *service, const char *argument)
{
	struct outcome outcome =
		capture_with("--leave-running", service, argument);

	expect_status(outcome, 0);
	expect_out(outcome, "ok\n");
	outcome_free(&outcome);
	outcome = run(NULL, WORDS(tool_restore(), "svc.core"));
	expect_out(outcome, "ok\n");
	outcome_free(&outcome);
}

static void expect_refused(struct outcome outcome, const char *message)
{
	expect_status(outcome, 3);
	expect_in(outcome.err, message);
	cr_expect(access("svc.core", F_OK) < 0, "a core was written");
	outcome_free(&outcome);
}

/* state: guard regions */
Test(states, guard_regions)
{
	check("guards_memory", NULL);
	check("guards_memory", "lock");
}

/* state: guard regions */
Test(states, guard_regions_over_a_file_are_refused)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "-o", "svc.core",
				service_path("guards_memory"), "file"));

	if (outcome.status == 0)
		skip("this kernel has none");
	expect_refused(outcome, "guard regions over the pages of a file");
}

/* state: locked memory, also on fault and in future */
Test(states, locked_memory)
{
	check("locks_memory", NULL);
}

/* state: locked memory, also on fault and in future */
Test(states, memory_that_will_be_locked)
{
	check("locks_memory", "future");
	check("locks_memory", "onfault");
}

/* state: sealed memory */
Test(states, sealed_memory)
{
	check("seals_memory", NULL);
}

/*
 * state: shared memory without a name, memfds: mapped by any number of
 * mappings, System V segments that are removed
 */
Test(states, shared_memory)
{
	check("shares_memory", NULL);
}

/* state: shared memory without a name, memfds: no descriptor left */
Test(states, aliases_of_shared_memory)
{
	check("aliases_memory", NULL);
}

/* state: shared memory without a name, memfds */
Test(states, private_views_of_shared_memory_are_refused)
{
	expect_refused(
		run(NULL, WORDS(tool_capture(), "-o", "svc.core",
				service_path("aliases_memory"), "private")),
		"a private view of shared memory");
}

/*
 * state: private memory: anonymous, changed or not, of deleted files,
 * PROT_NONE with contents, execute-only
 */
Test(states, odd_memory)
{
	check("maps_odd_memory", NULL);
}

/* state: private memory: reservations */
Test(states, reservations)
{
	check("reserves_memory", NULL);
}

/* state: advice: huge pages, no dump, no fork, access patterns, merging */
Test(states, advice)
{
	check("hints_memory", NULL);
}

/* state: threads: TLS, signal mask, alternate stack, name, rseq, robust list */
Test(states, threads)
{
	check("threads_many", NULL);
	check_original("threads_many", NULL);
}

/* state: threads: 1,000 of them */
Test(states, a_thousand_threads)
{
	check("threads_many", "1000");
}

/* state: threads: all registers through AVX-512 */
Test(states, registers_of_every_thread)
{
	check("threads_registers", NULL);
}

/* state: calls that threads sit in: futex, poll, sigwait, join */
Test(states, threads_that_wait)
{
	check("threads_blocked", NULL);
}

/* state: calls that threads sit in */
Test(states, threads_that_wait_go_on_waiting)
{
	check_original("threads_blocked", NULL);
}

/* state: calls that threads sit in */
Test(states, threads_that_wait_for_descriptors)
{
	struct outcome outcome =
		capture_with("--carry=all", "threads_on_files", NULL);

	expect_status(outcome, 0);
	outcome_free(&outcome);
	for (int i = 0; i < 2; i++) {
		outcome = run(NULL, WORDS(tool_restore(), "svc.core"));
		expect_out(outcome, "ok\n");
		outcome_free(&outcome);
	}
}

/* state: calls that threads sit in: sleep with what is left of it */
Test(states, threads_that_sleep)
{
	check("threads_asleep", NULL);
	check_original("threads_asleep", NULL);
}

/*
 * state: locks that are held: mutexes of every kind, read-write locks, who
 * waits for them
 */
Test(states, locks_that_are_held)
{
	check("threads_locks", NULL);
}

/* state: signal actions */
Test(states, sigtrap_is_kept_although_breakpoints_are_made_of_it)
{
	check("keeps_sigtrap", "ignore");
	check("keeps_sigtrap", "block");
	check_original("keeps_sigtrap", "ignore");
	check_original("keeps_sigtrap", "block");
}

/*
 * state: pending signals: of threads, the process, in order, with their
 * values
 */
Test(states, pending_signals)
{
	check("threads_signals", NULL);
	check_original("threads_signals", NULL);
}

/* state: pending signals */
Test(states, signals_without_room_in_the_queue)
{
	check("queues_signals", NULL);
}

/*
 * state: interval timers, POSIX timers: ids, clocks, notification, what is
 * left
 */
Test(states, timers)
{
	check("arms_timers", NULL);
}

/* state: interval timers, POSIX timers */
Test(states, timers_that_have_expired)
{
	check("has_expired_timer", NULL);
	check("has_expired_timer", "interval");
}

/*
 * state: scheduling, affinity, priorities, memory policy, of each thread:
 * personality
 */
Test(states, scheduling)
{
	check("schedules_itself", NULL);
}

/*
 * state: scheduling, affinity, priorities, memory policy, of each thread:
 * timer slack, parent death signal too
 */
Test(states, scheduling_of_each_thread)
{
	check("threads_scheduling", NULL);
}

/* state: switches of prctl(2) and the like: dumpable, subreaper, THP, TSC */
Test(states, switches_of_one_that_lives_on)
{
	check_original("sets_attributes", NULL);
}

/*
 * state: switches of prctl(2) and the like: keep-capabilities, no_new_privs,
 * KSM, speculation, machine checks, membarrier, core dump filter, OOM score
 */
Test(states, switches)
{
	check("sets_more", NULL);
}

/* state: switches of prctl(2) and the like: MDWE */
Test(states, refusal_of_writable_code)
{
	check("sets_more", "mdwe");
}

/* What the kernel refuses has no effect; there is no such level. */
Test(states, ports_that_were_refused_matter_to_nobody)
{
	struct outcome outcome =
		run(NULL,
		    WORDS(tool_capture(), "-q", "-o", "svc.core",
			  "/usr/bin/python3", "-c",
			  "import ctypes; ctypes.CDLL(None).iopl(4); input()"));

	expect_status(outcome, 0);
	outcome_free(&outcome);
}

/* state: standard streams: the settings of their terminal */
Test(states, settings_of_the_terminal)
{
	struct outcome outcome;

	setenv("CAPTURE", tool_capture(), 1);
	setenv("RESTORE", tool_restore(), 1);
	setenv("SERVICE", service_path("sets_terminal"), 1);
	outcome = run(NULL, WORDS("script", "-qec",
				  "$CAPTURE -q -o svc.core $SERVICE && stty -a",
				  "/dev/null"));
	expect_status(outcome, 0);
	/* What the service has left behind is mended. */
	expect_in(outcome.out, " icanon");
	expect_in(outcome.out, " echo ");
	outcome_free(&outcome);
	outcome = run(NULL, WORDS("script", "-qec", "$RESTORE svc.core",
				  "/dev/null"));
	expect_in(outcome.out, "ok");
	expect_status(outcome, 0);
	outcome_free(&outcome);
}

/* state: limits, working folder, umask */
Test(states, limits_that_cannot_be_had_are_refused)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "-q", "-o", "svc.core", "sh",
				"-c", "ulimit -Sn 150; read x; ulimit -Sn"));

	expect_status(outcome, 0);
	outcome_free(&outcome);
	outcome = run("x\n", WORDS("prlimit", "--nofile=140:160",
				   tool_restore(), "svc.core"));
	expect_out(outcome, "150\n");
	outcome_free(&outcome);
	outcome = run("x\n", WORDS("prlimit", "--nofile=140:140",
				   tool_restore(), "svc.core"));
	expect_status(outcome, 125);
	expect_in(outcome.err, "cannot restore 'svc.core': cannot set its soft "
			       "limit on open files: Invalid argument");
	expect_in(outcome.err, "It is 150, the hard limit here is 140.");
	outcome_free(&outcome);
}

/* state: scheduling, affinity, priorities, memory policy, of each thread */
Test(states, priorities_that_take_a_privilege_are_refused)
{
	struct outcome outcome;

	if (geteuid() != 0)
		skip("only root may have less niceness");
	outcome = run(NULL, WORDS(tool_capture(), "-q", "-o", "svc.core",
				  "/usr/bin/python3", "-c",
				  "import os; os.nice(-5); input()"));
	if (outcome.status != 0)
		skip("this user may not have less niceness");
	outcome_free(&outcome);
	chmod("svc.core", 0644);
	outcome =
		run("x\n", WORDS("setpriv", "--reuid=65534", "--regid=65534",
				 "--clear-groups", tool_restore(), "svc.core"));
	expect_status(outcome, 125);
	expect_in(outcome.err, "cannot set its scheduling: Operation not "
			       "permitted");
	expect_in(outcome.err, "a privilege that was there when the service "
			       "was captured");
	outcome_free(&outcome);
}

/* state: randomness from the kernel before the ready point */
Test(states, randomness_is_reported)
{
	struct outcome outcome =
		run(NULL,
		    WORDS(tool_capture(), "-o", "svc.core", "/usr/bin/python3",
			  "-c", "import os; os.getrandom(77); input()"));

	expect_status(outcome, 0);
	expect_in(outcome.err, "noted     randomness");
	expect_in(outcome.err, " bytes from getrandom(2); all restores share "
			       "what was made of them");
	outcome_free(&outcome);
}

static bool has_level(const char *level)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "-q", "-o", "try.core", "--cpu",
				level, service_path("waits_for_input")));
	bool has = outcome.status == 0;

	if (!has)
		expect_in(outcome.err, "this CPU has no ");
	outcome_free(&outcome);
	return has;
}

/* state: CPU that lacks what the image was chosen for */
Test(states, level_of_the_cpu_is_chosen)
{
	struct outcome outcome;

	if (!has_level("x86-64-v2"))
		skip("this CPU is too old");
	outcome = run(NULL, WORDS(tool_capture(), "-o", "svc.core", "--cpu",
				  "x86-64-v2", "sh", "-c",
				  "read x; echo $GLIBC_TUNABLES"));
	expect_status(outcome, 0);
	expect_in(outcome.err, "noted     CPU");
	expect_in(outcome.err, "choose for x86-64-v2");
	outcome_free(&outcome);

	outcome = run("x\n", WORDS(tool_restore(), "svc.core"));
	expect_in(outcome.out, "glibc.cpu.hwcaps=-");
	expect_in(outcome.out, "-AVX2,");
	cr_expect(!strstr(outcome.out, "-SSSE3"), "%s", outcome.out);
	outcome_free(&outcome);
}

/*
 * glibc's own word for what it chose: a vector of the level or less.
 * @bit: of EBX of CPUID leaf 7
 */
static void expect_choice(const char *level, int bit, const char *expected)
{
	char code[512], option[32];
	struct outcome outcome;

	snprintf(code, sizeof(code),
		 "import ctypes, sys\n"
		 "libc = ctypes.CDLL(None)\n"
		 "libc.__x86_get_cpuid_feature_leaf.restype = "
		 "ctypes.POINTER(ctypes.c_uint32)\n"
		 "leaf = libc.__x86_get_cpuid_feature_leaf(1)\n"
		 "sys.stdin.readline()\n"
		 "print('active' if leaf[5] >> %d & 1 else 'hidden')\n",
		 bit);
	snprintf(option, sizeof(option), "--cpu=%s", level);
	outcome = run(NULL, WORDS(tool_capture(), "-q", "-o", "svc.core",
				  option, "/usr/bin/python3", "-c", code));
	expect_status(outcome, 0);
	outcome_free(&outcome);
	outcome = run("\n", WORDS(tool_restore(), "svc.core"));
	expect_out(outcome, expected);
	outcome_free(&outcome);
}

/* state: CPU that lacks what the image was chosen for */
Test(states, libc_chooses_for_the_level)
{
	enum {
		AVX2 = 5,
		AVX512F = 16,
	};

	if (!has_level("x86-64-v3"))
		skip("this CPU has no AVX2");
	expect_choice("x86-64-v2", AVX2, "hidden\n");
	expect_choice("x86-64-v3", AVX2, "active\n");
	expect_choice("x86-64-v3", AVX512F, "hidden\n");
}

/* As a reader of the core finds it who knows nothing but its text. */
Test(states, audit_is_in_the_core)
{
	struct outcome outcome = capture_with(NULL, "sets_attributes", NULL);

	expect_status(outcome, 0);
	outcome_free(&outcome);
	outcome = run(
		NULL,
		WORDS("/usr/bin/python3", "-c",
		      "import json\n"
		      "core = open('svc.core', 'rb').read()\n"
		      "at = core.rindex(b'{', 0, core.index(b'\"service\":'))\n"
		      "text = core[at:at + 65536].decode('latin-1')\n"
		      "audit = json.JSONDecoder().raw_decode(text)[0]\n"
		      "for f in audit['findings']:\n"
		      "    print(f['verdict'], f['subject'], f['what'])"));
	expect_status(outcome, 0);
	expect_in(outcome.out, "restored umask ");
	expect_in(outcome.out, "restored dumpable flag 0, was 1 at the start");
	outcome_free(&outcome);
}
