/*
 * recorder_sharers.c - children with the memory of the service
 *
 * A child of vfork(2) has the descriptors for itself, but not the memory: what it
 * opens would be taken for its parent's.  So what was kept while there was one
 * does not count.
 */
#include <errno.h>
#include <linux/kcmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "recorder.h"

enum {
	SHARERS_MAX = 64,
};

/* Without kcmp(2) any child that lives might. */
static bool has_memory_of(pid_t pid, pid_t child)
{
	const long order = syscall(SYS_kcmp, pid, child, KCMP_VM, 0, 0);

	return order == 0 || (order < 0 && errno != ESRCH);
}

/* Of many the first two are taken for one, with what lies between them. */
static void merge_first(struct recorder *recorder)
{
	struct recorder_sharer *sharers = recorder->sharers;

	if (recorder->sharer_count < SHARERS_MAX || sharers[0].tid ||
	    sharers[1].tid)
		return;
	sharers[1].from = sharers[0].from;
	if (sharers[1].to < sharers[0].to)
		sharers[1].to = sharers[0].to;
	recorder->sharer_count--;
	memmove(sharers, sharers + 1,
		recorder->sharer_count * sizeof(*sharers));
}

void recorder_share(struct recorder *recorder, const struct tracee *t,
		    pid_t tid, pid_t child)
{
	struct recorder_sharer *sharers;

	if (!has_memory_of(t->pid, child))
		return;
	merge_first(recorder);
	sharers = realloc(recorder->sharers,
			  (recorder->sharer_count + 1) * sizeof(*sharers));
	if (!sharers)
		return;
	recorder->sharers = sharers;
	sharers[recorder->sharer_count++] = (struct recorder_sharer){
		.tid = tid,
		.child = child,
		.from = recorder_ticks(),
		.to = UINT64_MAX,
	};
}

static struct recorder_sharer *find(const struct recorder *recorder, pid_t tid)
{
	for (size_t i = 0; i < recorder->sharer_count; i++)
		if (recorder->sharers[i].tid == tid)
			return &recorder->sharers[i];
	return NULL;
}

bool recorder_awaits(const struct recorder *recorder, pid_t tid)
{
	return find(recorder, tid) != NULL;
}

void recorder_unshare(struct recorder *recorder, const struct tracee *t,
		      pid_t tid)
{
	struct recorder_sharer *sharer = find(recorder, tid);

	if (!sharer)
		return;
	if (!has_memory_of(t->pid, sharer->child))
		sharer->to = recorder_ticks();
	sharer->tid = 0;
}

bool recorder_is_shared(const struct recorder *recorder)
{
	for (size_t i = 0; i < recorder->sharer_count; i++)
		if (recorder->sharers[i].to == UINT64_MAX)
			return true;
	return false;
}

bool recorder_was_shared(const struct recorder *recorder, uint64_t ticks)
{
	for (size_t i = 0; i < recorder->sharer_count; i++)
		if (recorder->sharers[i].from <= ticks &&
		    ticks <= recorder->sharers[i].to)
			return true;
	return false;
}
