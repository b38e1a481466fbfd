/*
 * notify_socket.h - the socket on which a service says that it is ready
 *
 * As a supervisor does it (sd_notify(3)): a datagram socket of which the
 * service learns through $NOTIFY_SOCKET.
 */
#ifndef READY_NOTIFY_SOCKET_H
#define READY_NOTIFY_SOCKET_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

enum {
	NOTIFY_ADDRESS_MAX = 108, /* of struct sockaddr_un */
};

/* @address: as it stands in the variable, with '@' for an abstract one */
struct notify_socket {
	int fd;
	char address[NOTIFY_ADDRESS_MAX];
};

int notify_socket_open(struct notify_socket *ret_socket, struct error *err);
/*
 * Where a service that was restored will say so: at the address that one of these
 * had when it was started, as its @environment of @size bytes has it, each
 * variable with a NUL (proc_pid_environ(5)).  -EADDRINUSE while another listens
 * there, of a restore of the same core.
 */
int notify_socket_open_again(struct notify_socket *ret_socket,
			     const char *environment, size_t size,
			     struct error *err);
/* Whether READY=1 has come since the last question. */
bool notify_socket_is_ready(struct notify_socket *socket);
void notify_socket_close(struct notify_socket *socket);

#endif
