/*
 * objects.h - shared memory that no file system names
 *
 * MAP_SHARED | MAP_ANONYMOUS and memfd_create(2) make an object that any number
 * of mappings may show, and so does shmget(2), whose segment has no name any more
 * once it is marked for removal.  It can be made again for the service alone, if nobody
 * else has it: no other process maps it, and none of those that may not be
 * looked at can have inherited it.
 */
#ifndef MEMORY_OBJECTS_H
#define MEMORY_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>

#include "capture/audit.h"
#include "capture/tracee/tracee.h"
#include "common/mapping.h"

/*
 * @mapping: the first of @mappings that show it; @size: up to the last byte that is mapped
 * @holder: of other processes that have it, @holders of them, the first
 */
struct object {
	const struct mapping *mapping;
	size_t mappings;
	uint64_t size;
	pid_t holder;
	size_t holders;
};

struct objects {
	struct object *items;
	size_t count;
};

/* Whether the mapping, which is a shared one, shows such an object. */
/* System V, which has its id for an inode, as other memory may. */
bool object_is_segment(const struct mapping *m);
/* Whether both show the same. */
bool object_is_same(const struct mapping *a, const struct mapping *b);
bool object_is(const struct mapping *m);

/* Notes that @m shows an object, a new one or one that is there. */
int objects_add(struct objects *objects, const struct mapping *m,
		uint32_t *ret_index, struct error *err);

/* Whether a mapping, which may be a private one, shows one of them. */
bool objects_have(const struct objects *objects, const struct mapping *m);

/* Refuses those that somebody else has, or may have. */
void objects_audit(struct objects *objects, const struct tracee *t,
		   struct audit *audit);
void objects_deinit(struct objects *objects);

/* What to name the memfd that takes its place. */
const char *object_name(const struct object *object, char text[256]);

#endif
