/*
 * Pipes and pairs of sockets with what is in them, listeners, UDP.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "carries.h"
#include "service.h"

static void keep_pipes(void)
{
	char bytes[100] = "";
	int ends[2], packets[2], empty[2];

	must(pipe2(ends, O_NONBLOCK));
	must(pipe2(packets, O_DIRECT | O_CLOEXEC | O_NONBLOCK));
	must(pipe(empty));
	must(fcntl(ends[1], F_SETPIPE_SZ, 8192));
	must((int)write(ends[1], "in the pipe", 11));
	must((int)write(packets[1], "one", 3));
	must((int)write(packets[1], "two", 3));

	service_ready();

	carry_check(fcntl(ends[0], F_GETPIPE_SZ) == 8192);
	carry_check(read(ends[0], bytes, 100) == 11 &&
		    strcmp(bytes, "in the pipe") == 0);
	carry_check(read(ends[0], bytes, 100) < 0 && errno == EAGAIN);
	carry_check(read(packets[0], bytes, 100) == 3 &&
		    strncmp(bytes, "one", 3) == 0);
	carry_check(read(packets[0], bytes, 100) == 3 &&
		    strncmp(bytes, "two", 3) == 0);
	carry_check(write(packets[1], "3", 1) == 1 &&
		    write(packets[1], "4", 1) == 1 &&
		    read(packets[0], bytes, 100) == 1);
	carry_check(fcntl(packets[0], F_GETFD) == FD_CLOEXEC);
	carry_check(!(fcntl(empty[0], F_GETFL) & O_NONBLOCK));
	carry_check(write(empty[1], "x", 1) == 1 &&
		    read(empty[0], bytes, 10) == 1);
	close(ends[1]);
	carry_check(read(ends[0], bytes, 100) == 0);
}

static void fill_pair(int ends[2], int type)
{
	must(socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, ends));
	must((int)send(ends[0], "first", 5, 0));
	must((int)send(ends[0], "second", 6, 0));
	must((int)send(ends[1], "back", 4, 0));
}

static void check_messages(const int ends[2])
{
	char bytes[100];

	carry_check(recv(ends[1], bytes, 100, 0) == 5);
	carry_check(recv(ends[1], bytes, 100, 0) == 6 &&
		    strncmp(bytes, "second", 6) == 0);
	carry_check(recv(ends[1], bytes, 100, 0) < 0 && errno == EAGAIN);
	carry_check(recv(ends[0], bytes, 100, 0) == 4);
	carry_check(send(ends[1], "on", 2, 0) == 2 &&
		    recv(ends[0], bytes, 100, 0) == 2);
}

static void keep_pairs(void)
{
	const int size = 50000;
	int streams[2], datagrams[2], packets[2], shut[2];
	char bytes[100];
	int got = 0;
	socklen_t length = sizeof(got);

	fill_pair(streams, SOCK_STREAM);
	fill_pair(datagrams, SOCK_DGRAM);
	fill_pair(packets, SOCK_SEQPACKET);
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, shut));
	must((int)send(shut[0], "last", 4, 0));
	must(shutdown(shut[0], SHUT_WR));
	setsockopt(streams[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));

	service_ready();

	carry_check(recv(streams[1], bytes, 100, 0) == 11 &&
		    strncmp(bytes, "firstsecond", 11) == 0);
	carry_check(recv(streams[0], bytes, 100, 0) == 4);
	getsockopt(streams[0], SOL_SOCKET, SO_SNDBUF, &got, &length);
	carry_check(got == 2 * size);
	check_messages(datagrams);
	check_messages(packets);
	carry_check(recv(shut[1], bytes, 100, 0) == 4);
	carry_check(recv(shut[1], bytes, 100, 0) == 0);
	carry_check(send(shut[0], "x", 1, MSG_NOSIGNAL) < 0 && errno == EPIPE);
	carry_check(send(shut[1], "x", 1, 0) == 1);
}

/* Ports that the kernel hands out to connections may be taken at a restore. */
static void bind_somewhere(int fd, const struct sockaddr *address,
			   socklen_t size)
{
	struct sockaddr_storage chosen = {0};
	struct sockaddr_in *in = (void *)&chosen;
	int port = 10000 + getpid() % 20000;
	int r = -1;

	memcpy(&chosen, address, size);
	while (r < 0 && port < 32000) {
		/* At the same place for both versions of IP. */
		if (chosen.ss_family != AF_UNIX)
			in->sin_port = htons((uint16_t)port++);
		else
			port = 32000;
		r = bind(fd, (void *)&chosen, size);
	}
	must(r);
}

