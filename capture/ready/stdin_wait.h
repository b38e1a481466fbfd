/*
 * stdin_wait.h - whether a call waits for standard input, among others
 */
#ifndef READY_STDIN_WAIT_H
#define READY_STDIN_WAIT_H

#include "capture/tracee/tracee.h"

/*
 * @stop: the entry of poll(2), select(2), epoll_wait(2) or one of their kin;
 * what cannot be read does not wait for it
 */
bool stdin_wait_is(const struct tracee *t, const struct stop *stop);

/* Whether there is something to read, so that nobody has to wait (FIONREAD). */
bool stdin_wait_has_input(const struct tracee *t);

#endif
