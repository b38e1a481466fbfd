/*
 * test_servers.c - real programs from Debian that keep descriptors
 *
 * Captured warm with --carry=all, restored, and asked for what only a service
 * that remembers its first life can answer; several restores at once where they
 * do not compete for a port.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "tests/harness.h"

TestSuite(servers, .init = harness_begin, .fini = harness_end, .timeout = 120);

enum {
	CLONES = 4,
	WORDS_MAX = 24,
	ANSWER_MAX = 1 << 16,
	PATIENCE_MS = 10000,
};

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	cr_assert(file != NULL);
	fputs(text, file);
	fclose(file);
	chmod(path, 0644);
}

static void capture(const char *ready, const char *const words[])
{
	/* Compilers at work in other threads may take longer than usual here. */
	const char *command[WORDS_MAX] = {
		tool_capture(), "-o",  "svc.core", "--carry=all",
		"--settle=5",	ready, "--"};
	struct outcome outcome;

	for (size_t i = 0; words[i]; i++)
		command[7 + i] = words[i];
	outcome = run("", command);
	expect_status(outcome, 0);
	outcome_free(&outcome);
}

/* All of them alive before the first gets its request. */
static void check_clones(const char *request, const char *answer)
{
	struct running clones[CLONES];

	for (size_t i = 0; i < CLONES; i++)
		clones[i] = start(WORDS(tool_restore(), "svc.core"));
	for (size_t i = 0; i < CLONES; i++) {
		struct outcome outcome = finish(clones[i], request, 60);

		expect_status(outcome, 0);
		expect_in(outcome.out, answer);
		outcome_free(&outcome);
	}
}

Test(servers, ruby_keeps_its_event_descriptors)
{
	if (!has_program("ruby"))
		return;
	capture("--ready=stdin",
		WORDS("ruby", "-rjson", "-e",
		      "t = Thread.new { Queue.new.pop }; x = (1..1000).to_a\n"
		      "STDIN.each_line { |l| puts JSON.generate("
		      "{a: eval(l), n: x.sum}) }"));
	check_clones("1 + 1\n", "{\"a\":2,\"n\":500500}\n");
}

Test(servers, node_keeps_its_event_loop)
{
	if (!has_program("node"))
		return;
	capture("--ready=stdin",
		WORDS("node", "-e",
		      "const path = require('path'), util = require('util');\n"
		      "let n = 0; for (let i = 0; i < 1e5; i++) n += i;\n"
		      "process.stdin.on('data', d => console.log(util.format("
		      "'%s %d %s', d.toString().trim(), n, "
		      "path.join('a', 'b'))));"));
	check_clones("req\n", "req 4999950000 a/b\n");
}

Test(servers, guile_keeps_its_threads)
{
	if (!has_program("guile-3.0"))
		return;
	capture("--ready=stdin",
		WORDS("guile-3.0", "--no-auto-compile", "-c",
		      "(use-modules (ice-9 rdelim) (srfi srfi-1))"
		      "(let loop ((l (read-line)))"
		      " (if (not (eof-object? l)) (begin"
		      " (display (fold + (string->number l) (iota 101)))"
		      " (newline) (loop (read-line)))))"));
	check_clones("1\n", "5051\n");
}

Test(servers, java_keeps_its_threads)
{
	struct outcome outcome;

	if (!has_program("javac"))
		return;
	write_file("S.java",
		   "import java.util.*;\n"
		   "public class S {\n"
		   " public static void main(String[] a) throws Exception {\n"
		   "  List<Integer> l = new ArrayList<>();\n"
		   "  for (int i = 0; i < 100000; i++) l.add(i);\n"
		   "  Scanner s = new Scanner(System.in);\n"
		   "  while (s.hasNextLine())\n"
		   "   System.out.println(s.nextLine() + \" \" +\n"
		   "    l.stream().mapToLong(x -> x).sum());\n"
		   " }\n"
		   "}\n");
	outcome = run(NULL, WORDS("javac", "S.java"));
	expect_status(outcome, 0);
	outcome_free(&outcome);
	capture("--ready=stdin", WORDS("java", "-XX:-UsePerfData",
				       "-XX:+UseSerialGC", "-Xmx64m", "S"));
	check_clones("req\n", "req 4999950000\n");
}

