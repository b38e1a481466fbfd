/*
 * stand_in.h - a fork of the service, which is copied while that goes on
 *
 * A service that lives on stands still for as long as it takes to fork then,
 * not to copy.  What the fork does not have as it was then is copied before the
 * service is let go: memory that it shares, and pages of files that may be
 * written at any moment.
 */
#ifndef TRACEE_STAND_IN_H
#define TRACEE_STAND_IN_H

#include <stdbool.h>
#include <sys/stat.h>

#include "capture/memory/contents.h"
#include "tracee.h"

/*
 * @tracee: the fork; its pid is 0 when there is none
 * @waits: for each of @contents whether its bytes are copied from there
 * @files: what the files of those that wait were like
 * @why_not: why there is none although the service is large, or ""
 */
struct stand_in {
	struct tracee tracee;
	const struct contents *contents;
	bool *waits;
	struct stat *files;
	char why_not[ERROR_TEXT_MAX];
};

/*
 * @tid, @vdso: a thread that stands outside any call, and where the vdso is
 * @is_subreaper: orphans become children of the service
 * @contents: has to stay
 */
struct stand_in_service {
	struct tracee *tracee;
	pid_t tid;
	uint64_t vdso;
	bool is_subreaper;
	const struct contents *contents;
};

/* Makes one, if that is of use and possible. */
void stand_in_make(struct stand_in *ret_stand_in,
		   const struct stand_in_service *service);
/* Whether content @i is to be copied from it. */
bool stand_in_has(const struct stand_in *stand_in, size_t i);
/*
 * After it has been copied with result @copied: an error if files were written
 * since it was made, and the reason if it was killed.
 */
int stand_in_check(const struct stand_in *stand_in, int copied,
		   struct error *err);
/* Safe on a zeroed one. */
void stand_in_end(struct stand_in *stand_in);

#endif
