/*
 * socket.c - what a socket of the service is, and whom it talks to
 *
 * Neither the link nor fdinfo tell the family of a socket, so a copy of it is
 * asked.  The other end of a socketpair has no address; only sock_diag(7)
 * knows which it is, if it is in our network namespace.
 */
#include "socket.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netpacket/packet.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "carry.h"
#include "common/text.h"
#include "open_file.h"
#include "unix_diag.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

enum {
	ANY = -1,
};

/* @type, @protocol: as for socket(2), or ANY */
struct protocol {
	int domain;
	int type;
	int protocol;
	const char *name;
};

/* clang-format off */
static const struct protocol protocols[] = {
	{AF_UNIX, SOCK_STREAM, ANY, "unix stream"},
	{AF_UNIX, SOCK_DGRAM, ANY, "unix datagram"},
	{AF_UNIX, SOCK_SEQPACKET, ANY, "unix packet"},
	{AF_INET, SOCK_RAW, ANY, "raw IPv4"},
	{AF_INET, ANY, IPPROTO_TCP, "TCP"},
	{AF_INET, ANY, IPPROTO_UDP, "UDP"},
	{AF_INET, ANY, IPPROTO_ICMP, "ping"},
	{AF_INET, ANY, IPPROTO_MPTCP, "MPTCP"},
	{AF_INET, ANY, IPPROTO_SCTP, "SCTP"},
	{AF_INET, ANY, IPPROTO_UDPLITE, "UDP-Lite"},
	{AF_INET, ANY, IPPROTO_DCCP, "DCCP"},
	{AF_INET, ANY, ANY, "IPv4"},
	{AF_INET6, SOCK_RAW, ANY, "raw IPv6"},
	{AF_INET6, ANY, IPPROTO_TCP, "TCP"},
	{AF_INET6, ANY, IPPROTO_UDP, "UDP"},
	{AF_INET6, ANY, IPPROTO_ICMPV6, "ping"},
	{AF_INET6, ANY, IPPROTO_MPTCP, "MPTCP"},
	{AF_INET6, ANY, IPPROTO_SCTP, "SCTP"},
	{AF_INET6, ANY, IPPROTO_UDPLITE, "UDP-Lite"},
	{AF_INET6, ANY, IPPROTO_DCCP, "DCCP"},
	{AF_INET6, ANY, ANY, "IPv6"},
	{AF_NETLINK, ANY, NETLINK_ROUTE, "netlink (route)"},
	{AF_NETLINK, ANY, NETLINK_SOCK_DIAG, "netlink (sock_diag)"},
	{AF_NETLINK, ANY, NETLINK_XFRM, "netlink (xfrm)"},
	{AF_NETLINK, ANY, NETLINK_AUDIT, "netlink (audit)"},
	{AF_NETLINK, ANY, NETLINK_CONNECTOR, "netlink (connector)"},
	{AF_NETLINK, ANY, NETLINK_NETFILTER, "netlink (netfilter)"},
	{AF_NETLINK, ANY, NETLINK_KOBJECT_UEVENT, "netlink (uevent)"},
	{AF_NETLINK, ANY, NETLINK_GENERIC, "netlink (generic)"},
	{AF_NETLINK, ANY, ANY, "netlink"},
	{AF_PACKET, ANY, ANY, "packet"},
	{AF_VSOCK, ANY, ANY, "vsock"},
	{AF_ALG, ANY, ANY, "kernel crypto (AF_ALG)"},
	{AF_XDP, ANY, ANY, "XDP"},
	{AF_CAN, ANY, ANY, "CAN"},
	{AF_BLUETOOTH, ANY, ANY, "Bluetooth"},
	{AF_TIPC, ANY, ANY, "TIPC"},
	{AF_QIPCRTR, ANY, ANY, "QRTR"},
	{AF_SMC, ANY, ANY, "SMC"},
	{AF_KCM, ANY, ANY, "KCM"},
	{AF_RDS, ANY, ANY, "RDS"},
	{AF_RXRPC, ANY, ANY, "RxRPC"},
	{AF_PPPOX, ANY, ANY, "PPP"},
	{AF_KEY, ANY, ANY, "IPsec key"},
	{AF_LLC, ANY, ANY, "LLC"},
	{AF_NFC, ANY, ANY, "NFC"},
	{AF_IEEE802154, ANY, ANY, "IEEE 802.15.4"},
	{AF_PHONET, ANY, ANY, "Phonet"},
	{AF_CAIF, ANY, ANY, "CAIF"},
	{AF_MCTP, ANY, ANY, "MCTP"},
	{AF_AX25, ANY, ANY, "AX.25"},
	{AF_X25, ANY, ANY, "X.25"},
	{AF_APPLETALK, ANY, ANY, "AppleTalk"},
	{AF_IUCV, ANY, ANY, "IUCV"},
};
/* clang-format on */

