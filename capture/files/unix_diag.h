/*
 * unix_diag.h - what only sock_diag(7) tells of a unix socket
 *
 * Of sockets in our own network namespace.
 */
#ifndef FILES_UNIX_DIAG_H
#define FILES_UNIX_DIAG_H

#include <stdbool.h>
#include <stdint.h>

/*
 * @peer: the inode of the other end, or 0
 * @waiting: of a listener: connections that nobody has accepted; of others
 *	bytes that nobody has read, for datagrams of the first
 * @backlog: of a listener: how many may wait
 * @shutdown: RCV_SHUTDOWN 1, SEND_SHUTDOWN 2 (include/net/sock.h)
 */
struct unix_diag {
	uint64_t peer;
	uint32_t waiting;
	uint32_t backlog;
	uint8_t shutdown;
};

/* Since Linux 3.3; false when the kernel does not know it. */
bool unix_diag_ask(struct unix_diag *ret_diag, uint64_t inode);

#endif
