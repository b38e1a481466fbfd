/*
 * thin_pages.c - pages that a core holds, and pages that a file has instead
 *
 * Each range outside costs a restore a mapping, and so does what follows it; a
 * few pages are cheaper written.
 */
#include "thin_pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/core_find.h"
#include "seams.h"

enum {
	WORTH_LEAVING_OUT = 2 * CORE_PAGE_SIZE,
};

int thin_pages_keep(struct thin_pages *pages, uint64_t start, uint64_t end,
		    struct error *err)
{
	struct page_runs *data = &pages->data;
	struct core_range *last =
		data->count > 0 ? &data->items[data->count - 1] : NULL;
	int r;

	if (last && last->end == start &&
	    last->start >= pages->mapping->start) {
		last->end = end;
		return 0;
	}
	r = page_runs_reserve(data, data->count + 1, err);
	if (r == 0)
		data->items[data->count++] = (struct core_range){start, end};
	return r;
}

/* Goes on from the range before, where address and file do. */
static bool extend_last(struct thin_pages *pages,
			const struct core_outside *more)
{
	struct core_outside *last =
		pages->outside_count > 0
			? &pages->outside[pages->outside_count - 1]
			: NULL;

	if (!last || last->end != more->start || last->source != more->source ||
	    last->start < pages->mapping->start ||
	    last->offset + (last->end - last->start) != more->offset)
		return false;
	last->end = more->end;
	return true;
}

static int leave_out(struct thin_pages *pages, const struct core_outside *range,
		     struct error *err)
{
	if (extend_last(pages, range))
		return 0;
	if (pages->outside_count == pages->outside_capacity) {
		const size_t capacity = pages->outside_capacity
						? 2 * pages->outside_capacity
						: 64;
		struct core_outside *items =
			realloc(pages->outside, capacity * sizeof(*items));

		if (!items)
			return error_system(err, ENOMEM,
					    "cannot keep the pages of files");
		pages->outside = items;
		pages->outside_capacity = capacity;
	}
	pages->outside[pages->outside_count++] = *range;
	return 0;
}

/* What of @own lies in @run, which may be nothing at its end. */
static struct core_range clip(const struct core_range *own,
			      const struct core_range *run)
{
	struct core_range part = *own;

	if (part.start > run->end)
		part.start = run->end;
	if (part.end > run->end)
		part.end = run->end;
	return part;
}

int thin_pages_split(struct thin_pages *pages, const struct core_range *run,
		     const struct page_runs *private, uint32_t source,
		     struct error *err)
{
	const struct mapping *m = pages->mapping;
	uint64_t at = run->start;
	int r = 0;

	for (size_t i = 0; r == 0 && i <= private->count && at < run->end;
	     i++) {
		struct core_range own = {run->end, run->end};

		if (i < private->count)
			own = clip(&private->items[i], run);
		if (own.end <= at)
			continue;
		if (own.start >= at + WORTH_LEAVING_OUT) {
			const struct core_outside outside = {
				.start = at,
				.end = own.start,
				.offset = m->backing_offset + (at - m->start),
				.source = source,
			};

			r = leave_out(pages, &outside, err);
			at = own.start;
		}
		if (r == 0 && at < own.end)
			r = thin_pages_keep(pages, at, own.end, err);
		at = own.end;
	}
	return r;
}

/* Where the base has a lock that is held, its owner may have the same id. */
static bool holds_owner(const struct thin_seen *seen, uint64_t page)
{
	for (size_t i = 0; i < seen->owner_count; i++)
		if (seen->owners[i].kind == CORE_OWNER_MEMORY &&
		    seen->owners[i].address >= page &&
		    seen->owners[i].address < page + CORE_PAGE_SIZE)
			return true;
	return false;
}

static bool has_page(const struct page_runs *pages, uint64_t page)
{
	const size_t i = core_find(pages->items, pages->count,
				   sizeof(*pages->items), page);

	return i < pages->count && pages->items[i].start <= page;
}

/* Alike, and nobody has to see it while it is copied. */
static bool is_left_out(const struct thin_pages *pages,
			const struct thin_piece *piece,
			const struct thin_seen *seen, uint64_t at)
{
	return memcmp(piece->ours + at, piece->theirs + at, CORE_PAGE_SIZE) ==
		       0 &&
	       !seams_begin_block(pages->mapping, piece->ours + at,
				  piece->start + at) &&
	       !holds_owner(seen, piece->start + at) &&
	       !has_page(&seen->pages, piece->start + at);
}

/* From page @at on, up to where that changes. */
static uint64_t count_alike(const struct thin_pages *pages,
			    const struct thin_piece *piece,
			    const struct thin_seen *seen, uint64_t at,
			    bool is_alike)
{
	uint64_t end = at;

	while (end < piece->size &&
	       is_left_out(pages, piece, seen, end) == is_alike)
		end += CORE_PAGE_SIZE;
	return end - at;
}

int thin_pages_compare(struct thin_pages *pages, const struct thin_piece *piece,
		       const struct thin_seen *seen, struct error *err)
{
	uint64_t at = 0;
	int r = 0;

	while (r == 0 && at < piece->size) {
		const uint64_t start = piece->start + at;
		const uint64_t same = count_alike(pages, piece, seen, at, true);
		const struct core_outside outside = {
			.start = start,
			.end = start + same,
			.offset = piece->offset + at,
			.source = piece->source,
		};
		uint64_t others = same;

		if (same >= WORTH_LEAVING_OUT) {
			r = leave_out(pages, &outside, err);
		} else {
			others += count_alike(pages, piece, seen, at + same,
					      false);
			r = thin_pages_keep(pages, start, start + others, err);
		}
		at += others;
	}
	return r;
}

static int compare(const void *a, const void *b)
{
	const struct core_outside *first = a, *second = b;

	return (first->start > second->start) - (first->start < second->start);
}

void thin_pages_sort(struct thin_pages *pages)
{
	if (pages->outside_count > 0)
		qsort(pages->outside, pages->outside_count,
		      sizeof(*pages->outside), compare);
}

void thin_pages_deinit(struct thin_pages *pages)
{
	page_runs_deinit(&pages->data);
	free(pages->outside);
	*pages = (struct thin_pages){0};
}
