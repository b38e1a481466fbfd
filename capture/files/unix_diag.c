/*
 * unix_diag.c - what only sock_diag(7) tells of a unix socket
 */
#include "unix_diag.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>

#include "common/cleanup.h"

enum {
	ANSWER_SIZE = 4096,
};

static void take_attribute(struct unix_diag *diag,
			   const struct rtattr *attribute)
{
	const void *value = RTA_DATA(attribute);
	struct unix_diag_rqlen queue;
	uint32_t inode;

	if (attribute->rta_type == UNIX_DIAG_PEER &&
	    RTA_PAYLOAD(attribute) == sizeof(inode)) {
		memcpy(&inode, value, sizeof(inode));
		diag->peer = inode;
	} else if (attribute->rta_type == UNIX_DIAG_RQLEN &&
		   RTA_PAYLOAD(attribute) == sizeof(queue)) {
		memcpy(&queue, value, sizeof(queue));
		diag->waiting = queue.udiag_rqueue;
		diag->backlog = queue.udiag_wqueue;
	} else if (attribute->rta_type == UNIX_DIAG_SHUTDOWN &&
		   RTA_PAYLOAD(attribute) == sizeof(diag->shutdown)) {
		memcpy(&diag->shutdown, value, sizeof(diag->shutdown));
	}
}

/* One socket is asked for, so one answer comes; both are aligned by 4. */
static bool take_answer(struct unix_diag *ret_diag, const char *answer,
			size_t size)
{
	const struct nlmsghdr *header = (const void *)answer;
	const struct unix_diag_msg *message = NLMSG_DATA(header);
	const struct rtattr *attribute = (const void *)(message + 1);
	struct unix_diag diag = {0};
	size_t rest;

	if (!NLMSG_OK(header, size) ||
	    header->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    header->nlmsg_len < NLMSG_LENGTH(sizeof(*message)))
		return false;
	rest = header->nlmsg_len - NLMSG_LENGTH(sizeof(*message));
	for (; RTA_OK(attribute, rest); attribute = RTA_NEXT(attribute, rest))
		take_attribute(&diag, attribute);
	*ret_diag = diag;
	return true;
}

bool unix_diag_ask(struct unix_diag *ret_diag, uint64_t inode)
{
	const struct {
		struct nlmsghdr header;
		struct unix_diag_req body;
	} request = {
		.header = {.nlmsg_len = sizeof(request),
			   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			   .nlmsg_flags = NLM_F_REQUEST},
		.body = {.sdiag_family = AF_UNIX,
			 .udiag_states = UINT32_MAX,
			 .udiag_ino = (uint32_t)inode,
			 .udiag_show = UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN,
			 .udiag_cookie = {UINT32_MAX, UINT32_MAX}},
	};
	_Alignas(struct nlmsghdr) char answer[ANSWER_SIZE];
	cleanup_fd int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	ssize_t size;

	if (fd < 0 || send(fd, &request, sizeof(request), 0) < 0)
		return false;
	size = recv(fd, answer, sizeof(answer), 0);
	return size > 0 && take_answer(ret_diag, answer, (size_t)size);
}
