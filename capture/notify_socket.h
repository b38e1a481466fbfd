/*
 * notify_socket.h - the socket on which a service says that it is ready
 *
 * As a supervisor does it (sd_notify(3)): a datagram socket of which the
 * service learns through $NOTIFY_SOCKET.
 */
#ifndef CAPTURE_NOTIFY_SOCKET_H
#define CAPTURE_NOTIFY_SOCKET_H

#include <stdbool.h>

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
/* Whether READY=1 has come since the last question. */
bool notify_socket_is_ready(struct notify_socket *socket);
void notify_socket_close(struct notify_socket *socket);

#endif
