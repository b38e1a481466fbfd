/*
 * carry_socket.c - listeners, pairs, and UDP without a peer
 */
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "carry.h"
#include "common/cleanup.h"
#include "open_file.h"
#include "socket.h"
#include "socket_options.h"
#include "unix_diag.h"

enum {
	MESSAGE_MAX = 8 << 20,
	WITH_NAME = offsetof(struct sockaddr_un, sun_path),
};

static bool ask(struct carried *carried, const struct open_file *file,
		struct socket *ret_socket)
{
	if (file->copy >= 0 && socket_read(ret_socket, file->copy))
		return true;
	return carried_refuse(carried, "It cannot be asked for its state.");
}

/* The address, the options and what socket(2) takes. */
static bool take_socket(struct carried *carried, const struct open_file *file,
			const struct socket *s, struct core_file *to)
{
	to->kind = CORE_FILE_SOCKET;
	to->values[0] = (uint64_t)s->domain;
	to->values[1] = (uint64_t)s->type;
	to->values[2] = (uint64_t)s->protocol;
	if (s->local.size > 0)
		carried_add_record(carried, to, CORE_RECORD_ADDRESS, 0,
				   &s->local.storage, s->local.size);
	return socket_options_take(carried, s, file->copy, to);
}

/* The file that unix sockets are found by has rights of its own. */
static bool take_name(struct carried *carried, const struct socket *s,
		      struct core_file *to)
{
	const struct sockaddr_un *un = (const void *)&s->local.storage;
	struct stat status;
	uint32_t mode;

	if (s->domain != AF_UNIX || s->local.size <= WITH_NAME ||
	    un->sun_path[0] == '\0')
		return true;
	if (un->sun_path[0] != '/')
		return carried_refuse(carried, "Its path is not absolute; "
					       "listen after the ready "
					       "point.");
	if (lstat(un->sun_path, &status) < 0 || !S_ISSOCK(status.st_mode))
		return carried_refuse(carried, "Its path is gone; listen after "
					       "the ready point.");
	if (status.st_uid != geteuid() || status.st_gid != getegid())
		return carried_refuse(carried, "The file of its path belongs "
					       "to somebody else; give it "
					       "away after the ready point.");
	mode = status.st_mode & 07777;
	carried_add_record(carried, to, CORE_RECORD_MODE, 0, &mode,
			   sizeof(mode));
	return true;
}

/* A listener's tcp_info has the lengths of its queue (tcp_get_info()). */
static bool ask_backlog(const struct open_file *file, const struct socket *s,
			uint64_t *ret_backlog, uint64_t *ret_waiting)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);
	struct unix_diag diag;

	if (s->domain == AF_UNIX) {
		if (!unix_diag_ask(&diag, file->status.st_ino))
			return false;
		*ret_backlog = diag.backlog;
		*ret_waiting = diag.waiting;
		return true;
	}
	if (s->protocol != IPPROTO_TCP ||
	    getsockopt(file->copy, IPPROTO_TCP, TCP_INFO, &info, &size) < 0)
		return false;
	*ret_backlog = info.tcpi_sacked;
	*ret_waiting = info.tcpi_unacked;
	return true;
}

static bool refuse_joined(struct carried *carried)
{
	return carried_refuse(carried,
			      "It may have joined a multicast group; do "
			      "that after the ready point.");
}

static bool take_listener(struct carried *carried, const struct open_file *file,
			  struct core_file *to)
{
	uint64_t backlog, waiting;
	struct socket s;

	if (carried->may_have_joined && !carried->is_unseen)
		return refuse_joined(carried);
	if (!ask(carried, file, &s) || !take_socket(carried, file, &s, to) ||
	    !take_name(carried, &s, to))
		return false;
	if (!ask_backlog(file, &s, &backlog, &waiting))
		return carried_refuse(carried, "Its backlog cannot be seen.");
	if (waiting > 0)
		return carried_refuse(carried,
				      "Accept the connections that wait there "
				      "before the ready point.");
	to->values[3] = backlog + 1;
	return true;
}

