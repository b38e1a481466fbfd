/*
 * test_carry.c - descriptors that are made again, and those that cannot be
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/carry_cases.h"

TestSuite(carry, .init = harness_begin, .fini = harness_end, .timeout = 120);

static void expect_carried(const char *name, const struct outcome *capture)
{
	cr_expect(capture->status == 0, "%s: %s", name, capture->err);
	carry_restores(name);
}

/*
 * state: descriptors of kinds that can be made again: files, folders, plain
 * devices, pipes, socketpairs with what is in them, listeners, UDP, eventfd,
 * timerfd, signalfd, epoll, inotify, memfds
 */
Test(carry, every_kind_comes_back_as_it_was)
{
	carry_each("--list", 18, expect_carried);
}

/* state: descriptors of kinds that can be made again */
Test(carry, every_kind_is_refused_unless_it_is_asked_for)
{
	struct outcome outcome =
		run("", WORDS(tool_capture(), "-o", "svc.core",
			      service_path("carries"), "epoll,eventfd,pipe"));

	expect_status(outcome, 3);
	expect_in(outcome.err, "Or use --carry=epoll.");
	expect_in(outcome.err,
		  "hint: --carry=epoll,eventfd,pipe would carry all of that.");
	cr_expect(access("svc.core", F_OK) < 0);
	outcome_free(&outcome);
}

/* What a message lists after a kind that is none is what --help lists. */
Test(carry, help_has_every_kind)
{
	struct outcome help = run(NULL, WORDS(tool_capture(), "--help"));
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "--carry=nonsense", "true"));
	char *at = strstr(outcome.err, "There are ");
	size_t count = 0;

	expect_status(outcome, 2);
	cr_assert(at != NULL);
	for (char *word = strtok(at + 10, " ;.\n"); word;
	     word = strtok(NULL, " ;.\n"), count++)
		expect_in(help.out, word);
	cr_expect(count > 16);
	outcome_free(&outcome);
	outcome_free(&help);
}

static void capture_python(const char *option, const char *program)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "-q", "-o", "svc.core", option,
				"/usr/bin/python3", "-c", program));

	expect_status(outcome, 0);
	outcome_free(&outcome);
}

static void check_refused(const char *option, const char *program,
			  const char *message)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "-o", "svc.core", option,
				"/usr/bin/python3", "-c", program));

	expect_status(outcome, 3);
	expect_in(outcome.err, message);
	outcome_free(&outcome);
}

Test(carry, what_cannot_be_made_again_is_refused_all_the_same)
{
	check_refused("--carry=all",
		      "import os, sys\nr, w = os.pipe()\nos.close(w)\n"
		      "sys.stdin.read()",
		      "Its other end belongs to somebody else, or to nobody");
	check_refused("--carry=all",
		      "import sys, fcntl\nf = open('x', 'w')\n"
		      "fcntl.flock(f, fcntl.LOCK_EX)\nsys.stdin.read()",
		      "Take the lock after the ready point.");
	check_refused("--carry=all",
		      "import sys, os\nf = open('x', 'w')\nos.unlink('x')\n"
		      "sys.stdin.read()",
		      "deleted file");
	check_refused("--carry=all",
		      "import sys, socket\n"
		      "s = socket.create_server(('127.0.0.1', 0))\n"
		      "c = socket.create_connection(s.getsockname())\n"
		      "sys.stdin.read()",
		      "TCP connection to 127.0.0.1:");
	check_refused("--carry=all",
		      "import sys, socket\n"
		      "s = socket.create_server(('127.0.0.1', 0))\n"
		      "c = socket.create_connection(s.getsockname())\n"
		      "sys.stdin.read()",
		      "Accept the connections that wait there");
	check_refused("--carry=pipe",
		      "import os, sys\nr, w = os.pipe()\n"
		      "os.open('/proc/self/fd/%d' % r, os.O_RDONLY)\n"
		      "sys.stdin.read()",
		      "its other end was opened twice");
	check_refused("--carry=all",
		      "import sys, socket\n"
		      "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
		      "s.bind(('127.0.0.1', 0))\n"
		      "s.sendto(b'x', s.getsockname())\nsys.stdin.read()",
		      "Read what it has received before the ready point.");
	check_refused("--carry=all",
		      "import sys, socket\n"
		      "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
		      "s.bind(('', 0))\n"
		      "s.setsockopt(socket.IPPROTO_IP, "
		      "socket.IP_ADD_MEMBERSHIP, socket.inet_aton('239.1.2.3') "
		      "+ socket.inet_aton('127.0.0.1'))\nsys.stdin.read()",
		      "It may have joined a multicast group");
	check_refused("--carry=all",
		      "import os, select, sys\nr, w = os.pipe()\n"
		      "e = select.epoll()\ne.register(r)\nd = os.dup(r)\n"
		      "os.close(r)\nsys.stdin.read()",
		      "which is closed or another one now");
	check_refused("--carry=all",
		      "import socket, sys\na, b = socket.socketpair()\n"
		      "socket.send_fds(a, [b'x'], [0])\nsys.stdin.read()",
		      "Receive the descriptors before the ready point.");
	check_refused("--carry=all",
		      "import os, sys\nr, w = os.pipe()\nos.dup2(w, 1)\n"
		      "sys.stdin.read()",
		      "Its other end belongs to somebody else, or to nobody");
}

