/*
 * test_states_refused.c - every kind of state that the README says is refused
 *
 * makes_trouble makes one kind of it, and has to be refused by its name; what
 * cannot be had on this machine or by this user, captured or not, is skipped.  The comments
 * "state:" are those of test_states.c.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness.h"

TestSuite(states_refused, .init = harness_begin, .fini = harness_end,
	  .timeout = 120);

static void expect_refused(struct outcome outcome, const char *message)
{
	expect_status(outcome, 3);
	expect_in(outcome.err, message);
	cr_expect(access("svc.core", F_OK) < 0, "a core was written");
	outcome_free(&outcome);
}

/* makes_trouble makes what its argument says. */
static void refuse(const char *kind, const char *message)
{
	const char *service = service_path("makes_trouble");
	struct outcome outcome =
		run("hello\n",
		    WORDS(tool_capture(), "-o", "svc.core", service, kind));

	skip_if_not_had(&outcome, WORDS(service, kind));
	expect_refused(outcome, message);
}

/* With a regular file as its standard input, which is its user's own. */
static void refuse_with_file(const char *kind, const char *message)
{
	const char *service = service_path("makes_trouble");
	const char *script = "echo hello > input; exec \"$@\" < input";
	struct outcome outcome =
		run(NULL, WORDS("sh", "-c", script, "sh", tool_capture(), "-o",
				"svc.core", service, kind));

	skip_if_not_had(&outcome,
			WORDS("sh", "-c", script, "sh", service, kind));
	expect_refused(outcome, message);
}

/* state: shared memory without a name, memfds */
Test(states_refused, shared_memory_of_others_is_refused)
{
	refuse("orphan-shares", "has too");
}

/* state: secret memory, huge page pool, protection keys, userfaultfd, rings */
Test(states_refused, secret_memory_is_refused)
{
	refuse("secretmem", "secret memory");
}

/* state: secret memory, huge page pool, protection keys, userfaultfd, rings */
Test(states_refused, rings_are_refused)
{
	refuse("aio", "asynchronous I/O context");
	refuse("io-uring", "the ring of an io_uring");
}

/* state: secret memory, huge page pool, protection keys, userfaultfd, rings */
Test(states_refused, threads_of_rings_are_refused)
{
	refuse("io-thread", "of the service is the kernel's own");
}

/* state: secret memory, huge page pool, protection keys, userfaultfd, rings */
Test(states_refused, perf_rings_are_refused)
{
	refuse("perf", "the ring of a perf event");
}

/* state: secret memory, huge page pool, protection keys, userfaultfd, rings */
Test(states_refused, userfaultfd_memory_is_refused)
{
	refuse("uffd", "memory with userfaultfd");
}

/* state: secret memory, huge page pool, protection keys, userfaultfd, rings */
Test(states_refused, userfaultfd_memory_of_others_is_refused)
{
	refuse("uffd-elsewhere", "memory with userfaultfd");
}

/* state: secret memory, huge page pool, protection keys, userfaultfd, rings */
Test(states_refused, protection_keys_are_refused)
{
	refuse("pkey", "memory with a protection key");
	refuse("pkey-unused", "refused   protection keys");
}

/* state: private memory */
Test(states_refused, memory_at_address_0_is_refused)
{
	refuse("page-zero", "memory at address 0");
}

/* state: private memory */
Test(states_refused, memory_behind_the_end_of_its_file_is_refused)
{
	refuse("cut-file", "goes on behind the end of its file");
}

/* state: limits, working folder, umask */
Test(states_refused, services_without_room_are_refused)
{
	refuse("no-room", "may map no more memory (RLIMIT_AS, RLIMIT_DATA)");
}

/* state: secret memory, huge page pool, protection keys, userfaultfd, rings */
Test(states_refused, huge_page_pool_is_refused)
{
	refuse("hugetlb", "huge page pool");
}

/*
 * state: secret memory, huge page pool, protection keys, userfaultfd, rings:
 * memory that is bound to a NUMA node
 */
Test(states_refused, memory_that_is_bound_to_a_node_is_refused)
{
	refuse("bind", "has a NUMA policy of its own");
}

/*
 * state: POSIX and System V shared memory that has a name or key, shared
 * files that may be written
 */
Test(states_refused, system_v_segments_are_refused)
{
	refuse("sysv-shm",
	       "System V shared memory segment that others may attach");
}

