/*
 * make_resource_sockets.c - descriptors at which something arrives
 *
 * Sockets, pipes, terminals and events.  Where a connection has both its ends
 * here, the other one is at the companion's number.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include "make_resource.h"

enum {
	SOME_SIZE = 5,
};

static int make_terminal(int companion)
{
	int master = put_at(posix_openpt(O_RDWR | O_NOCTTY), companion);

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		return -1;
	return open(ptsname(master), O_RDWR | O_NOCTTY);
}

static int make_terminal_master(int companion UNUSED)
{
	return posix_openpt(O_RDWR | O_NOCTTY);
}

/* /dev/tty is there for the leader of a session that has a terminal. */
static int make_own_terminal(int companion)
{
	int terminal = make_terminal(companion);

	if (terminal < 0 || (setsid() < 0 && errno != EPERM) ||
	    ioctl(terminal, TIOCSCTTY, 0) < 0)
		return -1;
	close(terminal);
	return open("/dev/tty", O_RDWR);
}

static int make_pipe(int companion)
{
	int pair[2];

	if (pipe(pair) < 0 || write(pair[1], "hello", SOME_SIZE) < 0)
		return -1;
	put_at(pair[1], companion);
	return pair[0];
}

static int make_half_pipe(int companion UNUSED)
{
	int pair[2];

	if (pipe2(pair, O_DIRECT) < 0)
		return -1;
	close(pair[0]);
	return pair[1];
}

static int make_fifo(int companion UNUSED)
{
	mkfifo("fifo", 0600);
	return open("fifo", O_RDWR);
}

static int make_eventfd(int companion UNUSED)
{
	return eventfd(17, EFD_SEMAPHORE);
}

static int make_epoll(int companion)
{
	struct epoll_event event = {.events = EPOLLIN};
	int watched = put_at(eventfd(0, 0), companion);
	int fd = epoll_create1(0);

	epoll_ctl(fd, EPOLL_CTL_ADD, watched, &event);
	return fd;
}

static int make_timerfd(int companion UNUSED)
{
	const struct itimerspec time = {.it_value = {1000}, .it_interval = {2}};
	int fd = timerfd_create(CLOCK_BOOTTIME, 0);

	timerfd_settime(fd, 0, &time, NULL);
	return fd;
}

static int make_signalfd(int companion UNUSED)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	return signalfd(-1, &set, 0);
}

static int make_inotify(int companion UNUSED)
{
	int fd = inotify_init1(0);

	inotify_add_watch(fd, "/etc", IN_CREATE);
	return fd;
}

static int make_fanotify(int companion UNUSED)
{
	int fd = fanotify_init(FAN_CLASS_NOTIF, O_RDONLY);

	fanotify_mark(fd, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, "/etc/passwd");
	return fd;
}

static int bound(int domain, int type, const void *address, socklen_t size)
{
	int fd = socket(domain, type, 0);

	return fd >= 0 && bind(fd, address, size) < 0 ? -1 : fd;
}

static int listening(int fd)
{
	return fd >= 0 && listen(fd, SOME_SIZE) < 0 ? -1 : fd;
}

static int bound_ip4(int type)
{
	const struct sockaddr_in any = {
		.sin_family = AF_INET,
		.sin_addr = {htonl(INADDR_LOOPBACK)},
	};

	return bound(AF_INET, type, &any, sizeof(any));
}

static int bound_ip6(int type)
{
	const struct sockaddr_in6 any = {
		.sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};

	return bound(AF_INET6, type, &any, sizeof(any));
}

static int connected_to(int listener, int type, int protocol)
{
	struct sockaddr_storage address = {0};
	socklen_t size = sizeof(address);
	int fd;

	if (getsockname(listener, (void *)&address, &size) < 0)
		return -1;
	fd = socket(address.ss_family, type, protocol);
	return fd >= 0 && connect(fd, (void *)&address, size) < 0 ? -1 : fd;
}

static int make_tcp_listener(int companion UNUSED)
{
	return listening(bound_ip4(SOCK_STREAM));
}