Test(carry, another_process_has_it_too)
{
	struct running other = start(
		WORDS("/usr/bin/python3", "-c",
		      "import os, sys, socket\n"
		      "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
		      "s.bind('here')\n"
		      "fds = socket.recv_fds(s, 10, 1)[1]\n"
		      "s.close()\nprint('got', flush=True)\n"
		      "sys.stdin.read()"));
	struct outcome outcome;

	while (access("here", F_OK) < 0)
		usleep(10000);
	check_refused("--carry=all",
		      "import os, sys, time, socket\nr, w = os.pipe()\n"
		      "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
		      "s.connect('here')\n"
		      "socket.send_fds(s, [b'x'], [w])\ns.close()\n"
		      "time.sleep(0.3)\nsys.stdin.read()",
		      " (python3) has it, too, as its fd ");
	outcome = finish(other, NULL, 10);
	outcome_free(&outcome);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	fputs(text, file);
	fclose(file);
}

static void check_restore(const char *wanted)
{
	struct outcome outcome = run("x", WORDS(tool_restore(), "svc.core"));

	expect_status(outcome, 0);
	expect_out(outcome, wanted);
	outcome_free(&outcome);
}

static void check_failure(const char *message)
{
	struct outcome outcome = run("x", WORDS(tool_restore(), "svc.core"));

	expect_status(outcome, 125);
	expect_in(outcome.err, message);
	outcome_free(&outcome);
}

static const char reads_file[] = "import sys\nf = open('data')\n"
				 "sys.stdin.read()\nprint(f.read(), end='')";

Test(carry, file_has_to_be_the_same_or_may_be_any)
{
	write_file("data", "old\n");
	capture_python("--carry=file", reads_file);
	check_restore("old\n");
	write_file("data", "new, longer\n");
	check_failure("cannot restore fd 3: '");
	check_failure("is not the file of the capture any more");
	unlink("data");
	check_failure("No such file or directory");

	write_file("data", "old\n");
	capture_python("--carry=file:any", reads_file);
	unlink("data");
	write_file("data", "another\n");
	check_restore("another\n");
	unlink("data");
	cr_assert(mkdir("data", 0755) == 0);
	check_failure("is not the file of the capture any more");
}

/* The report of a capture with @options and a file opened by @opening. */
static void capture_opening(const char *const options[], const char *opening,
			    bool is_warned)
{
	static const char caveat[] =
		"\n                           A restore that writes to it has the "
		"next one refused; --carry=file:any takes whatever file has "
		"the name then.\n";
	const char *words[16] = {tool_capture(), "-o", "svc.core"};
	char program[256];
	struct outcome outcome;
	size_t count = 3;

	snprintf(program, sizeof(program),
		 "import os, sys\nf = os.open(%s)\nsys.stdin.readline()\n"
		 "try: os.write(f, b'x')\nexcept OSError: pass",
		 opening);
	for (size_t i = 0; options[i]; i++)
		words[count++] = options[i];
	words[count++] = "/usr/bin/python3";
	words[count++] = "-c";
	words[count] = program;
	write_file("data", "old");
	cr_assert(chmod("data", 0666) == 0);
	outcome = run(NULL, words);
	expect_status(outcome, 0);
	cr_expect((strstr(outcome.err, caveat) != NULL) == is_warned, "%s: %s",
		  opening, outcome.err);
	cr_expect((strstr(outcome.err, "noted     fd 3 ") != NULL) == is_warned,
		  "%s: %s", opening, outcome.err);
	outcome_free(&outcome);
}

