/*
 * stored.h - the bytes of a core's file that are not holes
 */
#ifndef INSPECT_STORED_H
#define INSPECT_STORED_H

#include <stdbool.h>
#include <stdint.h>

#include "common/core_format.h"

/*
 * The next whole pages from @at on, before @end, that have bytes; false when
 * there are none.  The last may end with @end.  @at is page aligned.  A file
 * system without holes has bytes everywhere.
 */
bool stored_next(int fd, uint64_t at, uint64_t end,
		 struct core_range *ret_range);
/* How many bytes there are in @size from @offset on. */
uint64_t stored_size(int fd, uint64_t offset, uint64_t size);

#endif
