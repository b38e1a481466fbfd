/*
 * capture_launch.h - a service library, up to where it is about to be loaded
 */
#ifndef CAPTURE_CAPTURE_LAUNCH_H
#define CAPTURE_CAPTURE_LAUNCH_H

#include "capture/ready/ready_wait.h"
#include "capture_look.h"

/*
 * From the exec of the launcher to its first ready point, which is not the
 * service's, or from there when it was restored.  Anything else is left alone.
 */
int capture_launch(struct capture *c, const struct ready_wait *wait,
		   struct error *err);

/* At the ready point: what the library has brought. */
int capture_compare_launch(struct capture *c, struct error *err);

#endif