/* What was said at the capture comes true. */
Test(carry, file_that_may_be_written_is_said_to_change)
{
	static const char writes[] = "'data', os.O_WRONLY | os.O_APPEND";

	capture_opening(WORDS("--carry=file"), writes, true);
	check_restore("");
	check_failure("is not the file of the capture any more");
	capture_opening(WORDS("--carry=all"), "'data', os.O_RDWR", true);

	capture_opening(WORDS("--carry=all,file:any"), writes, false);
	check_restore("");
	check_restore("");
	capture_opening(WORDS("--carry=all"), "'data', os.O_RDONLY", false);
	capture_opening(WORDS("--carry=all"), "'/dev/null', os.O_RDWR", false);
}

Test(carry, dropped_is_not_there_and_inherited_is_the_callers)
{
	const char *program = "import os, sys\nf = open('data')\n"
			      "sys.stdin.read()\n"
			      "try: print(os.read(3, 10))\n"
			      "except OSError as e: print(e.errno)";
	struct outcome outcome;

	write_file("data", "old");
	write_file("mine", "mine");
	capture_python("--drop=3", program);
	check_restore("9\n");
	capture_python("--inherit=3", program);
	check_failure("the caller's fd 3 cannot be had");
	outcome = run("x", WORDS("sh", "-c", "exec \"$0\" svc.core 3<mine",
				 tool_restore()));
	expect_out(outcome, "b'mine'\n");
	outcome_free(&outcome);
	capture_python("--carry=file", program);
	outcome = run("x", WORDS("sh", "-c",
				 "exec \"$0\" --inherit=3 svc.core 3<mine",
				 tool_restore()));
	expect_out(outcome, "b'mine'\n");
	outcome_free(&outcome);
	outcome = run("x", WORDS(tool_restore(), "--inherit=4", "svc.core"));
	expect_in(outcome.err, "cannot inherit fd 4: the service has none of "
			       "that number");
	outcome_free(&outcome);
}

Test(carry, policy_decides_by_its_first_rule_that_fits)
{
	const char *program = "import os, sys\na = open('data')\n"
			      "b = open('mine')\nsys.stdin.read()\n"
			      "print(b.read())";
	struct outcome outcome;

	write_file("data", "old");
	write_file("mine", "mine");
	write_file("rules", "# of the test\ndrop file */data\n"
			    "carry file:any */mine\n");
	capture_python("--policy=rules", program);
	check_restore("mine\n");
	write_file("rules", "refuse file */data\ncarry all\n");
	check_refused("--policy=rules", program, "fd 3 ");
	write_file("rules", "carry fils\n");
	outcome = run(NULL, WORDS(tool_capture(), "--policy=rules", "true"));
	expect_status(outcome, 2);
	expect_in(outcome.err, "line 1 of 'rules': there is no kind 'fils'");
	outcome_free(&outcome);
	outcome = run(NULL, WORDS(tool_capture(), "--policy=none", "true"));
	expect_in(outcome.err, "cannot read 'none': No such file");
	outcome_free(&outcome);
}

/* At none of the ports that the kernel hands out to connections. */
static const char listens[] =
	"import os, socket, sys\n"
	"for p in range(10000 + os.getpid() % 20000, 32000):\n"
	"    try: s = socket.create_server(('127.0.0.1', p))\n"
	"    except OSError: continue\n"
	"    break\n"
	"p = s.getsockname()[1]\nsys.stdin.readline()\n"
	"print(p == s.getsockname()[1], flush=True)\n"
	"sys.stdin.readline()";

