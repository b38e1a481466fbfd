/*
 * launch.h - a service library in the hands of the launcher that loads it
 *
 * The launcher's first ready point is before it loads: what it is there is what
 * it is without the library.
 */
#ifndef START_LAUNCH_H
#define START_LAUNCH_H

#include <limits.h>

#include "capture/blame/recorder.h"
#include "capture/memory/additions.h"

/*
 * @path: of the launcher; @argv: with which it is started; owned
 * @failed: of a launcher, the function that it calls when it cannot go on; else 0
 * @loads: it stands before it loads a service library
 * @before: its mappings, and @kept their bytes, then
 */
struct launch {
	char path[PATH_MAX];
	char **argv;
	uint64_t failed;
	bool loads;
	struct mapping_list before;
	struct kept_pages kept;
};

/*
 * When @argv begins with a service library, finds the launcher and makes its
 * argv; otherwise nothing happens.  A library that is no service is refused.
 */
int launch_find(struct launch *ret_launch, char *const *argv,
		struct error *err);

/*
 * Thread @tid stands still at a ready point, without breakpoints.  If it is of no
 * launcher, @launch->failed stays 0.  Otherwise it is stopped where it gives up.
 */
int launch_watch(struct launch *launch, struct tracee *t, pid_t tid,
		 struct error *err);
/* The same, at the first ready point: it is looked at as it is then. */
int launch_look(struct launch *launch, struct tracee *t, pid_t tid,
		const struct recorder *recorder, struct error *err);

/* Whether @stop is the one at which the launcher gives up. */
bool launch_fails(const struct launch *launch, const struct stop *stop);
/* What it says then. */
int launch_explain(const struct tracee *t, const struct stop *stop,
		   struct error *err);

void launch_deinit(struct launch *launch);

#endif
