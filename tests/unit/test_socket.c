/*
 * test_socket.c - what is said of sockets, made here and asked here
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "capture/files/open_file.h"
#include "capture/files/socket.h"

TestSuite(socket, .timeout = 10);

static void expect_what(const struct open_file *file, const char *says)
{
	cr_expect(strcmp(file->what, says) == 0, "'%s', not '%s'", file->what,
		  says);
}

static void expect_said(const struct socket *socket, const char *fdinfo,
			const char *says)
{
	struct open_file file = {.fdinfo = fdinfo};

	socket_describe(&file, socket);
	expect_what(&file, says);
}

static struct socket_address ip4(const char *address, uint16_t port)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};
	struct socket_address a = {.size = sizeof(in)};

	inet_pton(AF_INET, address, &in.sin_addr);
	memcpy(&a.storage, &in, sizeof(in));
	return a;
}

static struct socket_address ip6(const char *address, uint16_t port)
{
	struct sockaddr_in6 in = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
	};
	struct socket_address a = {.size = sizeof(in)};

	inet_pton(AF_INET6, address, &in.sin6_addr);
	memcpy(&a.storage, &in, sizeof(in));
	return a;
}

static struct socket_address local(const char *name, size_t length)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct socket_address a = {
		.size = (socklen_t)(sizeof(sa_family_t) + length),
	};

	memcpy(un.sun_path, name, length);
	memcpy(&a.storage, &un, sizeof(un));
	return a;
}

Test(socket, tcp_listener_shows_its_address_and_no_state)
{
	struct socket s = {
		.domain = AF_INET,
		.type = SOCK_STREAM,
		.protocol = IPPROTO_TCP,
		.is_listening = true,
		.tcp_state = TCP_LISTEN,
		.local = ip4("127.0.0.1", 8080),
	};

	expect_said(&s, "", "TCP listener on 127.0.0.1:8080");
	s.domain = AF_INET6;
	s.local = ip6("::", 80);
	expect_said(&s, "", "TCP listener on [::]:80");
}

Test(socket, tcp_connection_shows_peer_and_state)
{
	struct socket s = {
		.domain = AF_INET,
		.type = SOCK_STREAM,
		.protocol = IPPROTO_TCP,
		.is_connected = true,
		.tcp_state = TCP_ESTABLISHED,
		.local = ip4("10.0.0.2", 40000),
		.peer = ip4("10.0.0.1", 5432),
	};

	expect_said(&s, "", "TCP connection to 10.0.0.1:5432 (ESTABLISHED)");
	s.tcp_state = TCP_CLOSE_WAIT;
	s.unread = 12;
	expect_said(&s, "",
		    "TCP connection to 10.0.0.1:5432 (CLOSE_WAIT), "
		    "unread bytes: 12");
}

Test(socket, connection_that_is_being_made_has_a_state_but_no_peer)
{
	const struct socket s = {
		.domain = AF_INET,
		.type = SOCK_STREAM,
		.protocol = IPPROTO_TCP,
		.tcp_state = TCP_SYN_SENT,
		.local = ip4("10.0.0.2", 40000),
	};

	expect_said(&s, "", "TCP socket bound to 10.0.0.2:40000 (SYN_SENT)");
}

Test(socket, fresh_socket_is_not_bound)
{
	const struct socket s = {
		.domain = AF_INET6,
		.type = SOCK_DGRAM,
		.protocol = IPPROTO_UDP,
		.local = ip6("::", 0),
	};

	expect_said(&s, "", "UDP socket, not bound");
}

Test(socket, protocols_and_families_are_told_apart)
{
	struct socket s = {.domain = AF_INET, .type = SOCK_STREAM};

	s.protocol = IPPROTO_MPTCP;
	expect_said(&s, "", "MPTCP socket, not bound");
	s.protocol = IPPROTO_SCTP;
	expect_said(&s, "", "SCTP socket, not bound");
	s.type = SOCK_RAW;
	s.protocol = IPPROTO_ICMP;
	expect_said(&s, "", "raw IPv4 socket of protocol 1");
	s.domain = AF_NETLINK;
	s.protocol = NETLINK_KOBJECT_UEVENT;
	expect_said(&s, "", "netlink (uevent) socket, not bound");
	s.protocol = 99;
	expect_said(&s, "", "netlink socket, not bound");
	s.domain = AF_ALG;
	expect_said(&s, "", "kernel crypto (AF_ALG) socket, not bound");
	s.domain = 99;
	expect_said(&s, "", "family 99 socket, not bound");
}

Test(socket, abstract_names_are_shown_whole_and_printable)
{
	const struct socket s = {
		.domain = AF_UNIX,
		.type = SOCK_SEQPACKET,
		.is_listening = true,
		.local = local("\0a\033\0b", 5),
	};

	expect_said(&s, "", "unix packet listener on @a\\x1b\\x00b");
}

Test(socket, unix_connection_shows_whom_it_is_to)
{
	struct socket s = {
		.domain = AF_UNIX,
		.type = SOCK_STREAM,
		.is_connected = true,
		.peer = local("/run/x", sizeof("/run/x")),
	};

	expect_said(&s, "", "unix stream socket connected to /run/x");
	s.local = s.peer;
	s.peer = (struct socket_address){0};
	expect_said(&s, "",
		    "unix stream connection accepted on /run/x, "
		    "the other end is not in the service");
}

Test(socket, descriptors_in_flight_are_said_with_what_to_do)
{
	struct open_file file = {.fdinfo = "flags:\t02\nscm_fds: 2\n"};
	const struct socket s = {.domain = AF_UNIX, .type = SOCK_DGRAM};

	socket_describe(&file, &s);

	expect_what(&file, "unix datagram socket, not bound, "
			   "descriptors in flight (SCM_RIGHTS): 2");
	cr_expect(strncmp(file.remedy, "Receive ", 8) == 0);
}

Test(socket, socketpair_finds_its_other_end)
{
	struct open_file_entry entry;
	const struct open_file_list all = {&entry, 1};
	struct open_file file = {.fdinfo = "", .all = &all};
	struct socket s;
	struct stat status;
	int pair[2];

	cr_assert(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	cr_assert(fstat(pair[0], &file.status) == 0);
	cr_assert(fstat(pair[1], &status) == 0);
	entry = (struct open_file_entry){
		.fd = 6,
		.device = status.st_dev,
		.inode = status.st_ino,
	};

	cr_assert(socket_read(&s, pair[0]));
	socket_describe(&file, &s);

	expect_what(&file, "unix stream socketpair, the other end is fd 6");
}

Test(socket, what_is_no_socket_is_not_read)
{
	struct socket s = {.domain = 7};
	int pipe_ends[2];

	cr_assert(pipe(pipe_ends) == 0);

	cr_expect(not(socket_read(&s, pipe_ends[0])));
	cr_expect(not(socket_read(&s, -1)));
	cr_expect(eq(int, s.domain, 7));
}

Test(socket, socket_that_cannot_be_copied_still_has_a_protocol)
{
	struct open_file file = {
		.pid = getpid(),
		.fd = socket(AF_INET, SOCK_STREAM, 0),
		.fdinfo = "",
		.copy = -1,
	};

	socket_describe_file(&file);

	expect_what(&file, "TCP socket that cannot be asked more");
}
