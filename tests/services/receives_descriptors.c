/*
 * Descriptors that come with messages and from another process
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "service.h"

enum {
	COUNT = 2,
};

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(COUNT * sizeof(int))];
};

static struct msghdr prepare(struct iovec *text, union control *control)
{
	return (struct msghdr){
		.msg_iov = text,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(*control),
	};
}

static void send_some(int channel)
{
	const int fds[COUNT] = {open("/etc/passwd", O_RDONLY),
				open("/etc/group", O_RDONLY)};
	union control control = {.header = {.cmsg_level = SOL_SOCKET,
					    .cmsg_type = SCM_RIGHTS,
					    .cmsg_len = CMSG_LEN(sizeof(fds))}};
	struct iovec text = {(char[]){"x"}, 1};
	struct msghdr message = prepare(&text, &control);

	memcpy(CMSG_DATA(&control.header), fds, sizeof(fds));
	service_check(sendmsg(channel, &message, 0) == 1);
	close(fds[0]);
	close(fds[1]);
}

static void expect_both(const union control *control, const char *call,
			int line)
{
	static const char *const names[] = {"passwd", "group"};

	for (int i = 0; i < COUNT; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(&control->header) + i * (int)sizeof(fd),
		       sizeof(fd));
		service_finding("fd %d file /etc/%s", fd, names[i]);
		service_expect("(receives_descri) in %s(2)", call);
		service_expect("main at receives_descriptors.c:%d ", line);
	}
}

int main(void)
{
	union control one = {0}, many = {0};
	char byte;
	struct iovec text = {&byte, 1};
	struct msghdr message = prepare(&text, &one);
	struct mmsghdr messages = {.msg_hdr = prepare(&text, &many)};
	int channel[2], pidfd, fd;

	service_check(socketpair(AF_UNIX, SOCK_DGRAM, 0, channel) == 0);
	send_some(channel[0]);
	service_check(recvmsg(channel[1], &message, 0) == 1);
	expect_both(&one, "recvmsg", __LINE__ - 1);
	send_some(channel[0]);
	service_check(recvmmsg(channel[1], &messages, 1, 0, NULL) == 1);
	expect_both(&many, "recvmmsg", __LINE__ - 1);
	pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	fd = (int)syscall(SYS_pidfd_getfd, pidfd, channel[0], 0);
	service_finding("fd %d ", fd);
	service_expect("in pidfd_getfd(2) syscall");
	service_expect("main at receives_descriptors.c:%d ", __LINE__ - 3);
	service_ready();
	return service_end();
}