Test(servers, emacs_evaluates)
{
	if (!has_program("emacs"))
		return;
	capture("--ready=stdin",
		WORDS("emacs", "-Q", "--batch", "--eval",
		      "(princ (eval (read (read-string \"\"))))"));
	check_clones("(format \"<%d>\" (+ 1 2))\n", "<3>");
}

Test(servers, sqlite_reads_a_file)
{
	struct outcome outcome =
		run("create table t(x); insert into t values(42);\n",
		    WORDS("sqlite3", "s.db"));

	expect_status(outcome, 0);
	outcome_free(&outcome);
	capture("--ready=stdin", WORDS("sqlite3", "-readonly", "-cmd",
				       "select count(*) from t", "s.db"));
	check_clones("select x + 1 from t;\n", "43\n");
}

static struct sockaddr_in address_of(int port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)port),
	};
}

/*
 * One that nobody listens on, and none of those that the kernel hands out: a
 * connection of another test might have it by the time of the restore.
 */
static int free_port(void)
{
	int port = 10000 + getpid() % 20000;

	for (bool is_free = false; !is_free; port++) {
		const struct sockaddr_in address = address_of(port + 1);
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		is_free =
			bind(fd, (const void *)&address, sizeof(address)) == 0;
		close(fd);
	}
	return port;
}

/* What comes back until @wanted has come, or nothing more comes. */
static void check_answer(int port, const char *request, const char *wanted)
{
	static char answer[ANSWER_MAX];
	const struct sockaddr_in address = address_of(port);
	const struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	size_t got = 0;
	ssize_t size = 1;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	for (int i = 0;
	     connect(fd, (const void *)&address, sizeof(address)) < 0; i++) {
		cr_assert(i < 500, "nobody listens on port %d", port);
		usleep(10000);
	}
	cr_assert(send(fd, request, strlen(request), 0) > 0);
	answer[0] = '\0';
	while (size > 0 && got < ANSWER_MAX - 1 && !strstr(answer, wanted)) {
		size = recv(fd, answer + got, ANSWER_MAX - 1 - got, 0);
		got += size > 0 ? (size_t)size : 0;
		answer[got] = '\0';
	}
	close(fd);
	expect_in(answer, wanted);
}

/* One restore answers; another one at the same port is told so. */
static void check_server(int port, const char *request, const char *wanted)
{
	struct running first = start(WORDS(tool_restore(), "svc.core"));
	struct outcome outcome;

	check_answer(port, request, wanted);
	outcome = run(NULL, WORDS(tool_restore(), "svc.core"));
	expect_status(outcome, 125);
	expect_in(outcome.err, ": Address ");
	outcome_free(&outcome);
	check_answer(port, request, wanted);
	kill(first.pid, SIGKILL);
	outcome = finish(first, NULL, 10);
	outcome_free(&outcome);
}

/*
 * The loop is known by the process id, so each life has to say that it runs; what
 * waits for the time, and threads, work with that.
 */
Test(servers, asyncio_answers)
{
	const int port = free_port();
	char number[16];

	snprintf(number, sizeof(number), "%d", port);
	capture("--ready=output:listening",
		WORDS("/usr/bin/python3", "-c",
		      "import asyncio, sys\n"
		      "async def handle(r, w):\n"
		      "    asyncio._set_running_loop(loop)\n"
		      "    await asyncio.sleep(0.01)\n"
		      "    n = await asyncio.to_thread(sum, [20, 22])\n"
		      "    w.write(b'echo %d ' % n + await r.readline())\n"
		      "    await w.drain()\n"
		      "    w.close()\n"
		      "async def main():\n"
		      "    global loop\n"
		      "    loop = asyncio.get_running_loop()\n"
		      "    s = await asyncio.start_server(handle, '127.0.0.1',"
		      " int(sys.argv[1]))\n"
		      "    print('listening', flush=True)\n"
		      "    await s.serve_forever()\n"
		      "asyncio.run(main())\n",
		      number));
	check_server(port, "hi\n", "echo 42 hi\n");
}