static int make_tcp6_listener(int companion UNUSED)
{
	return listening(bound_ip6(SOCK_STREAM));
}

static int make_tcp_bound(int companion UNUSED)
{
	return bound_ip4(SOCK_STREAM);
}

static int make_tcp_connection(int companion)
{
	int listener = put_at(make_tcp_listener(0), companion);

	return connected_to(listener, SOCK_STREAM, 0);
}

/* The other end is gone, this one has not noticed. */
static int make_tcp_close_wait(int companion)
{
	int listener = put_at(make_tcp_listener(0), companion);
	int fd = connected_to(listener, SOCK_STREAM, 0);
	int other = accept(listener, NULL, NULL);
	char byte;

	close(other);
	return recv(fd, &byte, 1, 0) < 0 ? -1 : fd;
}

static int make_udp_bound(int companion UNUSED)
{
	return bound_ip4(SOCK_DGRAM);
}

static int make_udp6_connected(int companion)
{
	return connected_to(put_at(bound_ip6(SOCK_DGRAM), companion),
			    SOCK_DGRAM, 0);
}

static int bound_unix(int type, const char *name, size_t length)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	memcpy(address.sun_path, name, length);
	if (name[0])
		unlink(name);
	return bound(AF_UNIX, type, &address,
		     (socklen_t)(sizeof(sa_family_t) + length));
}

static int make_unix_listener(int companion UNUSED)
{
	return listening(bound_unix(SOCK_STREAM, "socket", sizeof("socket")));
}

/* A name without a file: one of the kernel's choice, five hex digits. */
static int make_unix_abstract(int companion UNUSED)
{
	return listening(bound_unix(SOCK_SEQPACKET, "", 0));
}

static int make_unix_connected(int companion)
{
	int listener = put_at(make_unix_listener(0), companion);

	return connected_to(listener, SOCK_STREAM, 0);
}

static int make_unix_accepted(int companion)
{
	int listener = make_unix_listener(0);
	int other = put_at(connected_to(listener, SOCK_STREAM, 0), companion);
	int fd = accept(listener, NULL, NULL);

	close(listener);
	return other < 0 ? -1 : fd;
}

static int make_unix_datagram(int companion UNUSED)
{
	return bound_unix(SOCK_DGRAM, "\0\033[31m\0x", 8);
}

static int make_socketpair(int companion)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 ||
	    write(pair[1], "hello", SOME_SIZE) < 0)
		return -1;
	put_at(pair[1], companion);
	return pair[0];
}

static int make_half_pair(int companion)
{
	int fd = make_socketpair(companion);

	close(companion);
	return fd;
}

static int make_in_flight(int companion)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec byte = {(char[]){'x'}, 1};
	const struct msghdr message = {
		.msg_iov = &byte,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int fd = make_socketpair(companion);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &(int){STDIN_FILENO}, sizeof(int));
	return sendmsg(companion, &message, 0) < 0 ? -1 : fd;
}

static int make_netlink_bound(int companion UNUSED)
{
	const struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = 1,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT);

	return bind(fd, (const void *)&address, sizeof(address)) < 0 ? -1 : fd;
}

static int make_vsock_bound(int companion UNUSED)
{
	const struct sockaddr_vm address = {
		.svm_family = AF_VSOCK,
		.svm_port = VMADDR_PORT_ANY,
		.svm_cid = VMADDR_CID_ANY,
	};

	return listening(
		bound(AF_VSOCK, SOCK_STREAM, &address, sizeof(address)));
}

#define SOCKET(d, t, p) .domain = AF_##d, .type = SOCK_##t, .protocol = (p)

