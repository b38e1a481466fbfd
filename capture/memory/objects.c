/*
 * objects.c - shared memory that no file system names
 */
#include "objects.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/text.h"

static const char memfd_prefix[] = "/memfd:";
static const char segment_prefix[] = "/SYSV";
static const char deleted_suffix[] = " (deleted)";

bool object_is_segment(const struct mapping *m)
{
	return strncmp(m->name, segment_prefix, strlen(segment_prefix)) == 0;
}

/* Its id stands where files have their inode (newseg()). */
static bool read_segment(const struct mapping *m, struct shmid_ds *ret_status)
{
	return shmctl((int)m->inode, IPC_STAT, ret_status) == 0;
}

/* Marked for removal, so that no key leads to it any more. */
static bool is_removed_segment(const struct mapping *m)
{
	struct shmid_ds status;

	return object_is_segment(m) && read_segment(m, &status) &&
	       status.shm_perm.mode & SHM_DEST;
}

bool object_is(const struct mapping *m)
{
	return is_removed_segment(m) ||
	       strcmp(m->name, "/dev/zero (deleted)") == 0 ||
	       strncmp(m->name, memfd_prefix, strlen(memfd_prefix)) == 0;
}

bool object_is_same(const struct mapping *a, const struct mapping *b)
{
	return a->inode == b->inode && a->device_major == b->device_major &&
	       a->device_minor == b->device_minor &&
	       object_is_segment(a) == object_is_segment(b);
}

bool objects_have(const struct objects *objects, const struct mapping *m)
{
	for (size_t i = 0; i < objects->count; i++)
		if (object_is_same(objects->items[i].mapping, m))
			return true;
	return false;
}

int objects_add(struct objects *objects, const struct mapping *m,
		uint32_t *ret_index, struct error *err)
{
	const uint64_t size = m->offset + mapping_size(m);
	struct object *items;
	uint32_t i = 0;

	while (i < objects->count &&
	       !object_is_same(objects->items[i].mapping, m))
		i++;
	*ret_index = i;
	if (i < objects->count) {
		objects->items[i].mappings++;
		if (objects->items[i].size < size)
			objects->items[i].size = size;
		return 0;
	}
	items = realloc(objects->items, (i + 1) * sizeof(*items));
	if (!items)
		return error_system(err, ENOMEM, "cannot keep shared memory");
	objects->items = items;
	objects->items[objects->count++] =
		(struct object){.mapping = m, .mappings = 1, .size = size};
	return 0;
}

void objects_deinit(struct objects *objects)
{
	free(objects->items);
	*objects = (struct objects){0};
}

const char *object_name(const struct object *object, char text[256])
{
	const char *name = object->mapping->name;
	size_t length;

	if (strncmp(name, memfd_prefix, strlen(memfd_prefix)) != 0)
		return "anonymous";
	snprintf(text, 256, "%s", name + strlen(memfd_prefix));
	length = strlen(text);
	if (length >= strlen(deleted_suffix))
		text[length - strlen(deleted_suffix)] = '\0';
	return text;
}

static void refuse(const struct object *object, struct audit *audit,
		   const char *who)
{
	char subject[64];

	snprintf(subject, sizeof(subject), "memory 0x%" PRIx64 "-0x%" PRIx64,
		 object->mapping->start, object->mapping->end);
	audit_add(audit, VERDICT_REFUSED, subject, "shared memory (%s) that %s",
		  object->mapping->name, who);
	audit_identify(audit, RESOURCE_MAPPING,
		       (int64_t)object->mapping->start);
	audit_remedy(audit, "Map it after the ready point, or unmap it "
			    "before.");
}

/* The mappings of another process, by /proc/PID/maps. */
static void look_into(struct objects *objects, pid_t pid)
{
	cleanup_heap char *text = NULL;

	if (io_read_filef(&text, NULL, "/proc/%d/maps", pid) < 0)
		return;
	for (size_t i = 0; i < objects->count; i++) {
		struct object *object = &objects->items[i];
		const struct mapping *m = object->mapping;
		char wanted[64];

		snprintf(wanted, sizeof(wanted), " %02x:%02x %" PRIu64 " ",
			 m->device_major, m->device_minor, m->inode);
		if (object_is_segment(m))
			continue;
		if (strstr(text, wanted) && object->holders++ == 0)
			object->holder = pid;
	}
}

/* @hidden: a process that may have each of them, or 0 */
static void refuse_held(const struct object *object, pid_t hidden,
			struct audit *audit)
{
	char who[96];

	if (object->holders > 1)
		snprintf(who, sizeof(who),
			 "process %d and %zu more processes have too",
			 object->holder, object->holders - 1);
	else if (object->holders == 1)
		snprintf(who, sizeof(who), "process %d has too",
			 object->holder);
	else
		snprintf(who, sizeof(who),
			 "process %d may have, which hides its mappings",
			 hidden);
	if (object->holders > 0 || hidden)
		refuse(object, audit, who);
}

/* The kernel counts the mappings of a segment, whoever has them. */
static void audit_segment(const struct object *object, struct audit *audit)
{
	const struct mapping *m = object->mapping;
	struct shmid_ds status;
	char subject[64];

	if (!read_segment(m, &status) || status.shm_nattch > object->mappings) {
		refuse(object, audit, "is attached elsewhere, too");
		return;
	}
	snprintf(subject, sizeof(subject), "memory 0x%" PRIx64 "-0x%" PRIx64,
		 m->start, m->end);
	audit_add(
		audit, VERDICT_NOTED, subject,
		"System V segment %" PRIu64 ", removed and attached here only: "
		"restored as shared memory without an id, shmdt(2) fails on it",
		m->inode);
	audit_identify(audit, RESOURCE_MAPPING, (int64_t)m->start);
}

static bool may_be_read(pid_t pid)
{
	cleanup_heap char *text = NULL;

	return io_read_filef(&text, NULL, "/proc/%d/maps", pid) != -EACCES;
}

/*
 * A service that was started here has handed its memory on to its descendants
 * only, which are refused themselves; of one that ran before, any process that
 * hides its mappings may be a relative.
 */
void objects_audit(struct objects *objects, const struct tracee *t,
		   struct audit *audit)
{
	cleanup_dir DIR *dir = objects->count > 0 ? opendir("/proc") : NULL;
	pid_t hidden = 0;

	for (struct dirent *entry; dir && !hidden && (entry = readdir(dir));) {
		const char *at = entry->d_name;
		uint64_t pid;

		if (!take_decimal(&at, &pid) || (pid_t)pid == t->pid)
			continue;
		look_into(objects, (pid_t)pid);
		if (t->attached && !may_be_read((pid_t)pid))
			hidden = (pid_t)pid;
	}
	for (size_t i = 0; i < objects->count; i++)
		if (object_is_segment(objects->items[i].mapping))
			audit_segment(&objects->items[i], audit);
		else
			refuse_held(&objects->items[i], hidden, audit);
}