static int listen_on(const struct sockaddr *address, socklen_t size)
{
	int fd = must(socket(address->sa_family,
			     SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
	const int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	bind_somewhere(fd, address, size);
	must(listen(fd, 17));
	return fd;
}

/* Somebody connects to where it listens, and is accepted. */
static void check_listener(int fd)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	int peer, accepted;
	char byte;

	carry_check(getsockname(fd, (void *)&address, &size) == 0);
	peer = socket(address.ss_family, SOCK_STREAM, 0);
	carry_check(connect(peer, (void *)&address, size) == 0);
	accepted = accept(fd, NULL, NULL);
	carry_check(accepted >= 0 && send(peer, "x", 1, 0) == 1 &&
		    recv(accepted, &byte, 1, 0) == 1);
	carry_check(accept(fd, NULL, NULL) < 0 && errno == EAGAIN);
	carry_check(fcntl(fd, F_GETFD) == FD_CLOEXEC);
	close(peer);
	close(accepted);
}

static void keep_listeners(void)
{
	const struct sockaddr_in in = {.sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(0x7f000001)};
	const struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
					 .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int four = listen_on((const void *)&in, sizeof(in));
	int six = listen_on((const void *)&in6, sizeof(in6));
	struct tcp_info info;
	socklen_t size = sizeof(info);
	int on = 1, idle = 77, got = 0;

	setsockopt(four, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(four, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(four, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));

	service_ready();

	check_listener(four);
	check_listener(six);
	getsockopt(four, IPPROTO_TCP, TCP_INFO, &info, &size);
	carry_check(info.tcpi_sacked == 17);
	size = sizeof(got);
	getsockopt(four, IPPROTO_TCP, TCP_KEEPIDLE, &got, &size);
	carry_check(got == idle);
	getsockopt(four, IPPROTO_TCP, TCP_NODELAY, &got, &size);
	carry_check(got != 0);
}

static void keep_unix_listeners(void)
{
	struct sockaddr_un named = {.sun_family = AF_UNIX};
	struct sockaddr_un abstract = {.sun_family = AF_UNIX};
	const socklen_t size = offsetof(struct sockaddr_un, sun_path);
	struct stat status;
	char folder[80] = "";
	int by_path, by_name;

	must(getcwd(folder, sizeof(folder)) ? 0 : -1);
	snprintf(named.sun_path, sizeof(named.sun_path), "%s/socket", folder);
	snprintf(abstract.sun_path + 1, sizeof(abstract.sun_path) - 1, "%s",
		 folder);
	unlink(named.sun_path);
	by_path = listen_on((const void *)&named, sizeof(named));
	must(chmod(named.sun_path, 0620));
	by_name = listen_on((const void *)&abstract,
			    size + 1 + (socklen_t)strlen(folder));

	service_ready();

	check_listener(by_path);
	check_listener(by_name);
	carry_check(stat(named.sun_path, &status) == 0 &&
		    (status.st_mode & 0777) == 0620);
}

static void keep_datagrams(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(0x7f000001)};
	socklen_t size = sizeof(address);
	int bound = must(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
	int fresh = must(socket(AF_INET6, SOCK_DGRAM, 0));
	const int on = 1;
	int got = 0;
	char byte;

	setsockopt(bound, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
	bind_somewhere(bound, (void *)&address, size);
	must(getsockname(bound, (void *)&address, &size));

	service_ready();

	carry_check(sendto(bound, "x", 1, 0, (void *)&address, size) == 1);
	carry_check(recv(bound, &byte, 1, 0) == 1);
	size = sizeof(got);
	getsockopt(bound, SOL_SOCKET, SO_BROADCAST, &got, &size);
	carry_check(got == 1);
	getsockopt(fresh, SOL_SOCKET, SO_DOMAIN, &got, &size);
	carry_check(got == AF_INET6);
}

/* With gaps, and above the limit that a restorer has by default. */
static void keep_many(void)
{
	struct rlimit limit;
	int ends[2];

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 1900 < limit.rlim_max ? 1900 : limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	must(pipe(ends));
	for (int fd = 10; fd < (int)limit.rlim_cur - 1; fd += 3)
		must(dup2(ends[fd & 1], fd));

	service_ready();

	for (int fd = 10; fd < (int)limit.rlim_cur - 1; fd++) {
		const bool is_open = fcntl(fd, F_GETFD) == 0;

		carry_check(is_open == ((fd - 10) % 3 == 0));
		if (is_open && fd & 1)
			carry_check(write(fd, "x", 1) == 1 &&
				    read(ends[0], ends + 1, 1) == 1);
	}
}

static const struct carry_case items[] = {
	{"pipe", keep_pipes},	      {"socketpair", keep_pairs},
	{"listener", keep_listeners}, {"listener:unix", keep_unix_listeners},
	{"udp", keep_datagrams},      {"pipe:many", keep_many},
};

const struct carry_cases socket_cases = CASES(items);