/* A message may be empty, and an error is to be read, too (IP_RECVERR). */
static bool has_unread(const struct open_file *file)
{
	struct pollfd answer = {.fd = file->copy, .events = POLLIN};

	return poll(&answer, 1, 0) != 0;
}

/* What a corked socket has not sent yet counts as what is on its way. */
static bool has_unsent(const struct open_file *file)
{
	int unsent = 0;

	return ioctl(file->copy, SIOCOUTQ, &unsent) < 0 || unsent > 0;
}

static bool take_udp(struct carried *carried, const struct open_file *file,
		     struct core_file *to)
{
	struct socket s;

	if (!ask(carried, file, &s))
		return false;
	if (has_unsent(file))
		return carried_refuse(carried, "Have it send what it holds "
					       "back before the ready point.");
	if (s.is_connected || has_unread(file))
		return carried_refuse(carried, s.is_connected
						       ? "It is connected; do "
							 "that after the ready "
							 "point."
						       : "Read what it has "
							 "received before the "
							 "ready point.");
	if (carried->may_have_joined)
		return refuse_joined(carried);
	return take_socket(carried, file, &s, to);
}

/* One byte out of band, at a place among the others. */
static bool has_urgent(const struct open_file *file)
{
	char byte;

	return recv(file->copy, &byte, 1, MSG_OOB | MSG_PEEK | MSG_DONTWAIT) >
	       0;
}

/*
 * Messages are looked at one by one without being taken: with SO_PEEK_OFF each
 * look begins behind the last (socket(7), since Linux 3.4).
 */
static bool take_messages(struct carried *carried, const struct open_file *file,
			  const struct unix_diag *diag, int type,
			  struct core_file *to)
{
	cleanup_heap char *bytes = malloc(MESSAGE_MAX);
	const int from = 0;
	int before = -1;
	socklen_t size_of_before = sizeof(before);
	uint64_t seen = 0;
	bool fits = bytes != NULL;

	getsockopt(file->copy, SOL_SOCKET, SO_PEEK_OFF, &before,
		   &size_of_before);
	if (setsockopt(file->copy, SOL_SOCKET, SO_PEEK_OFF, &from,
		       sizeof(from)) < 0)
		return false;
	while (fits) {
		ssize_t size = recv(file->copy, bytes, MESSAGE_MAX,
				    MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC);

		/* A message may be empty, and so is the end of a stream. */
		if (size < 0 || (size == 0 && type != SOCK_DGRAM &&
				 (type == SOCK_STREAM || diag->shutdown)))
			break;
		seen += (uint64_t)size;
		fits = size <= MESSAGE_MAX;
		if (fits)
			carried_add_record(carried, to, CORE_RECORD_MESSAGE, 0,
					   bytes, (size_t)size);
	}
	setsockopt(file->copy, SOL_SOCKET, SO_PEEK_OFF, &before,
		   sizeof(before));
	/* Of datagrams the kernel counts those of the first message only. */
	return fits && (type == SOCK_DGRAM || seen == diag->waiting);
}

static bool take_socketpair(struct carried *carried,
			    const struct open_file *file, struct core_file *to)
{
	struct unix_diag diag;
	struct socket s;

	if (!ask(carried, file, &s))
		return false;
	if (!unix_diag_ask(&diag, file->status.st_ino) || !diag.peer)
		return carried_refuse(carried, "Its other end cannot be seen.");
	to->kind = CORE_FILE_SOCKETPAIR;
	to->device = file->status.st_dev;
	to->inode = file->status.st_ino;
	to->size = diag.peer;
	to->values[0] = (uint64_t)s.type;
	to->values[1] = diag.shutdown;
	if (has_urgent(file))
		return carried_refuse(carried,
				      "Read its urgent data before the "
				      "ready point.");
	if (!socket_options_take(carried, &s, file->copy, to))
		return false;
	if (!take_messages(carried, file, &diag, s.type, to))
		return carried_refuse(carried, "What is in it cannot be read; "
					       "read it before the ready "
					       "point.");
	return true;
}

const struct carrier carrier_listener = {"listener", false, take_listener};
const struct carrier carrier_udp = {"udp", false, take_udp};
const struct carrier carrier_socketpair = {"socketpair", false,
					   take_socketpair};