/*
 * state: POSIX and System V shared memory that has a name or key, shared
 * files that may be written
 */
Test(states_refused, segments_that_an_orphan_has_are_refused)
{
	refuse("sysv-shm-orphan", "is attached elsewhere, too");
}

/*
 * state: POSIX and System V shared memory that has a name or key, shared
 * files that may be written
 */
Test(states_refused, posix_shared_memory_is_refused)
{
	refuse("posix-shm", "POSIX shared memory");
}

/* state: interval timers, POSIX timers */
Test(states_refused, timers_on_the_time_of_one_thread_are_refused)
{
	refuse("thread-cpu-timer", "on the CPU time of one thread");
}

/*
 * state: threads with something of their own, without a main thread:
 * descriptors, folder
 */
Test(states_refused, threads_with_files_of_their_own_are_refused)
{
	refuse("thread-files", "has a descriptor table of its own");
	refuse("thread-fs", "has a working folder, root and umask of its own");
}

/* state: threads with something of their own, without a main thread: user */
Test(states_refused, threads_with_users_of_their_own_are_refused)
{
	refuse("thread-creds", "has user ids of its own");
}

/* state: threads with something of their own, without a main thread: filter */
Test(states_refused, threads_that_have_confined_themselves_are_refused)
{
	refuse("thread-landlock", "refused   Landlock domain of thread ");
	refuse("thread-seccomp", "refused   seccomp filters");
}

/* state: threads with something of their own, without a main thread */
Test(states_refused, threads_with_segments_of_their_own_are_refused)
{
	refuse("segment", "has segments of its own");
}

/* state: threads with something of their own, without a main thread */
Test(states_refused, threads_without_a_main_thread_are_refused)
{
	refuse("leader-exit", "has ended, its others have not");
}

/* state: threads with something of their own, without a main thread: of musl */
Test(states_refused, threads_of_musl_are_refused)
{
	expect_refused(run(NULL, WORDS(tool_capture(), "-o", "svc.core",
				       service_path("musl_threads"))),
		       "is one of several of musl");
}

/* state: processes that were started, or are traced: children, zombies */
Test(states_refused, children_are_refused)
{
	refuse("child", "refused   child ");
	refuse("zombie", "refused   child ");
}

/* state: processes that were started, or are traced: vfork(2) */
Test(states_refused, threads_in_vfork_are_refused)
{
	refuse("vfork", "cannot be stopped: it waits in the kernel");
}

/* state: processes that were started, or are traced: orphans */
Test(states_refused, traced_processes_are_refused)
{
	refuse("traces", "refused   descendant ");
	refuse("traces-child", "refused   child ");
}

/* state: processes that were started, or are traced */
Test(states_refused, traced_processes_of_others_are_refused)
{
	struct running stranger = start(WORDS("sleep", "1000"));
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", stranger.pid);
	setenv("STRANGER", pid, 1);
	refuse("traces-stranger", "refused   traced process ");
	kill(stranger.pid, SIGKILL);
	waitpid(stranger.pid, NULL, 0);
}

/* The shell's process, which is there before the service. */
Test(states_refused, processes_of_the_caller_are_none_of_the_service)
{
	struct outcome outcome = run(
		NULL, WORDS("bash", "-c",
			    "exec \"$0\" -q -o svc.core \"$1\" "
			    "< <(exec sleep 20 > /dev/null 2>&1)",
			    tool_capture(), service_path("waits_for_input")));

	expect_status(outcome, 0);
	outcome_free(&outcome);
}

/* state: semaphore operations to be undone */
Test(states_refused, semaphore_undo_is_refused)
{
	refuse("semundo", "to be undone at its end");
}

/*
 * state: users, capabilities, namespaces, session, root, sandboxes: seccomp,
 * Landlock
 */
Test(states_refused, sandboxes_are_refused)
{
	refuse("seccomp", "refused   seccomp filters");
	refuse("landlock", "refused   Landlock domain");
}

/* state: users, capabilities, namespaces, session, root, sandboxes */
Test(states_refused, sessions_are_refused)
{
	refuse("setpgid", "process group and session");
	refuse("setsid", "process group and session");
}

/* state: users, capabilities, namespaces, session, root, sandboxes */
Test(states_refused, namespaces_are_refused)
{
	refuse("unshare-uts", "refused   UTS namespace");
	refuse("unshare-pid", "pid namespace for children");
}

