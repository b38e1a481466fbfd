/*
 * capture_from.h - a service that comes from a core, up to where it goes on
 */
#ifndef CAPTURE_CAPTURE_FROM_H
#define CAPTURE_CAPTURE_FROM_H

#include "capture/ready/ready_wait.h"
#include "capture_look.h"

/*
 * Starts the restorer of the base and lets it become the service, which stands
 * before its first instruction then.
 * @wait: what is called at the exec, and what witnesses the calls
 */
int capture_from(struct capture *c, const struct ready_wait *wait,
		 struct error *err);
/* It is seen as it was, and about to go on. */
int capture_from_go_on(void *context, struct error *err);

#endif
