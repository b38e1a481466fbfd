/*
 * arrival.h - from the restorer to the service that it becomes
 */
#ifndef START_ARRIVAL_H
#define START_ARRIVAL_H

#include "capture/ready/ready_wait.h"

/*
 * From a tracee that stands at the exec of the restorer to one that stands with
 * all of its threads before their first instruction as the service.
 * @wait->service: the core; its ready point is not looked for yet
 */
int arrival_await(const struct ready_wait *wait, struct tracee *t,
		  struct error *err);

#endif