/* With data that it has loaded from its file before. */
Test(servers, redis_answers_with_its_data)
{
	const int port = free_port();
	struct outcome outcome;
	char config[256];

	if (!has_program("redis-server") || !has_program("redis-cli"))
		return;
	snprintf(config, sizeof(config),
		 "port %d\nbind 127.0.0.1\nsave \"\"\nappendonly no\n"
		 "daemonize no\n",
		 port);
	write_file("redis.conf", config);
	write_file("make.sh",
		   "redis-server redis.conf & redis=$!\n"
		   "until redis-cli -p $1 ping; do sleep 0.1; done\n"
		   "redis-cli -p $1 debug populate 10000 || "
		   "for i in $(seq 100); do redis-cli -p $1 set key:$i "
		   "value:$i; done\n"
		   "redis-cli -p $1 set answer 42\n"
		   "redis-cli -p $1 save && kill $redis && wait $redis\n"
		   "test -s dump.rdb\n");
	snprintf(config, sizeof(config), "%d", port);
	outcome = run(NULL, WORDS("sh", "make.sh", config));
	expect_status(outcome, 0);
	outcome_free(&outcome);
	capture("--ready=output:Ready to accept",
		WORDS("redis-server", "redis.conf"));
	unlink("dump.rdb");
	check_server(port, "GET answer\r\n", "$2\r\n42\r\n");
}

Test(servers, memcached_answers)
{
	const int port = free_port();
	char number[16];

	if (!has_program("memcached"))
		return;
	snprintf(number, sizeof(number), "%d", port);
	capture("--ready=after:1",
		WORDS("memcached", "-u", "root", "-l", "127.0.0.1", "-U", "0",
		      "-t", "4", "-p", number));
	check_server(port, "set a 0 0 1\r\nx\r\nget a\r\n",
		     "VALUE a 0 1\r\nx\r\nEND\r\n");
}

Test(servers, nginx_serves_a_page)
{
	const int port = free_port();
	char config[1024];
	char folder[256];

	if (!has_program("nginx"))
		return;
	cr_assert(getcwd(folder, sizeof(folder)) != NULL);
	write_file("index.html", "a page\n");
	snprintf(config, sizeof(config),
		 "master_process off; daemon off; pid pid; error_log stderr;\n"
		 "events {}\n"
		 "http { access_log off; client_body_temp_path b;"
		 " proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u;"
		 " scgi_temp_path s;\n"
		 " server { listen 127.0.0.1:%d; root %s; } }\n",
		 port, folder);
	write_file("nginx.conf", config);
	capture("--ready=after:1", WORDS("nginx", "-e", "stderr", "-p", folder,
					 "-c", "nginx.conf"));
	check_server(port, "GET / HTTP/1.0\r\n\r\n", "\r\n\r\na page\n");
}

Test(servers, lighttpd_serves_a_page)
{
	const int port = free_port();
	char config[1024];
	char folder[256];

	if (!has_program("lighttpd"))
		return;
	cr_assert(getcwd(folder, sizeof(folder)) != NULL);
	write_file("index.html", "another page\n");
	snprintf(config, sizeof(config),
		 "server.document-root = \"%s\"\nserver.port = %d\n"
		 "server.bind = \"127.0.0.1\"\n"
		 "index-file.names = (\"index.html\")\n",
		 folder, port);
	write_file("lighttpd.conf", config);
	capture("--ready=after:1",
		WORDS("lighttpd", "-D", "-f", "lighttpd.conf"));
	check_server(port, "GET / HTTP/1.0\r\n\r\n", "another page\n");
}
