/*
 * What is in a socket without being counted.
 *
 * A datagram of no bytes, one that is held back, an error that nobody has
 * asked for, a byte out of band, an end that is deaf.  It comes back or is
 * refused by name.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "carries.h"
#include "service.h"

/* A datagram socket of this machine, and its address. */
static int bind_datagram(struct sockaddr_in *ret_address)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(0x7f000001)};
	socklen_t size = sizeof(address);
	int fd = must(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));

	must(bind(fd, (void *)&address, size));
	must(getsockname(fd, (void *)&address, &size));
	*ret_address = address;
	return fd;
}

static void keep_empty_datagram(void)
{
	struct sockaddr_in address;
	int fd = bind_datagram(&address);
	char byte;

	must((int)sendto(fd, "", 0, 0, (void *)&address, sizeof(address)));

	service_ready();

	carry_check(recv(fd, &byte, 1, 0) == 0);
	carry_check(recv(fd, &byte, 1, 0) < 0 && errno == EAGAIN);
}

/* It is sent when the cork is drawn. */
static void keep_corked(void)
{
	struct sockaddr_in address, other;
	int fd = bind_datagram(&address);
	int corked = bind_datagram(&other);
	const int on = 1, off = 0;
	char text[8];

	must(setsockopt(corked, IPPROTO_UDP, UDP_CORK, &on, sizeof(on)));
	must((int)sendto(corked, "held", 4, 0, (void *)&address,
			 sizeof(address)));

	service_ready();

	carry_check(recv(fd, text, 8, 0) < 0 && errno == EAGAIN);
	carry_check(setsockopt(corked, IPPROTO_UDP, UDP_CORK, &off,
			       sizeof(off)) == 0);
	carry_check(recv(fd, text, 8, 0) == 4);
}

static ssize_t read_error(int fd)
{
	char text[64], control[512];
	struct iovec part = {text, sizeof(text)};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};

	return recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT);
}

/* Nobody was there, which the sender has not been told yet. */
static void keep_error(void)
{
	struct sockaddr_in address, nobody;
	int fd = bind_datagram(&address);
	const int on = 1;

	close(bind_datagram(&nobody));
	must(setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)));
	must((int)sendto(fd, "lost", 4, 0, (void *)&nobody, sizeof(nobody)));
	usleep(10000);

	service_ready();

	carry_check(read_error(fd) == 4);
	carry_check(read_error(fd) < 0 && errno == EAGAIN);
}

static bool is_refused(int fd)
{
	return send(fd, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
	       errno == EPIPE;
}

/* Of datagrams each direction is shut at its own end, or at both. */
static void keep_deaf(void)
{
	int ends[2], dumb[2];
	char byte;

	must(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends));
	must(shutdown(ends[0], SHUT_RD));
	must(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, dumb));
	must(shutdown(dumb[0], SHUT_WR));

	service_ready();

	carry_check(is_refused(ends[1]));
	carry_check(send(ends[0], "x", 1, 0) == 1 &&
		    recv(ends[1], &byte, 1, 0) == 1);
	carry_check(is_refused(dumb[0]));
	carry_check(recv(dumb[1], &byte, 1, 0) < 0 && errno == EAGAIN);
	carry_check(send(dumb[1], "x", 1, 0) == 1 &&
		    recv(dumb[0], &byte, 1, 0) == 1);
}

static void keep_urgent(void)
{
	int ends[2];
	char text[16] = "";

	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends));
	must((int)send(ends[0], "abc", 3, 0));
	must((int)send(ends[0], "!", 1, MSG_OOB));
	must((int)send(ends[0], "def", 3, 0));

	service_ready();

	carry_check(recv(ends[1], text, 1, MSG_OOB) == 1 && text[0] == '!');
	carry_check(recv(ends[1], text, 16, 0) == 3);
	carry_check(recv(ends[1], text, 16, 0) == 3 && text[0] == 'd');
}

/* What it holds is more than it would take now. */
static void keep_outgrown(void)
{
	static char bytes[150000];
	const int large = 200000, small = 4608;
	int ends[2];

	must(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends));
	must(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &large, sizeof(large)));
	must((int)send(ends[0], bytes, sizeof(bytes), 0));
	must(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)));

	service_ready();

	carry_check(recv(ends[1], bytes, sizeof(bytes), 0) == sizeof(bytes));
	carry_check(send(ends[0], bytes, sizeof(bytes), 0) < 0);
}

/* Empty ones and then the end, which look alike. */
static void keep_last_empty(void)
{
	int ends[2];
	char text[8];

	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends));
	must((int)send(ends[0], "", 0, 0));
	must((int)send(ends[0], "ab", 2, 0));
	must((int)send(ends[0], "", 0, 0));
	must(shutdown(ends[0], SHUT_WR));

	service_ready();

	carry_check(recv(ends[1], text, 8, 0) == 0);
	carry_check(recv(ends[1], text, 8, 0) == 2);
	carry_check(recv(ends[1], text, 8, 0) == 0);
	carry_check(recv(ends[1], text, 8, 0) == 0);
}

static const struct carry_case items[] = {
	{"udp:empty", keep_empty_datagram},
	{"udp:corked", keep_corked},
	{"udp:error", keep_error},
	{"socketpair:deaf", keep_deaf},
	{"socketpair:urgent", keep_urgent},
	{"socketpair:outgrown", keep_outgrown},
	{"socketpair:last", keep_last_empty},
};

const struct carry_cases hidden_message_cases = CASES(items);
