/*
 * Pipes and pairs that are full, or hold messages of nothing; sockets with
 * every option that a server sets; sockets of which there are several.
 *
 * Not one byte more fits in than before, and not one is missing.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "carries.h"
#include "service.h"

enum {
	BIG = 1 << 20,
};

static char bytes[2 * BIG];

/* Writes pieces until no more fits; returns how many did. */
static int fill(int fd, size_t size)
{
	int count = 0;

	while (write(fd, bytes, size) == (ssize_t)size)
		count++;
	return count;
}

static void keep_full_pipes(void)
{
	int small[2], packets[2], big[2];
	int pieces, count;
	const int size = 1000 * 1000;

	must(pipe2(small, O_NONBLOCK));
	must(pipe2(packets, O_NONBLOCK | O_DIRECT));
	must(pipe2(big, O_NONBLOCK));
	must(fcntl(big[1], F_SETPIPE_SZ, BIG));
	pieces = fill(small[1], 1);
	count = fill(packets[1], 100);
	must((int)write(big[1], bytes, (size_t)size));

	service_ready();

	carry_check(write(small[1], bytes, 1) < 0 && errno == EAGAIN);
	carry_check(read(small[0], bytes, BIG) == pieces);
	carry_check(fill(small[1], 1) == pieces);
	carry_check(write(packets[1], bytes, 100) < 0 && errno == EAGAIN);
	for (int i = 0; i < count; i++)
		carry_check(read(packets[0], bytes, BIG) == 100);
	carry_check(read(packets[0], bytes, BIG) < 0 && errno == EAGAIN);
	carry_check(fcntl(big[0], F_GETPIPE_SZ) == BIG);
	carry_check(read(big[0], bytes, sizeof(bytes)) == size);
}

static void keep_full_pairs(void)
{
	int streams[2], packets[2];
	int count, packet_count;
	ssize_t got, all = 0;

	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, streams));
	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, packets));
	count = fill(streams[0], 4000);
	packet_count = fill(packets[1], 3000);

	service_ready();

	while ((got = read(streams[1], bytes, sizeof(bytes))) > 0)
		all += got;
	carry_check(all == (ssize_t)4000 * count);
	for (int i = 0; i < packet_count; i++)
		carry_check(read(packets[0], bytes, BIG) == 3000);
	carry_check(read(packets[0], bytes, BIG) < 0 && errno == EAGAIN);
	carry_check(fill(packets[1], 3000) == packet_count);
}

static void keep_nothing(void)
{
	static const int sizes[] = {0, 1, 0, 0, 2, 0};
	int ends[2];

	must(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends));
	for (int i = 0; i < 6; i++)
		must((int)send(ends[0], "ab", (size_t)sizes[i], 0));

	service_ready();

	for (int i = 0; i < 6; i++)
		carry_check(recv(ends[1], bytes, 100, 0) == sizes[i]);
	carry_check(recv(ends[1], bytes, 100, 0) < 0 && errno == EAGAIN);
}

/* Where the next look begins is said by the service, not by who looks at it. */
static void keep_peeked(void)
{
	const int from = 2;
	int got = -1;
	socklen_t size = sizeof(got);
	int ends[2];

	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends));
	must((int)send(ends[0], "abcdef", 6, 0));
	must(setsockopt(ends[1], SOL_SOCKET, SO_PEEK_OFF, &from, sizeof(from)));

	service_ready();

	getsockopt(ends[1], SOL_SOCKET, SO_PEEK_OFF, &got, &size);
	carry_check(got == from);
	carry_check(recv(ends[1], bytes, 2, MSG_PEEK) == 2 && bytes[0] == 'c');
	carry_check(recv(ends[1], bytes, 100, 0) == 6);
}

struct option {
	int level;
	int name;
	int value;
	int got;
};

static int bind_to(int type, in_port_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = port,
				      .sin_addr.s_addr = htonl(0x7f000001)};
	int fd = must(socket(AF_INET, type | SOCK_NONBLOCK, 0));
	const int on = 1;

	must(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)));
	must(bind(fd, (void *)&address, sizeof(address)));
	return fd;
}

static int ask(int fd, int level, int name)
{
	int value = -1;
	socklen_t size = sizeof(value);

	getsockopt(fd, level, name, &value, &size);
	return value;
}