/* state: users, capabilities, namespaces, session, root, sandboxes */
Test(states_refused, users_are_refused)
{
	refuse("setuid", "refused   user ids");
	refuse("setgroups", "refused   supplementary groups");
}

/*
 * state: users, capabilities, namespaces, session, root, sandboxes: secure
 * bits
 */
Test(states_refused, capabilities_are_refused)
{
	refuse("drop-caps", "permitted capabilities");
	refuse("drop-bounding", "capability bounding set");
	refuse("securebits", "secure bits");
}

/* state: users, capabilities, namespaces, session, root, sandboxes: keyrings */
Test(states_refused, keyrings_are_refused)
{
	refuse("session-keyring", "refused   session keyring");
	refuse("process-keyring", "refused   process keyring");
	refuse("thread-keyring", "refused   thread keyring");
}

/* state: users, capabilities, namespaces, session, root, sandboxes: labels */
Test(states_refused, labels_are_refused)
{
	refuse("label", "refused   security label");
}

/* state: users, capabilities, namespaces, session, root, sandboxes */
Test(states_refused, roots_are_refused)
{
	refuse("chroot", "refused   root folder");
}

/*
 * state: local descriptor table, thread segments, I/O ports, syscall user
 * dispatch, watchpoints of a debugger
 */
Test(states_refused, descriptor_tables_are_refused)
{
	refuse("ldt", "local descriptor table");
}

/*
 * state: local descriptor table, thread segments, I/O ports, syscall user
 * dispatch, watchpoints of a debugger
 */
Test(states_refused, segments_of_threads_are_refused)
{
	refuse("thread-area", "has segments of its own (set_thread_area)");
}

/*
 * state: local descriptor table, thread segments, I/O ports, syscall user
 * dispatch, watchpoints of a debugger
 */
Test(states_refused, dispatch_of_calls_is_refused)
{
	refuse("user-dispatch", "syscall user dispatch");
}

/*
 * state: local descriptor table, thread segments, I/O ports, syscall user
 * dispatch, watchpoints of a debugger
 */
Test(states_refused, levels_of_ports_are_refused)
{
	refuse("iopl", "refused   I/O ports");
}

/*
 * state: local descriptor table, thread segments, I/O ports, syscall user
 * dispatch, watchpoints of a debugger
 */
Test(states_refused, single_ports_are_refused)
{
	refuse("ioperm", "may use I/O ports");
}

/* A debugger that lets go leaves them where they are. */
static void set_watchpoint(pid_t pid)
{
	static uint64_t word;

	cr_assert(ptrace(PTRACE_ATTACH, pid, 0, 0) == 0);
	cr_assert(waitpid(pid, NULL, 0) == pid);
	cr_assert(ptrace(PTRACE_POKEUSER, pid,
			 offsetof(struct user, u_debugreg[0]), &word) == 0);
	cr_assert(ptrace(PTRACE_POKEUSER, pid,
			 offsetof(struct user, u_debugreg[7]), 1) == 0);
	cr_assert(ptrace(PTRACE_DETACH, pid, 0, 0) == 0);
	await_input(pid);
}

/*
 * state: local descriptor table, thread segments, I/O ports, syscall user
 * dispatch, watchpoints of a debugger
 */
Test(states_refused, watchpoints_of_debuggers_are_refused)
{
	struct running service = start(WORDS(service_path("waits_for_input")));
	struct outcome outcome;
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", service.pid);
	await_input(service.pid);
	set_watchpoint(service.pid);
	expect_refused(run(NULL, WORDS(tool_capture(), "-o", "svc.core",
				       "--pid", pid)),
		       "has watchpoints in its debug registers");
	outcome = finish(service, "x\n", 60);
	outcome_free(&outcome);
}

/* state: standard streams */
Test(states_refused, locks_on_streams_are_refused)
{
	refuse_with_file("posix-lock", "with POSIX lock");
	refuse_with_file("ofd-lock", "with OFD lock");
	refuse_with_file("flock", "with flock");
}

/* state: standard streams */
Test(states_refused, leases_on_streams_are_refused)
{
	refuse_with_file("lease", "with lease");
}

/* state: any other descriptor */
Test(states_refused, message_queues_are_refused)
{
	refuse("mqueue", "message queue");
}
