/*
 * page_digest.h - the digest of the pages that a core stores of something
 *
 * XXH3 of 64 bits over, for each page that is not all zeros, in ascending
 * order, its address, eight bytes, and its contents.  So it does not matter in
 * which pieces they come, and what is a hole in the file costs nothing.
 *
 * The restorer is linked without this.
 */
#ifndef COMMON_PAGE_DIGEST_H
#define COMMON_PAGE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

struct page_digest;

/* NULL where there is no memory. */
struct page_digest *page_digest_create(void);
void page_digest_destroy(struct page_digest *digest);

/* Forgets what was added before. */
void page_digest_begin(struct page_digest *digest);
/* Adds whole pages that begin at @address; those of zeros are passed over. */
void page_digest_add(struct page_digest *digest, uint64_t address,
		     const void *pages, size_t size);
/* Of all that was added. */
uint64_t page_digest_value(const struct page_digest *digest);

#endif
