/*
 * socket.h - what a socket of the service is, and whom it talks to
 */
#ifndef FILES_SOCKET_H
#define FILES_SOCKET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct open_file;

/* @size: of what the kernel gave us; 0 for no address at all */
struct socket_address {
	struct sockaddr_storage storage;
	socklen_t size;
};

/*
 * @domain, @type, @protocol: as for socket(2)
 * @tcp_state: as in tcp(7), for TCP only
 * @is_connected: there is a peer, even if it has no name
 * @peer_inode: of the other end of a unix socket, 0 if that is not known
 * @unread: bytes that wait to be received
 */
struct socket {
	int domain;
	int type;
	int protocol;
	int tcp_state;
	bool is_listening;
	bool is_connected;
	uint64_t peer_inode;
	int unread;
	struct socket_address local;
	struct socket_address peer;
};

/* Asks a descriptor of ours.  False if that is not a socket. */
bool socket_read(struct socket *ret_socket, int fd);

/* Adds to what and fills remedy; file->all is searched for the other end. */
void socket_describe(struct open_file *file, const struct socket *socket);

/*
 * The same with what file->copy answers.  Without a copy there is only the
 * name of the protocol.
 */
void socket_describe_file(struct open_file *file);

#endif
