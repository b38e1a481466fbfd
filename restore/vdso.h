/*
 * vdso.h - the kernel's own pages, where the service expects them
 *
 * The kernel maps its vdso, and before it the data that it reads, wherever it
 * is asked to once the old ones are unmapped (ARCH_MAP_VDSO_64,
 * CONFIG_CHECKPOINT_RESTORE).  Under the kernel of the capture that is all
 * there is to do.  Under another one, functions may lie elsewhere and the data
 * may be laid out in another way: then the new vdso goes where there is room,
 * and the old code stays at its place with jumps to the new at its entries.
 */
#ifndef RESTORE_VDSO_H
#define RESTORE_VDSO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/core_reader.h"
#include "common/error.h"

/*
 * @data, @code, @end: where the kernel's data and code will be; 0 when the
 *	service has none
 * @patched: the captured code with jumps, page-aligned, or NULL; to be mapped
 *	executable at @patched_address, @patched_size bytes
 */
struct vdso_plan {
	uint64_t data;
	uint64_t code;
	uint64_t end;
	unsigned char *patched;
	uint64_t patched_address;
	size_t patched_size;
};

/* Needs core->fd only when the kernel is not that of the capture. */
int vdso_plan_make(struct vdso_plan *ret_plan, const struct core *core,
		   struct error *err);
void vdso_plan_deinit(struct vdso_plan *plan);

/*
 * Writes into @old, @old_size bytes that were captured, a jump at each entry
 * to the function of the same name in @new, which is to lie at @new_address.
 * A function that @new lacks, or one that is too short for a jump, is refused.
 */
int vdso_patch(unsigned char *old, size_t old_size, const unsigned char *new,
	       size_t new_size, uint64_t new_address, struct error *err);

#endif
