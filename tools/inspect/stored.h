/*
 * stored.h - the bytes of a core's file that are not holes
 */
#ifndef INSPECT_STORED_H
#define INSPECT_STORED_H

#include <stdbool.h>
#include <stdint.h>

#include "common/core_format.h"
#include "common/page_digest.h"

/*
 * The next whole pages from @at on, before @end, that have bytes; false when
 * there are none.  The last may end with @end.  @at is page aligned.  A file
 * system without holes has bytes everywhere.
 */
bool stored_next(int fd, uint64_t at, uint64_t end,
		 struct core_range *ret_range);
/*
 * Where @size bytes are stored.
 * @address: of the first, for the digest
 */
struct stored_bytes {
	uint64_t offset;
	uint64_t size;
	uint64_t address;
};

/*
 * Their digest, with @digest as a place to work in; *bytes grows by what is no
 * hole.  The last page may have to be filled up with zeros.
 */
int stored_digest(int fd, const struct stored_bytes *of,
		  struct page_digest *digest, uint64_t *ret_value,
		  uint64_t *bytes);
/* How many bytes there are in @size from @offset on. */
uint64_t stored_size(int fd, uint64_t offset, uint64_t size);

#endif