/* A restore that a service manager has made a socket for. */
static struct outcome offer(const char *expression, const char *option)
{
	static const char manager[] =
		"import os, socket, sys\n"
		"s = eval(sys.argv[1])\n"
		"os.dup2(s.fileno(), 3)\n"
		"os.set_inheritable(3, True)\n"
		"os.environ['LISTEN_FDS'] = '1'\n"
		"os.environ['LISTEN_PID'] = str(os.getpid())\n"
		"os.execv(sys.argv[2], [*sys.argv[2:], 'svc.core'])";

	return run("\n\n", WORDS("/usr/bin/python3", "-c", manager, expression,
				 tool_restore(), option));
}

Test(carry, port_in_use_is_one_line_and_a_socket_may_be_offered)
{
	struct running first;
	struct outcome outcome;
	char answer[8] = "";

	capture_python("--carry=listener", listens);
	first = start(WORDS(tool_restore(), "svc.core"));
	cr_assert(write(first.in, "\n", 1) == 1);
	for (size_t got = 0; got < 5; got++)
		cr_assert(read(first.out, answer + got, 1) == 1);
	cr_expect(strcmp(answer, "True\n") == 0);
	check_failure("cannot restore fd 3: cannot bind 127.0.0.1:");
	check_failure("offer a socket with --inherit or $LISTEN_FDS");
	outcome = offer("socket.create_server(('127.0.0.1', 0))", NULL);
	expect_out(outcome, "False\n");
	outcome_free(&outcome);
	outcome = offer("socket.create_server(('127.0.0.1', 0))", "--record");
	expect_out(outcome, "False\n");
	outcome_free(&outcome);
	outcome = offer("socket.socket(socket.AF_UNIX)", NULL);
	expect_status(outcome, 125);
	expect_in(outcome.err, "cannot use fd 3 of $LISTEN_FDS: the service "
			       "has no such listener");
	outcome_free(&outcome);
	outcome = finish(first, "\n", 10);
	expect_status(outcome, 0);
	outcome_free(&outcome);
}

Test(carry, failed_restore_leaves_no_socket_behind)
{
	write_file("data", "old\n");
	capture_python("--carry=all",
		       "import os, socket, sys\n"
		       "s = socket.socket(socket.AF_UNIX)\n"
		       "s.bind(os.getcwd() + '/sock')\ns.listen()\n"
		       "f = open('data')\nsys.stdin.read()\nprint('up')");
	check_restore("up\n");
	unlink("sock");
	unlink("data");
	check_failure("cannot restore fd 4: ");
	cr_expect(access("sock", F_OK) < 0);
}

Test(carry, input_that_is_always_ready_is_named)
{
	struct outcome outcome = run(
		"", WORDS(tool_capture(), "-q", "-o", "svc.core",
			  "--carry=epoll", service_path("carries"), "epoll"));

	expect_status(outcome, 0);
	outcome_free(&outcome);
	outcome = run(NULL, WORDS("sh", "-c", "exec \"$0\" svc.core <svc.core",
				  tool_restore()));
	expect_status(outcome, 125);
	expect_in(outcome.err, "cannot restore fd 3: cannot have epoll watch "
			       "fd 0: Operation not permitted");
	outcome_free(&outcome);
}

Test(carry, limit_on_open_files_is_named)
{
	struct outcome outcome =
		run("", WORDS(tool_capture(), "-q", "-o", "svc.core",
			      "--carry=file", service_path("carries"), "file"));

	expect_status(outcome, 0);
	outcome_free(&outcome);
	outcome = run(NULL,
		      WORDS("sh", "-c", "ulimit -n 300; exec \"$0\" svc.core",
			    tool_restore()));
	expect_status(outcome, 125);
	expect_in(outcome.err, "cannot restore descriptor 900: the limit on "
			       "open files is 300");
	outcome_free(&outcome);
}

Test(carry, dry_run_lists_descriptors_and_makes_none)
{
	struct outcome outcome;

	capture_python("--carry=listener", listens);
	outcome = run(NULL, WORDS(tool_restore(), "--dry-run", "svc.core"));
	expect_status(outcome, 0);
	expect_in(outcome.out, "fd 3 = socket\n");
	outcome_free(&outcome);
}
