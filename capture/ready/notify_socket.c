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
#include "common/text.h"

enum {
	MESSAGE_MAX = 4096,
};

static const char prefix[] = "@subctx-";

/* At ret_socket->address, which is an abstract one. */
static int listen_there(struct notify_socket *ret_socket, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const size_t size = strlen(ret_socket->address);
	cleanup_fd int fd =
		socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memcpy(address.sun_path + 1, ret_socket->address + 1, size - 1);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address,
			   (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				       size)) < 0)
		return error_system(err, errno, "cannot make a notify socket");
	ret_socket->fd = take_fd(&fd);
	return 0;
}

int notify_socket_open(struct notify_socket *ret_socket, struct error *err)
{
	uint64_t random;

	/* Abstract, so that nothing is left of it, and hard to guess. */
	if (getrandom(&random, sizeof(random), 0) < 0)
		return error_system(err, errno, "cannot make a notify socket");
	snprintf(ret_socket->address, sizeof(ret_socket->address), "%s%016llx",
		 prefix, (unsigned long long)random);
	return listen_there(ret_socket, err);
}

int notify_socket_open_again(struct notify_socket *ret_socket,
			     const char *environment, size_t size,
			     struct error *err)
{
	static const char name[] = "NOTIFY_SOCKET=";
	const char *at = environment;

	for (; at < environment + size; at += strlen(at) + 1) {
		const char *value = at;

		if (!take_word(&value, name) ||
		    strncmp(value, prefix, sizeof(prefix) - 1) != 0 ||
		    strlen(value) >= sizeof(ret_socket->address))
			continue;
		memcpy(ret_socket->address, value, strlen(value) + 1);
		return listen_there(ret_socket, err);
	}
	return error_set(err, FAULT_SERVICE,
			 "it knows no $NOTIFY_SOCKET of subctx-capture");
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
