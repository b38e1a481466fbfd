/*
 * socket_options.c - what was set on a socket with setsockopt(2)
 */
#include "socket_options.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>

#include "common/cleanup.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

enum {
	VALUE_SIZE = 256,
	ANY = -1,
};

/* Options of one level, both numbers included; for one domain or type only. */
struct span {
	int domain;
	int protocol;
	int level;
	int first;
	int last;
};

/*
 * From 64 on netfilter answers for IP, and among 64 to 69 for IPv6; asking TCP
 * for 35, TCP_ZEROCOPY_RECEIVE, would do something.
 */
/* clang-format off */
static const struct span spans[] = {
	{ANY, ANY, SOL_SOCKET, 1, 90},
	{AF_INET, ANY, IPPROTO_IP, 1, 63},
	{AF_INET6, ANY, IPPROTO_IP, 1, 63},
	{AF_INET6, ANY, IPPROTO_IPV6, 1, 63},
	{AF_INET6, ANY, IPPROTO_IPV6, 66, 67},
	{AF_INET6, ANY, IPPROTO_IPV6, 70, 80},
	{ANY, IPPROTO_TCP, IPPROTO_TCP, 1, 34},
	{ANY, IPPROTO_TCP, IPPROTO_TCP, 36, 46},
	{ANY, IPPROTO_UDP, IPPROTO_UDP, 1, 1},
	{ANY, IPPROTO_UDP, IPPROTO_UDP, 100, 104},
};

/*
 * They say something about the socket's life, not about what was set; with the
 * numbers of asm-generic/socket.h and linux/tcp.h.
 */
static const int silent[][2] = {
	{SOL_SOCKET, SO_ERROR}, {SOL_SOCKET, SO_ACCEPTCONN},
	{SOL_SOCKET, SO_PEERCRED}, {SOL_SOCKET, SO_PEERNAME},
	{SOL_SOCKET, SO_PEERSEC}, {SOL_SOCKET, 49 /* SO_INCOMING_CPU */},
	{SOL_SOCKET, 55 /* SO_MEMINFO */}, {SOL_SOCKET, 56 /* NAPI id */},
	{SOL_SOCKET, 57 /* SO_COOKIE */}, {SOL_SOCKET, 59 /* SO_PEERGROUPS */},
	{SOL_SOCKET, 77 /* SO_PEERPIDFD */}, {IPPROTO_TCP, TCP_INFO},
	{IPPROTO_TCP, TCP_CC_INFO}, {IPPROTO_TCP, TCP_TIMESTAMP},
	{IPPROTO_IP, IP_MTU}, {IPPROTO_IP, 52 /* IP_PROTOCOL */}, {IPPROTO_IPV6, IPV6_MTU},
};
/* clang-format on */

struct value {
	socklen_t size;
	unsigned char bytes[VALUE_SIZE];
};

static struct value ask(int fd, int level, int option)
{
	struct value value = {.size = VALUE_SIZE};

	if (getsockopt(fd, level, option, value.bytes, &value.size) < 0)
		return (struct value){0};
	return value;
}

static bool is_same(const struct value *a, const struct value *b)
{
	return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

static bool is_silent(int level, int option)
{
	for (size_t i = 0; i < COUNT(silent); i++)
		if (silent[i][0] == level && silent[i][1] == option)
			return true;
	return false;
}

/* The kernel keeps twice of what is set, for its own use (socket(7)). */
static void halve_buffer(int level, int option, struct value *value)
{
	int size;

	if (level != SOL_SOCKET || (option != SO_SNDBUF && option != SO_RCVBUF))
		return;
	memcpy(&size, value->bytes, sizeof(size));
	size /= 2;
	memcpy(value->bytes, &size, sizeof(size));
}

static bool take_option(struct carried *carried, int fd, int fresh, int level,
			int option, struct core_file *to)
{
	struct value value = ask(fd, level, option);
	struct value before = ask(fresh, level, option);
	struct value set = value;
	struct value after;

	if (is_silent(level, option) || is_same(&value, &before))
		return true;
	halve_buffer(level, option, &set);
	if (setsockopt(fresh, level, option, set.bytes, set.size) == 0) {
		after = ask(fresh, level, option);
		if (is_same(&value, &after)) {
			carried_add_record(carried, to, (uint32_t)level,
					   (uint32_t)option, set.bytes,
					   set.size);
			return true;
		}
	}
	return carried_refuse(carried,
			      "Its option %d of level %d cannot be set again; "
			      "set it after the ready point.",
			      option, level);
}

bool socket_options_take(struct carried *carried, const struct socket *s,
			 int fd, struct core_file *to)
{
	cleanup_fd int fresh =
		socket(s->domain, s->type | SOCK_CLOEXEC, s->protocol);

	if (fresh < 0)
		return carried_refuse(carried, "No socket like it can be made "
					       "here.");
	for (size_t i = 0; i < COUNT(spans); i++) {
		const struct span *span = &spans[i];

		if ((span->domain != ANY && span->domain != s->domain) ||
		    (span->protocol != ANY && span->protocol != s->protocol))
			continue;
		for (int option = span->first; option <= span->last; option++)
			if (!take_option(carried, fd, fresh, span->level,
					 option, to))
				return false;
	}
	return true;
}
