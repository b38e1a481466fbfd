/*
 * restored.h - what a restore has left of itself in the memory of a service
 *
 * The memory of a restored service is mapped from its core, whatever it was
 * before, and what lies side by side in both has become one mapping.  The core
 * knows what was what.
 */
#ifndef MEMORY_RESTORED_H
#define MEMORY_RESTORED_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/error.h"
#include "common/mapping.h"

/* Whether @m is the code that made the last system call of the restore. */
bool restored_is_handover(pid_t pid, const struct mapping *m);

/*
 * Takes mappings of cores apart and gives them the names and offsets that they
 * had when they were captured; their backing stays the core.  One whose file
 * has changed since is marked as deleted.  Of a service that was not restored,
 * nothing changes.
 */
int restored_name(struct mapping_list *list, pid_t pid, struct error *err);
/* The same of one that is known to be restored. */
int restored_name_all(struct mapping_list *list, struct error *err);

#endif