static void keep_options(void)
{
	struct option options[] = {
		{SOL_SOCKET, SO_RCVBUF, 70000, 0},
		{SOL_SOCKET, SO_SNDBUF, 50000, 0},
		{SOL_SOCKET, SO_OOBINLINE, 1, 0},
		{SOL_SOCKET, SO_RCVLOWAT, 9, 0},
		{SOL_SOCKET, SO_TIMESTAMPNS, 1, 0},
		{IPPROTO_IP, IP_TOS, 16, 0},
		{IPPROTO_IP, IP_TTL, 9, 0},
		{IPPROTO_TCP, TCP_DEFER_ACCEPT, 30, 0},
		{IPPROTO_TCP, TCP_FASTOPEN, 5, 0},
		{IPPROTO_TCP, TCP_MAXSEG, 900, 0},
		{IPPROTO_TCP, TCP_KEEPCNT, 4, 0},
		{IPPROTO_TCP, TCP_USER_TIMEOUT, 4000, 0},
		{IPPROTO_TCP, TCP_LINGER2, 30, 0},
		{IPPROTO_TCP, TCP_NOTSENT_LOWAT, 4000, 0},
		{IPPROTO_TCP, TCP_SAVE_SYN, 1, 0},
	};
	const size_t count = sizeof(options) / sizeof(*options);
	const struct linger linger = {1, 5};
	struct linger got = {0};
	socklen_t size = sizeof(got);
	int fd = bind_to(SOCK_STREAM, 0);

	for (size_t i = 0; i < count; i++) {
		struct option *o = &options[i];

		must(setsockopt(fd, o->level, o->name, &o->value, sizeof(int)));
	}
	must(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	must(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4));
	must(listen(fd, 4));
	for (size_t i = 0; i < count; i++)
		options[i].got = ask(fd, options[i].level, options[i].name);

	service_ready();

	for (size_t i = 0; i < count; i++)
		carry_check(ask(fd, options[i].level, options[i].name) ==
			    options[i].got);
	getsockopt(fd, SOL_SOCKET, SO_LINGER, &got, &size);
	carry_check(got.l_onoff == 1 && got.l_linger == 5);
	size = 5;
	carry_check(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, bytes, &size) ==
			    0 &&
		    strncmp(bytes, "reno", 4) == 0);
}

/* As memcached has it: one for each thread, and one of them twice. */
static void keep_several(void)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);
	int one = bind_to(SOCK_DGRAM, 0);
	int twin = must(dup(one));
	int other;
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	int dual = must(socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0));
	const int off = 0;

	must(getsockname(one, (void *)&address, &size));
	other = bind_to(SOCK_DGRAM, address.sin_port);
	must(setsockopt(dual, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)));
	must(bind(dual, (void *)&six, sizeof(six)));
	size = sizeof(six);
	must(getsockname(dual, (void *)&six, &size));

	service_ready();

	for (int i = 0; i < 8; i++) {
		int from = must(socket(AF_INET, SOCK_DGRAM, 0));

		sendto(from, "x", 1, 0, (void *)&address, sizeof(address));
		close(from);
	}
	for (int i = 0; i < 8; i++)
		carry_check(recv(i % 2 ? one : twin, bytes, 1, 0) == 1 ||
			    recv(other, bytes, 1, 0) == 1);
	address.sin_port = six.sin6_port;
	carry_check(sendto(one, "x", 1, 0, (void *)&address, sizeof(address)) ==
		    1);
	carry_check(recv(dual, bytes, 100, 0) == 1);
}

/* Packets with a beginning and an end, by a path, with who has sent them. */
static void keep_packet_listener(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = must(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0));
	int peer, accepted;
	const int on = 1;
	char folder[80] = "";

	must(getcwd(folder, sizeof(folder)) ? 0 : -1);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/packets",
		 folder);
	unlink(address.sun_path);
	setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	must(bind(fd, (void *)&address, sizeof(address)));
	must(listen(fd, 2));

	service_ready();

	peer = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	carry_check(connect(peer, (void *)&address, sizeof(address)) == 0);
	accepted = accept(fd, NULL, NULL);
	carry_check(send(peer, "one", 3, 0) == 3 &&
		    send(peer, "two", 3, 0) == 3);
	carry_check(recv(accepted, bytes, 100, 0) == 3);
	carry_check(ask(fd, SOL_SOCKET, SO_PASSCRED) == 1);
	close(accepted);
	close(peer);
}

static const struct carry_case items[] = {
	{"pipe:full", keep_full_pipes},
	{"socketpair:full", keep_full_pairs},
	{"socketpair:empty", keep_nothing},
	{"listener:options", keep_options},
	{"udp:several", keep_several},
	{"socketpair:peeked", keep_peeked},
	{"listener:packets", keep_packet_listener},
};

const struct carry_cases full_cases = CASES(items);
