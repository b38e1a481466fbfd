/*
 * address_space.h - the mappings of the service, without what is not its own
 */
#ifndef MEMORY_ADDRESS_SPACE_H
#define MEMORY_ADDRESS_SPACE_H

#include "capture/tracee/tracee.h"
#include "common/core_format.h"
#include "common/mapping.h"

/*
 * Reads /proc/PID/smaps.  The code of the restore that the service comes from,
 * if any, is left out and said to lie at *ret_handover.
 */
int address_space_read(struct mapping_list *ret_mappings,
		       struct core_range *ret_handover, const struct tracee *t,
		       struct error *err);

/* Where the kernel's own pages are, and a digest of its code. */
int address_space_find_vdso(const struct mapping_list *mappings,
			    const struct tracee *t,
			    struct core_process *process, struct error *err);

#endif
