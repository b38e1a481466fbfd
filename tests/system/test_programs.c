/*
 * test_programs.c - real programs from Debian, captured warm and restored
 *
 * Each is stopped where it waits for its first request; every restore gets a
 * request that the capture never saw, on pipes that it never saw.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/harness.h"

TestSuite(programs, .init = harness_begin, .fini = harness_end, .timeout = 120);

enum {
	CLONES = 20,
};

struct request {
	const char *input;
	const char *answer;
};

static void check_program(const char *const words[],
			  const struct request requests[2])
{
	const char *command[16] = {tool_capture(), "-o", "svc.core", "--"};
	struct running clones[CLONES];
	struct outcome outcome;

	for (size_t i = 0; words[i]; i++)
		command[4 + i] = words[i];
	if (!has_program(words[0]))
		return;
	outcome = run(NULL, command);
	expect_status(outcome, 0);
	outcome_free(&outcome);
	/* Twenty at once, all of them alive before the first gets its input. */
	for (size_t i = 0; i < CLONES; i++)
		clones[i] = start(WORDS(tool_restore(), "svc.core"));
	for (size_t i = 0; i < CLONES; i++) {
		const struct request *request = &requests[i % 2];

		outcome = finish(clones[i], request->input, 60);
		expect_status(outcome, 0);
		expect_out(outcome, request->answer);
		outcome_free(&outcome);
	}
}

#define REQUESTS(...) ((const struct request[2]){__VA_ARGS__})

Test(programs, bc_calculates)
{
	check_program(
		WORDS("bc", "-lq"),
		REQUESTS({"2^100\n", "1267650600228229401496703205376\n"},
			 {"scale=20;4*a(1)\n", "3.14159265358979323844\n"}));
}

Test(programs, python_with_imports_evaluates)
{
	check_program(WORDS("/usr/bin/python3", "-c",
			    "import sys, json, decimal, email, http.client, "
			    "xml.dom.minidom, asyncio, unittest, hashlib, ssl, "
			    "sqlite3, logging, argparse, random, datetime, re\n"
			    "for line in sys.stdin:\n"
			    "    print(eval(line), flush=True)\n"),
		      REQUESTS({"decimal.Decimal(2).sqrt()\n",
				"1.414213562373095048801688724\n"},
			       {"hashlib.sha256(b'x').hexdigest()[:16]\n",
				"2d711642b726b044\n"}));
}

Test(programs, python_keeps_its_database_in_memory)
{
	check_program(
		WORDS("/usr/bin/python3", "-c",
		      "import sqlite3, sys\n"
		      "db = sqlite3.connect(':memory:')\n"
		      "db.execute('create table t (a integer, b text)')\n"
		      "db.executemany('insert into t values (?, ?)',\n"
		      "    ((i, str(i * i)) for i in range(50000)))\n"
		      "for line in sys.stdin:\n"
		      "    print(db.execute(line).fetchone()[0])\n"),
		REQUESTS({"select b from t where a = 4321\n", "18671041\n"},
			 {"select count(*) from t\n", "50000\n"}));
}

Test(programs, python_keeps_its_pool_of_threads)
{
	check_program(WORDS("/usr/bin/python3", "-c",
			    "import concurrent.futures, sys\n"
			    "pool = concurrent.futures.ThreadPoolExecutor(8)\n"
			    "list(pool.map(abs, range(1000)))\n"
			    "for line in sys.stdin:\n"
			    "    print(sum(pool.map(lambda x: x * int(line), "
			    "range(100))))\n"),
		      REQUESTS({"1\n", "4950\n"}, {"2\n", "9900\n"}));
}

Test(programs, numpy_multiplies)
{
	check_program(WORDS("/usr/bin/python3", "-c",
			    "import numpy, sys\n"
			    "a = numpy.arange(40000.0).reshape(200, 200)\n"
			    "b = a @ a\n"
			    "for line in sys.stdin:\n"
			    "    print(int((a @ a == b).sum()) + int(line))\n"),
		      REQUESTS({"1\n", "40001\n"}, {"2\n", "40002\n"}));
}

