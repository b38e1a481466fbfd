/*
 * page_digest_update.h - what page_digest is made of, for each processor
 *
 * Included by page_digest*.c only.
 */
#ifndef COMMON_PAGE_DIGEST_UPDATE_H
#define COMMON_PAGE_DIGEST_UPDATE_H

#include <stddef.h>
#include <stdint.h>

/*
 * As page_digest_add(), which is a third of the time with AVX2.  @state is an
 * XXH3_state_t, the same for both.
 */
void page_digest_update_plain(void *state, uint64_t address, const char *pages,
			      size_t size);
void page_digest_update_avx2(void *state, uint64_t address, const char *pages,
			     size_t size);

#endif
