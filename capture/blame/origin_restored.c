/*
 * origin_restored.c - what a service has from the core that it was restored from
 */
#include <dirent.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/mapping.h"
#include "common/text.h"
#include "origin_list.h"

static void keep(struct origins *origins, enum resource_kind kind, int64_t id,
		 uint64_t size)
{
	struct origin *origin = calloc(1, sizeof(*origin));

	if (!origin)
		return;
	*origin = (struct origin){
		.users = 1,
		.event = ORIGIN_RESTORED,
		.kind = kind,
		.id = id,
		.size = size,
		.call = -1,
		.ticks = recorder_ticks(),
	};
	origin_list_put(&origins->made, origin);
	if (kind == RESOURCE_DESCRIPTOR && id == origins->explained)
		origin_list_append(&origins->story, origin);
	origin_release(origin);
}

/* The standard streams are those that it has from us, unless it had its own. */
static bool is_ours(const struct tracee *t, int fd)
{
	return fd <= STDERR_FILENO &&
	       syscall(SYS_kcmp, t->pid, getpid(), KCMP_FILE, fd, fd) == 0;
}

static void keep_descriptors(struct origins *origins, const struct tracee *t)
{
	cleanup_dir DIR *folder = NULL;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd", t->pid);
	folder = opendir(path);
	for (struct dirent *entry; folder && (entry = readdir(folder));) {
		const char *at = entry->d_name;
		uint64_t fd;

		if (take_decimal(&at, &fd) && !is_ours(t, (int)fd))
			keep(origins, RESOURCE_DESCRIPTOR, (int64_t)fd, 0);
	}
}

static void keep_timers(struct origins *origins, const struct tracee *t)
{
	cleanup_heap char *text = NULL;
	const char *at;
	uint64_t id;

	if (io_read_filef(&text, NULL, "/proc/%d/timers", t->pid) < 0)
		return;
	for (at = text; *at; skip_line(&at))
		if (take_word(&at, "ID: ") && take_decimal(&at, &id))
			keep(origins, RESOURCE_TIMER, (int64_t)id, 0);
}

/* Of private memory nobody is told who has made it. */
static void keep_mappings(struct origins *origins, const struct tracee *t)
{
	cleanup_heap char *text = NULL;
	struct mapping_list list = {0};
	struct error ignored = {0};

	if (io_read_filef(&text, NULL, "/proc/%d/maps", t->pid) < 0 ||
	    mapping_list_parse(&list, take_pointer(&text), &ignored) < 0)
		return;
	for (size_t i = 0; i < list.count; i++) {
		const struct mapping *m = &list.items[i];

		if (m->shared)
			keep(origins, RESOURCE_MAPPING, (int64_t)m->start,
			     m->end - m->start);
	}
	mapping_list_deinit(&list);
}

void origins_restored(struct origins *origins, const struct tracee *t,
		      const char *core)
{
	origins->core = core;
	keep_descriptors(origins, t);
	keep_timers(origins, t);
	keep_mappings(origins, t);
}
