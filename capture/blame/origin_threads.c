/*
 * origin_threads.c - the names that threads had when they made something
 */
#include "origin_threads.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/io.h"

enum {
	NAME_LASTS_MS = 50, /* a thread may have another name by then */
};

static struct origin_thread *find_thread(struct origins *origins, pid_t tid)
{
	const size_t capacity =
		origins->thread_capacity ? origins->thread_capacity * 2 : 8;
	struct origin_thread *threads;

	for (size_t i = 0; i < origins->thread_count; i++)
		if (origins->threads[i].tid == tid)
			return &origins->threads[i];
	if (origins->thread_count == origins->thread_capacity) {
		threads =
			realloc(origins->threads, capacity * sizeof(*threads));
		if (!threads)
			return NULL;
		origins->threads = threads;
		origins->thread_capacity = capacity;
	}
	origins->threads[origins->thread_count] =
		(struct origin_thread){.tid = tid};
	return &origins->threads[origins->thread_count++];
}

/*
 * A thread may be gone before its name is wanted, and reading it at each stop
 * would cost as much as the stop.
 */
void origins_name_thread(struct origins *origins, const struct tracee *t,
			 struct origin *origin)
{
	struct origin_thread *thread = find_thread(origins, origin->tid);
	cleanup_heap char *text = NULL;

	if (!thread)
		return;
	if ((!thread->comm[0] || origin->ms - thread->ms >= NAME_LASTS_MS) &&
	    io_read_filef(&text, NULL, "/proc/%d/task/%d/comm", t->pid,
			  origin->tid) == 0) {
		snprintf(thread->comm, sizeof(thread->comm), "%.*s",
			 (int)strcspn(text, "\n"), text);
		thread->ms = origin->ms;
	}
	memcpy(origin->comm, thread->comm, sizeof(origin->comm));
}
