/*
 * inherited.h - descriptors that the caller offers for those of the core
 *
 * As --inherit=FD names them, or as a service manager hands over sockets that it
 * listens on already: $LISTEN_FDS of them from 3 on, if $LISTEN_PID is us
 * (sd_listen_fds(3)).
 */
#ifndef RESTORE_INHERITED_H
#define RESTORE_INHERITED_H

#include <stdbool.h>
#include <stddef.h>

#include "common/core_reader.h"
#include "common/error.h"

/* @fds: for each open file of the core the caller's descriptor, or -1 */
struct inherited {
	int *fds;
};

/*
 * Finds what each descriptor is for.  A socket of a service manager serves the
 * listener of its address, or else the first one of its family and type.
 * @numbers: those of --inherit
 */
int inherited_find(struct inherited *ret_inherited, const struct core *core,
		   const int *numbers, size_t count, struct error *err);
void inherited_deinit(struct inherited *inherited);

#endif