/* include/net/tcp_states.h of Linux */
static const char *const tcp_states[] = {
	[1] = "ESTABLISHED", [2] = "SYN_SENT",	 [3] = "SYN_RECV",
	[4] = "FIN_WAIT1",   [5] = "FIN_WAIT2",	 [6] = "TIME_WAIT",
	[7] = "CLOSE",	     [8] = "CLOSE_WAIT", [9] = "LAST_ACK",
	[10] = "LISTEN",     [11] = "CLOSING",	 [12] = "NEW_SYN_RECV",
};

static int ask(int fd, int option, int if_unknown)
{
	int value = if_unknown;
	socklen_t size = sizeof(value);

	getsockopt(fd, SOL_SOCKET, option, &value, &size);
	return value;
}

static uint64_t find_peer(int fd)
{
	struct unix_diag diag = {0};
	struct stat status;

	if (fstat(fd, &status) == 0)
		unix_diag_ask(&diag, status.st_ino);
	return diag.peer;
}

/* The kernel tells how long the address is, not how much of it we got. */
static void limit(struct socket_address *a)
{
	if (a->size > sizeof(a->storage))
		a->size = sizeof(a->storage);
}

bool socket_read(struct socket *ret_socket, int fd)
{
	struct socket s = {
		.domain = ask(fd, SO_DOMAIN, ANY),
		.type = ask(fd, SO_TYPE, ANY),
		.protocol = ask(fd, SO_PROTOCOL, ANY),
		.is_listening = ask(fd, SO_ACCEPTCONN, 0) != 0,
		.local.size = sizeof(s.local.storage),
		.peer.size = sizeof(s.peer.storage),
	};
	struct tcp_info info;
	socklen_t size = sizeof(info);

	if (s.domain == ANY)
		return false;
	if (s.protocol == IPPROTO_TCP && s.type == SOCK_STREAM &&
	    getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0)
		s.tcp_state = info.tcpi_state;
	if (getsockname(fd, (void *)&s.local.storage, &s.local.size) < 0)
		s.local.size = 0;
	s.is_connected =
		getpeername(fd, (void *)&s.peer.storage, &s.peer.size) == 0;
	if (!s.is_connected)
		s.peer.size = 0;
	limit(&s.local);
	limit(&s.peer);
	if (s.is_connected && s.domain == AF_UNIX)
		s.peer_inode = find_peer(fd);
	/* An unconnected MPTCP socket says 1 for the end of its stream. */
	if ((s.type == SOCK_STREAM && !s.is_connected) ||
	    ioctl(fd, FIONREAD, &s.unread) < 0)
		s.unread = 0;
	*ret_socket = s;
	return true;
}

static void say_protocol(struct open_file *file, const struct socket *s)
{
	for (size_t i = 0; i < COUNT(protocols); i++) {
		const struct protocol *p = &protocols[i];

		if (p->domain == s->domain &&
		    (p->type == ANY || p->type == s->type) &&
		    (p->protocol == ANY || p->protocol == s->protocol)) {
			open_file_say(file, "%s", p->name);
			return;
		}
	}
	open_file_say(file, "family %d", s->domain);
}

/* An abstract name begins with a NUL, and all of it counts (unix(7)). */
static void say_unix(struct open_file *file, const struct socket_address *a)
{
	const struct sockaddr_un *un = (const void *)&a->storage;
	size_t size = a->size - offsetof(struct sockaddr_un, sun_path);
	bool is_abstract = un->sun_path[0] == '\0';

	if (is_abstract)
		open_file_say(file, "@");
	open_file_quote(file, un->sun_path + is_abstract,
			is_abstract ? size - 1 : strnlen(un->sun_path, size));
}

static void say_address(struct open_file *file, const struct socket_address *a)
{
	const struct sockaddr_in *in = (const void *)&a->storage;
	const struct sockaddr_in6 *in6 = (const void *)&a->storage;
	const struct sockaddr_nl *nl = (const void *)&a->storage;
	const struct sockaddr_ll *ll = (const void *)&a->storage;
	const struct sockaddr_vm *vm = (const void *)&a->storage;
	char text[INET6_ADDRSTRLEN] = "?";

	switch (a->storage.ss_family) {
	case AF_UNIX:
		say_unix(file, a);
		break;
	case AF_INET:
		inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
		open_file_say(file, "%s:%u", text, ntohs(in->sin_port));
		break;
	case AF_INET6:
		inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
		open_file_say(file, "[%s]:%u", text, ntohs(in6->sin6_port));
		break;
	case AF_NETLINK:
		open_file_say(file, "port %u, groups %#x", nl->nl_pid,
			      nl->nl_groups);
		break;
	case AF_PACKET:
		open_file_say(file, "interface %d", ll->sll_ifindex);
		break;
	case AF_VSOCK:
		open_file_say(file, "%d:%u", (int)vm->svm_cid, vm->svm_port);
		break;
	default:
		open_file_say(file, "an address of family %d",
			      a->storage.ss_family);
	}
}

