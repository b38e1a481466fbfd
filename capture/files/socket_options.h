/*
 * socket_options.h - what was set on a socket with setsockopt(2)
 *
 * Nothing lists the options of a socket, so each number of the levels that a
 * protocol has is asked for, of the socket and of a fresh one.  What differs was
 * set; if it can be set on the fresh one with what was read, a restore can do
 * that, too.
 */
#ifndef FILES_SOCKET_OPTIONS_H
#define FILES_SOCKET_OPTIONS_H

#include "carried.h"
#include "socket.h"

/*
 * Adds a record for each option that differs.  False with the reason in
 * carried->why when one of them cannot be set again.
 */
bool socket_options_take(struct carried *carried, const struct socket *socket,
			 int fd, struct core_file *to);

#endif
