/*
 * notify_socket.c - the socket on which a service says that it is ready
 */
#include "notify_socket.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/cleanup.h"

enum {
	MESSAGE_MAX = 4096,
};

int notify_socket_open(struct notify_socket *ret_socket, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	cleanup_fd int fd =
		socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	uint64_t random;
	socklen_t length;

	/* Abstract, so that nothing is left of it, and hard to guess. */
	if (fd < 0 || getrandom(&random, sizeof(random), 0) < 0)
		return error_system(err, errno, "cannot make a notify socket");
	snprintf(ret_socket->address, sizeof(ret_socket->address),
		 "@subctx-%016llx", (unsigned long long)random);
	length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
			     strlen(ret_socket->address));
	memcpy(address.sun_path + 1, ret_socket->address + 1,
	       strlen(ret_socket->address) - 1);
	if (bind(fd, (struct sockaddr *)&address, length) < 0)
		return error_system(err, errno, "cannot make a notify socket");
	ret_socket->fd = take_fd(&fd);
	return 0;
}

/* A message is lines, of which one has to say so (sd_notify(3)). */
static bool says_ready(const char *message)
{
	for (const char *line = message; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, "READY=1", 7) == 0 &&
		    (line[7] == '\n' || line[7] == '\0'))
			return true;
	}
	return false;
}

bool notify_socket_is_ready(struct notify_socket *socket)
{
	char message[MESSAGE_MAX + 1];
	bool is_ready = false;
	ssize_t size;

	while ((size = recv(socket->fd, message, MESSAGE_MAX, 0)) >= 0) {
		message[size] = '\0';
		is_ready = is_ready || says_ready(message);
	}
	return is_ready;
}

void notify_socket_close(struct notify_socket *socket)
{
	cleanup_close(&socket->fd);
}
