/*
 * What was set on a socket and cannot be asked for with its own getsockopt(2).
 *
 * Groups that it has joined, programs that choose among sockets, what is said
 * of packets in IPv6, whose the file of a unix socket is.  It comes back or is
 * refused by name.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "carries.h"
#include "service.h"

static const struct in_addr loopback = {0x0100007f};

static void set(int fd, int level, int option, int value)
{
	must(setsockopt(fd, level, option, &value, sizeof(value)));
}

static bool hears(int fd)
{
	char byte;

	usleep(10000);
	return recv(fd, &byte, 1, MSG_DONTWAIT) == 1;
}

/* It hears only what is sent to groups that it has joined itself. */
static void keep_group(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	struct ip_mreq group = {.imr_interface = loopback};
	socklen_t size = sizeof(address);
	int fd = must(socket(AF_INET, SOCK_DGRAM, 0));

	must(bind(fd, (void *)&address, size));
	must(getsockname(fd, (void *)&address, &size));
	set(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
	must(inet_aton("239.1.2.3", &group.imr_multiaddr));
	must(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group,
			sizeof(group)));
	must(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &loopback,
			sizeof(loopback)));

	service_ready();

	address.sin_addr = group.imr_multiaddr;
	carry_check(sendto(fd, "x", 1, 0, (void *)&address, size) == 1);
	carry_check(hears(fd));
}

/* Whoever is not in a group cannot leave it. */
static void keep_group_of_six(void)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6};
	struct ipv6_mreq group = {.ipv6mr_interface = if_nametoindex("lo")};
	int fd = must(socket(AF_INET6, SOCK_DGRAM, 0));

	must(bind(fd, (void *)&address, sizeof(address)));
	must(inet_pton(AF_INET6, "ff02::4243", &group.ipv6mr_multiaddr));
	must(setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &group,
			sizeof(group)));

	service_ready();

	carry_check(setsockopt(fd, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &group,
			       sizeof(group)) == 0);
	carry_check(setsockopt(fd, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &group,
			       sizeof(group)) < 0);
}

/* The numbers among which netfilter has some, too. */
static void keep_class(void)
{
	int fd = must(socket(AF_INET6, SOCK_DGRAM, 0));
	struct sockaddr_in6 address = {.sin6_family = AF_INET6,
				       .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int got = 0, told = 0;
	socklen_t size = sizeof(got);

	set(fd, IPPROTO_IPV6, IPV6_TCLASS, 16);
	set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
	must(bind(fd, (void *)&address, sizeof(address)));

	service_ready();

	getsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &got, &size);
	getsockopt(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, &told, &size);
	carry_check(got == 16);
	carry_check(told == 1);
}

static int bind_one_of_many(struct sockaddr_in *address)
{
	socklen_t size = sizeof(*address);
	int fd = must(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));

	set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	must(bind(fd, (void *)address, size));
	must(getsockname(fd, (void *)address, &size));
	return fd;
}

/* All goes to the second, whoever sends it. */
static void keep_choice(void)
{
	struct sock_filter code = BPF_STMT(BPF_RET | BPF_K, 1);
	const struct sock_fprog program = {1, &code};
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr = loopback};
	int first = bind_one_of_many(&address);
	int second = bind_one_of_many(&address);

	must(setsockopt(first, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program,
			sizeof(program)));

	service_ready();

	for (int i = 0; i < 16; i++) {
		int from = must(socket(AF_INET, SOCK_DGRAM, 0));

		sendto(from, "x", 1, 0, (void *)&address, sizeof(address));
		close(from);
	}
	carry_check(!hears(first));
	for (int i = 0; i < 16; i++)
		carry_check(hears(second));
}

static void keep_filter(void)
{
	struct sock_filter code = BPF_STMT(BPF_RET | BPF_K, 0);
	const struct sock_fprog nothing = {1, &code};
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr = loopback};
	int fd = bind_one_of_many(&address);

	must(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &nothing,
			sizeof(nothing)));

	service_ready();

	sendto(fd, "x", 1, 0, (void *)&address, sizeof(address));
	carry_check(!hears(fd));
}

/* Only root can give it away. */
static void keep_file_owner(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = must(socket(AF_UNIX, SOCK_STREAM, 0));
	char folder[80] = "";
	struct stat status;

	must(getcwd(folder, sizeof(folder)) ? 0 : -1);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/given",
		 folder);
	unlink(address.sun_path);
	must(bind(fd, (void *)&address, sizeof(address)));
	must(listen(fd, 1));
	must(chown(address.sun_path, 12, 34));
	must(chmod(address.sun_path, 0660));

	service_ready();

	carry_check(stat(address.sun_path, &status) == 0 &&
		    status.st_uid == 12 && status.st_gid == 34 &&
		    (status.st_mode & 0777) == 0660);
}

static const struct carry_case items[] = {
	{"udp:group", keep_group},   {"udp:group6", keep_group_of_six},
	{"udp:class", keep_class},   {"udp:choice", keep_choice},
	{"udp:filter", keep_filter}, {"listener:given", keep_file_owner},
};

const struct carry_cases hidden_option_cases = CASES(items);