/* Whether it says anything: that of a fresh socket is a family and zeros. */
static bool has_name(const struct socket_address *a)
{
	static const struct sockaddr_storage zeros;
	const char *bytes = (const char *)&a->storage;
	const size_t family = sizeof(a->storage.ss_family);
	const struct sockaddr_vm *vm = (const void *)&a->storage;

	if (a->size <= family)
		return false;
	if (a->storage.ss_family == AF_UNIX)
		return true;
	if (a->storage.ss_family == AF_VSOCK)
		return vm->svm_port != VMADDR_PORT_ANY;
	return memcmp(bytes + family, &zeros, a->size - family) != 0;
}

static int find_inode(const struct open_file *file, uint64_t inode)
{
	const struct open_file_list *all = file->all;

	for (size_t i = 0; inode && all && i < all->count; i++)
		if (all->items[i].inode == inode &&
		    all->items[i].device == file->status.st_dev)
			return all->items[i].fd;
	return -1;
}

/* A peer without a name is the other half of a pair, or has not bound. */
static void say_connection(struct open_file *file, const struct socket *s)
{
	bool is_accepted = s->domain == AF_UNIX && has_name(&s->local);
	int other = find_inode(file, s->peer_inode);
	bool is_pair = s->domain == AF_UNIX && !has_name(&s->peer) &&
		       !is_accepted && other > STDERR_FILENO;

	file->remedy = is_pair ? "Make it after the ready point."
			       : "Connect after the ready point.";
	file->carrier = is_pair ? &carrier_socketpair : NULL;
	say_protocol(file, s);
	if (has_name(&s->peer)) {
		open_file_say(file, s->tcp_state ? " connection to "
						 : " socket connected to ");
		say_address(file, &s->peer);
	} else if (is_accepted) {
		open_file_say(file, " connection accepted on ");
		say_address(file, &s->local);
	} else {
		open_file_say(file, " socketpair");
	}
	if (other >= 0)
		open_file_say(file, ", the other end is fd %d", other);
	else if (s->peer_inode || (s->domain == AF_UNIX && !has_name(&s->peer)))
		open_file_say(file, ", the other end is not in the service");
}

/* The port of a raw socket is its protocol. */
static void say_unconnected(struct open_file *file, const struct socket *s)
{
	bool is_raw = s->type == SOCK_RAW &&
		      (s->domain == AF_INET || s->domain == AF_INET6);

	if (s->is_listening)
		file->carrier = &carrier_listener;
	else if (s->type == SOCK_DGRAM && s->protocol == IPPROTO_UDP)
		file->carrier = &carrier_udp;
	say_protocol(file, s);
	if (is_raw || !has_name(&s->local)) {
		open_file_say(file,
			      is_raw ? " socket of protocol %d"
				     : " socket, not bound",
			      s->protocol);
		return;
	}
	file->remedy = s->is_listening ? "Listen after the ready point."
				       : "Bind it after the ready point.";
	open_file_say(file,
		      s->is_listening ? " listener on " : " socket bound to ");
	say_address(file, &s->local);
}

void socket_describe(struct open_file *file, const struct socket *socket)
{
	const char *flight = fdinfo_find(file->fdinfo, "scm_fds:");
	size_t state = (size_t)socket->tcp_state;
	uint64_t count = 0;

	if (has_name(&socket->peer) ||
	    (socket->is_connected && socket->domain == AF_UNIX))
		say_connection(file, socket);
	else
		say_unconnected(file, socket);
	if (!socket->is_listening && state < COUNT(tcp_states) &&
	    tcp_states[state] && state != TCP_CLOSE)
		open_file_say(file, " (%s)", tcp_states[state]);
	if (socket->unread > 0)
		open_file_say(file, ", unread bytes: %d", socket->unread);
	if (!flight || !take_decimal(&flight, &count) || count == 0)
		return;
	open_file_say(file, ", descriptors in flight (SCM_RIGHTS): %" PRIu64,
		      count);
	file->remedy = "Receive the descriptors before the ready point.";
	file->carrier = NULL;
}

/* The protocol's name is an attribute of every socket (since Linux 2.6). */
void socket_describe_file(struct open_file *file)
{
	char path[64];
	char name[64];
	struct socket s;
	ssize_t size;

	if (file->copy >= 0 && socket_read(&s, file->copy)) {
		socket_describe(file, &s);
		return;
	}
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", file->pid, file->fd);
	size = getxattr(path, "system.sockprotoname", name, sizeof(name));
	open_file_quote(file, name, size < 0 ? 0 : strnlen(name, (size_t)size));
	open_file_say(file, " socket that cannot be asked more");
}
