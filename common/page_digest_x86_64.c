/*
 * page_digest_x86_64.c - the digest of the pages that a core stores of something
 */
#include "page_digest.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "page_digest_update.h"

struct page_digest {
	XXH3_state_t state;
};

struct page_digest *page_digest_create(void)
{
	struct page_digest *digest =
		aligned_alloc(_Alignof(struct page_digest), sizeof(*digest));

	if (digest)
		page_digest_begin(digest);
	return digest;
}

void page_digest_destroy(struct page_digest *digest)
{
	free(digest);
}

void page_digest_begin(struct page_digest *digest)
{
	XXH3_64bits_reset(&digest->state);
}

void page_digest_add(struct page_digest *digest, uint64_t address,
		     const void *pages, size_t size)
{
	if (__builtin_cpu_supports("avx2"))
		page_digest_update_avx2(&digest->state, address, pages, size);
	else
		page_digest_update_plain(&digest->state, address, pages, size);
}

uint64_t page_digest_value(const struct page_digest *digest)
{
	return XXH3_64bits_digest(&digest->state);
}
