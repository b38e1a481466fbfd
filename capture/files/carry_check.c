/*
 * carry_check.c - what open files that are carried need of each other
 */
#include "carry_check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "holders.h"

enum {
	STREAMS = 3,
};

static int by_number(const void *a, const void *b)
{
	const struct core_descriptor *first = a;
	const struct core_descriptor *second = b;

	return first->fd < second->fd ? -1 : first->fd > second->fd;
}

static void refuse(struct audit *audit, const struct carried_file *file,
		   const char *what, const char *remedy)
{
	char subject[16];

	snprintf(subject, sizeof(subject), "fd %d", file->fd);
	audit_add(audit, VERDICT_REFUSED, subject, "%s", what);
	audit_remedy(audit, "%s", remedy);
}

static bool is_pair(const struct core_file *a, const struct core_file *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == CORE_FILE_SOCKETPAIR)
		return a->size == b->inode && b->size == a->inode;
	return a->kind == CORE_FILE_PIPE && a->device == b->device &&
	       a->inode == b->inode &&
	       (a->flags & O_ACCMODE) != (b->flags & O_ACCMODE);
}

/* Each end has exactly one other. */
static void match_ends(struct carried *carried, struct audit *audit)
{
	for (size_t i = 0; i < carried->file_count; i++) {
		struct core_file *core = &carried->files[i].core;
		size_t others = 0;

		if (core->kind != CORE_FILE_PIPE &&
		    core->kind != CORE_FILE_SOCKETPAIR)
			continue;
		for (size_t k = 0; k < carried->file_count; k++)
			if (is_pair(core, &carried->files[k].core)) {
				core->peer = (uint32_t)k;
				others++;
			}
		if (others != 1)
			refuse(audit, &carried->files[i],
			       others ? "its other end was opened twice"
				      : "its other end is not carried",
			       "Carry both ends, or none.");
	}
}

static bool is_carried(const struct carried *carried, uint32_t fd)
{
	bool is_closed = false;

	for (size_t i = 0; i < carried->descriptor_count; i++) {
		const struct core_descriptor *d = &carried->descriptors[i];

		if (d->fd != fd)
			continue;
		is_closed =
			carried->files[d->file].core.kind == CORE_FILE_CLOSED;
		return !is_closed;
	}
	return fd < STREAMS;
}

/* Of what is dropped the kernel forgets the watches, too (epoll(7)). */
static void drop_watches(struct carried *carried)
{
	size_t kept = 0;

	for (size_t i = 0; i < carried->watch_count; i++) {
		const struct core_watch *watch = &carried->watches[i];

		if (carried->files[watch->file].core.kind != CORE_FILE_EPOLL ||
		    is_carried(carried, watch->target))
			carried->watches[kept++] = *watch;
	}
	carried->watch_count = kept;
}

/* What is opened by its name is another open file in each restore. */
static bool may_be_shared(const struct core_file *core)
{
	return core->kind != CORE_FILE_INHERITED &&
	       core->kind != CORE_FILE_CLOSED;
}

void carry_check(struct carried *carried, pid_t pid, bool is_started,
		 struct audit *audit)
{
	struct holders holders = {.pid = pid};

	if (carried->descriptor_count > 0)
		qsort(carried->descriptors, carried->descriptor_count,
		      sizeof(*carried->descriptors), by_number);
	match_ends(carried, audit);
	drop_watches(carried);
	for (size_t i = 0; i < carried->file_count; i++)
		if (may_be_shared(&carried->files[i].core))
			holders_want(&holders, carried->files[i].fd);
	holders_find(&holders);
	for (size_t i = 0; i < holders.count; i++) {
		const struct holder *holder = &holders.items[i];
		char subject[16];

		if (!holder->process)
			continue;
		snprintf(subject, sizeof(subject), "fd %d", holder->fd);
		audit_add(audit, VERDICT_REFUSED, subject,
			  "process %d (%s) has it, too, as its fd %d",
			  holder->process, holder->comm, holder->theirs);
		audit_remedy(audit, "Have one of the two close it.");
		audit_identify(audit, RESOURCE_DESCRIPTOR, holder->fd);
	}
	if (!is_started && holders.hidden > 0 && holders.count > 0)
		audit_add(audit, VERDICT_NOTED, "descriptors",
			  "%zu processes of other users may have some of them, "
			  "too",
			  holders.hidden);
	holders_deinit(&holders);
}
