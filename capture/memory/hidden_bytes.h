/*
 * hidden_bytes.h - shared memory that goes on behind what is mapped of it
 *
 * Of shared memory without a name a core has what mappings show.  The rest is
 * within reach of mremap(2) only, which makes a mapping longer.
 */
#ifndef MEMORY_HIDDEN_BYTES_H
#define MEMORY_HIDDEN_BYTES_H

#include "capture/audit.h"
#include "capture/tracee/inferior.h"
#include "common/mapping.h"

/*
 * Thread @tid maps each once more, a page longer.  Noted are memfds that have
 * that page, and other memory where there is something in it; of those that
 * have a descriptor all bytes are carried, or none.
 */
int hidden_bytes_audit(const struct inferior *inferior, pid_t tid,
		       const struct mapping_list *mappings, struct audit *audit,
		       struct error *err);

#endif