/* It has a thread for what is to be done at the end of objects. */
Test(programs, sbcl_evaluates)
{
	check_program(WORDS("sbcl", "--noinform", "--eval",
			    "(progn (defun f (n) (if (< n 2) n (+ (f (- n 1)) "
			    "(f (- n 2))))) (format t \"~a~%\" (f (read))) "
			    "(finish-output) (exit))"),
		      REQUESTS({"20\n", "6765\n"}, {"10\n", "55\n"}));
}

/* Another thread answers; the first only reads and prints. */
Test(programs, prolog_asks_its_thread)
{
	check_program(
		WORDS("swipl", "-q", "--no-tty", "-g",
		      "thread_create((repeat, thread_get_message(q(X, T)), "
		      "Y is X * X, thread_send_message(T, r(Y)), fail), W, []),"
		      "thread_self(M), repeat, read(X), (X == end_of_file -> "
		      "halt ; thread_send_message(W, q(X, M)), "
		      "thread_get_message(r(Y)), print(Y), nl, fail)"),
		REQUESTS({"12.\n", "144\n"}, {"9.\n", "81\n"}));
}

Test(programs, perl_evaluates)
{
	check_program(WORDS("perl", "-MList::Util=sum", "-ne",
			    "print eval($_), \"\\n\""),
		      REQUESTS({"sum(1..100)\n", "5050\n"},
			       {"'ab' x 3\n", "ababab\n"}));
}

Test(programs, lua_evaluates)
{
	check_program(
		WORDS("lua5.4", "-e",
		      "for l in io.lines() do print(load('return ' .. "
		      "l)()) end"),
		REQUESTS({"6*7\n", "42\n"}, {"('x'):rep(5)\n", "xxxxx\n"}));
}

Test(programs, sqlite_answers)
{
	check_program(
		WORDS("sqlite3", "-cmd",
		      "create table t as with recursive c(x) as (values(1)"
		      " union all select x+1 from c where x<10000) "
		      "select x from c",
		      ":memory:"),
		REQUESTS({"select sum(x) from t;\n", "50005000\n"},
			 {"select max(x) from t;\n", "10000\n"}));
}

Test(programs, gawk_computes)
{
	check_program(WORDS("gawk", "{ print $1 * $2 }"),
		      REQUESTS({"6 7\n", "42\n"}, {"1.5 4\n", "6\n"}));
}

Test(programs, tclsh_evaluates)
{
	check_program(WORDS("tclsh"),
		      REQUESTS({"puts [expr 6*7]\n", "42\n"},
			       {"puts [string length hello]\n", "5\n"}));
}

Test(programs, jq_selects)
{
	check_program(WORDS("jq", "-c", ".a"),
		      REQUESTS({"{\"a\":[1,2]}\n", "[1,2]\n"},
			       {"{\"a\":\"b\"}\n", "\"b\"\n"}));
}

Test(programs, shell_script_goes_on_where_it_read)
{
	check_program(WORDS("sh", "-c", "n=7; read x; echo $((n * x))"),
		      REQUESTS({"6\n", "42\n"}, {"3\n", "21\n"}));
}

Test(programs, what_another_program_has_executed_is_captured)
{
	check_program(WORDS("env", "A=1", "nice", "-n", "1", "sh", "-c",
			    "exec sed -u s/a/b/"),
		      REQUESTS({"aa\n", "ba\n"}, {"ca\n", "cb\n"}));
}

Test(programs, what_was_printed_before_is_printed_once)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "-q", "-o", "svc.core", "sh",
				"-c", "echo warm; read x; echo $x"));

	expect_status(outcome, 0);
	expect_out(outcome, "warm\n");
	outcome_free(&outcome);

	outcome = run("go\n", WORDS(tool_restore(), "svc.core"));

	expect_out(outcome, "go\n");
	outcome_free(&outcome);
}

Test(programs, restored_service_is_captured_and_restored_again)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "-o", "first.core", "sh", "-c",
				"read a; read b; echo $a $b"));

	expect_status(outcome, 0);
	outcome_free(&outcome);
	for (int i = 0; i < 3; i++) {
		outcome = run(NULL, WORDS(tool_capture(), "-o", "next.core",
					  "--", tool_restore(),
					  i == 0 ? "first.core" : "next.core"));
		expect_status(outcome, 0);
		outcome_free(&outcome);
	}

	outcome = run("1\n2\n", WORDS(tool_restore(), "next.core"));

	expect_out(outcome, "1 2\n");
	outcome_free(&outcome);
}
