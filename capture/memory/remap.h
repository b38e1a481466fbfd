/*
 * remap.h - a service that lives on, mapped onto its core
 *
 * Memory that a service has written is its own, and each restore of its core
 * has the same bytes again, which all restores share.  When the core is there,
 * the service itself is made to map it in the place of that memory, so that it
 * shares them, too.  What the service writes from then on it has for itself:
 * the core does not change.
 *
 * It stands still meanwhile, as it did while it was copied, and every byte is
 * compared before.  What fails leaves it as it was.
 */
#ifndef MEMORY_REMAP_H
#define MEMORY_REMAP_H

#include "capture/tracee/tracee.h"
#include "common/core_format.h"

/*
 * @tid, @vdso: a thread that stands outside any call, and where the vdso is
 * @trap: its action for SIGTRAP
 * @locks_future: all that it maps is locked
 * @dropper: the file because of which memory is copied at restore, or ""
 */
struct remap_service {
	struct tracee *tracee;
	pid_t tid;
	uint64_t vdso;
	struct core_signal trap;
	bool locks_future;
	const char *dropper;
};

/*
 * @size, @mapping_count: what was mapped anew
 * @private_before, @private_after: the bytes that nobody but it had
 * @why_not: if nothing was, why; or ""
 */
struct remapping {
	uint64_t size;
	size_t mapping_count;
	uint64_t private_before;
	uint64_t private_after;
	char why_not[ERROR_TEXT_MAX];
};

/*
 * @path: of its core, which is complete; it may have another name later
 * An error is returned only if the service is not whole any more.
 */
int remap_onto(struct remapping *ret_remapping,
	       const struct remap_service *service, const char *path,
	       struct error *err);

#endif
