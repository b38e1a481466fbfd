/*
 * origin_recorded.c - what the recorder knows of who opened files
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "common/cleanup.h"
#include "common/text.h"
#include "origin_list.h"
#include "origin_results.h"
#include "origin_threads.h"

/* Which thread has that thread pointer; 0 when it has ended. */
static pid_t find_owner(const struct tracee *t, const pid_t *tids, size_t count,
			uint64_t thread_pointer)
{
	for (size_t i = 0; i < count; i++) {
		struct user_regs_struct regs;
		struct error ignored = {0};

		if (tracee_registers(t, tids[i], &regs, &ignored) == 0 &&
		    regs.fs_base == thread_pointer)
			return tids[i];
	}
	return 0;
}

/* It has the recorded stack then.  NULL when that is lost, or no memory is left. */
static struct origin *make(struct origins *origins, const struct tracee *t,
			   struct recorded *recorded, const pid_t *tids,
			   size_t count)
{
	struct origin *made =
		recorded->is_lost ? NULL : calloc(1, sizeof(*made));

	if (!made) {
		saved_stack_deinit(&recorded->stack);
		return NULL;
	}
	made->users = 1;
	made->tid = find_owner(t, tids, count, recorded->thread_pointer);
	made->call = SYS_openat;
	made->ms = recorded->ms - origins->start_ms;
	made->ticks = recorded->ticks;
	made->stack = recorded->stack;
	if (made->tid)
		origins_name_thread(origins, t, made);
	return made;
}

/* Of two that had the number the later one has it still. */
static void collect_one(struct origins *origins, const struct tracee *t, int fd,
			const pid_t *tids, size_t count)
{
	const struct origin *before =
		origin_list_at(&origins->made, RESOURCE_DESCRIPTOR, fd);
	struct recorded recorded;
	struct origin *made;

	if (!recorder_read(&origins->recorder, t, fd, &recorded))
		return;
	if (before && before->ticks > recorded.ticks) {
		saved_stack_deinit(&recorded.stack);
		return;
	}
	if (before)
		origin_list_remove(&origins->made,
				   origin_list_position(&origins->made,
							RESOURCE_DESCRIPTOR,
							fd));
	made = make(origins, t, &recorded, tids, count);
	if (made)
		origins_keep(origins, made, RESOURCE_DESCRIPTOR, fd);
	origin_release(made);
}

/* Of those who opened a device that gives randomness the first is told. */
static void collect_random(struct origins *origins, const struct tracee *t,
			   const pid_t *tids, size_t count)
{
	struct recorded recorded;
	struct origin *made;

	if (origin_list_at(&origins->made, RESOURCE_RANDOMNESS,
			   RANDOM_DEVICE) ||
	    !recorder_read(&origins->recorder, t, RECORDER_RANDOM, &recorded))
		return;
	made = make(origins, t, &recorded, tids, count);
	if (made)
		origins_keep(origins, made, RESOURCE_RANDOMNESS, RANDOM_DEVICE);
	origin_release(made);
}

void origins_collect(struct origins *origins, const struct tracee *t)
{
	cleanup_dir DIR *folder = NULL;
	cleanup_heap pid_t *tids = NULL;
	struct error ignored = {0};
	char path[64];
	size_t count = 0;

	if (!origins->recorder.is_mapped ||
	    tracee_threads(t, &tids, &count, &ignored) < 0)
		return;
	origins->stops++;
	snprintf(path, sizeof(path), "/proc/%d/fd", t->pid);
	folder = opendir(path);
	for (struct dirent *entry; folder && (entry = readdir(folder));) {
		const char *at = entry->d_name;
		uint64_t fd;

		if (take_decimal(&at, &fd) && fd < RECORDER_SLOTS)
			collect_one(origins, t, (int)fd, tids, count);
	}
	collect_random(origins, t, tids, count);
}

bool origins_lock(struct origins *origins, struct tracee *t,
		  const struct stop *stop)
{
	origins_collect(origins, t);
	return !recorder_retire(&origins->recorder, t, stop->tid);
}