/* clang-format off */
const struct resource channels[] = {
	{"eventfd", "eventfd, counter 17, a semaphore", make_eventfd},
	{"epoll", "epoll, watches: 1", make_epoll},
	{"timerfd", "timerfd on CLOCK_BOOTTIME, due in 999.", make_timerfd},
	{"signalfd", "signalfd for SIGUSR1, SIGTERM", make_signalfd},
	{"inotify", "inotify, watches: 1", make_inotify},
	{"fanotify", "fanotify, watches: 1", make_fanotify},
	{"pipe", "pipe, read end, the other end is fd ", make_pipe},
	{"pipe-half", "pipe, write end of packets, the other", make_half_pipe},
	{"fifo", "named pipe /", make_fifo},
	{"terminal", " (terminal, 136:", make_terminal},
	{"terminal-master", "5:2) of /dev/pts/", make_terminal_master},
	{"terminal-own", "(controlling terminal, 5:0)", make_own_terminal},
	{"tcp-bound", "TCP socket bound to 127.0.0.1:", make_tcp_bound},
	{"tcp-listener", "TCP listener on 127.0.0.1:", make_tcp_listener},
	{"tcp6-listener", "TCP listener on [::1]:", make_tcp6_listener},
	{"tcp-connection", "TCP connection to 127.0.0.1", make_tcp_connection},
	{"tcp-close-wait", "(CLOSE_WAIT)", make_tcp_close_wait},
	{"udp-bound", "UDP socket bound to 127.0.0.1:", make_udp_bound},
	{"udp6", "UDP socket connected to [::1]:", make_udp6_connected},
	{"unix-listener", "unix stream listener on socket", make_unix_listener},
	{"unix-abstract", "unix packet listener on @", make_unix_abstract},
	{"unix-connected", "socket connected to socket", make_unix_connected},
	{"unix-accepted", "connection accepted on socket", make_unix_accepted},
	{"unix-datagram", "bound to @\\x1b[31m\\x00x", make_unix_datagram},
	{"socketpair", "socketpair, the other end is fd ", make_socketpair},
	{"socketpair-half", "the other end is not in the ", make_half_pair},
	{"in-flight", "descriptors in flight (SCM_RIGHTS): 1", make_in_flight},
	{"netlink-bound", "netlink (uevent) socket bound", make_netlink_bound},
	{"vsock-listener", "vsock listener on ", make_vsock_bound},
	{"tcp", "TCP socket, not bound", SOCKET(INET, STREAM, 0)},
	{"udp", "UDP socket, not bound", SOCKET(INET6, DGRAM, 0)},
	{"mptcp", "MPTCP socket, not", SOCKET(INET, STREAM, IPPROTO_MPTCP)},
	{"sctp", "SCTP socket, not", SOCKET(INET, STREAM, IPPROTO_SCTP)},
	{"udp-lite", "UDP-Lite", SOCKET(INET, DGRAM, IPPROTO_UDPLITE)},
	{"ping", "ping socket", SOCKET(INET, DGRAM, IPPROTO_ICMP)},
	{"raw", "raw IPv4 socket of protocol", SOCKET(INET, RAW, IPPROTO_ICMP)},
	{"raw6", "raw IPv6 socket", SOCKET(INET6, RAW, IPPROTO_ICMPV6)},
	{"unix", "unix stream socket, not bound", SOCKET(UNIX, STREAM, 0)},
	{"netlink", "netlink (route) socket", SOCKET(NETLINK, RAW, 0)},
	{"packet", "packet socket", SOCKET(PACKET, RAW, 0)},
	{"vsock", "vsock socket, not bound", SOCKET(VSOCK, STREAM, 0)},
	{"alg", "kernel crypto (AF_ALG) socket", SOCKET(ALG, SEQPACKET, 0)},
	{"xdp", "XDP socket", SOCKET(XDP, RAW, 0)},
	{"can", "CAN socket", SOCKET(CAN, RAW, 1)},
	{"bluetooth", "Bluetooth socket", SOCKET(BLUETOOTH, RAW, 1)},
	{"tipc", "TIPC socket", SOCKET(TIPC, RDM, 0)},
	{"qrtr", "QRTR socket", SOCKET(QIPCRTR, DGRAM, 0)},
	{"smc", "SMC socket", SOCKET(SMC, STREAM, 0)},
};
/* clang-format on */

const size_t channel_count = sizeof(channels) / sizeof(*channels);
