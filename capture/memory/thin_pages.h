/*
 * thin_pages.h - pages that a core holds, and pages that a file has instead
 */
#ifndef MEMORY_THIN_PAGES_H
#define MEMORY_THIN_PAGES_H

#include "common/core_format.h"
#include "common/error.h"
#include "common/mapping.h"
#include "pagemap.h"

/*
 * @data: what is written, ascending
 * @outside: what a source has; ascending where it was put in that order
 * @mapping: from which what follows is; no range reaches into two mappings
 */
struct thin_pages {
	struct page_runs data;
	struct core_outside *outside;
	size_t outside_count;
	size_t outside_capacity;
	const struct mapping *mapping;
};

/* @size bytes of ours from @start on, and what @source has at @offset. */
struct thin_piece {
	uint64_t start;
	uint64_t size;
	const char *ours;
	const char *theirs;
	uint64_t offset;
	uint32_t source;
};

/*
 * What has to be in the core, although a source has it, too.
 * @owners: of a base; the pages of these
 * @pages: others, ascending
 */
struct thin_seen {
	const struct core_owner *owners;
	size_t owner_count;
	struct page_runs pages;
};

int thin_pages_keep(struct thin_pages *pages, uint64_t start, uint64_t end,
		    struct error *err);
/*
 * Keeps of @run what is @private, and gaps between these that are too small;
 * the rest is what @source shows at the mapping's backing_offset.
 */
int thin_pages_split(struct thin_pages *pages, const struct core_range *run,
		     const struct page_runs *private, uint32_t source,
		     struct error *err);
/* Keeps what differs, and what is alike for too few pages. */
int thin_pages_compare(struct thin_pages *pages, const struct thin_piece *piece,
		       const struct thin_seen *seen, struct error *err);
/* Sorts what is outside, when it came from several steps. */
void thin_pages_sort(struct thin_pages *pages);
void thin_pages_deinit(struct thin_pages *pages);

#endif
