/*
 * thin.c - which pages a core need not hold, as a file has them
 *
 *	data before    [==============================]   all that is to be seen
 *	private pages      [==]  [=]            [=====]   of the service alone
 *	data           [==][==]..[=]            [=====]   what is written
 *	outside                     [==========]          what the file has
 *
 * What is private may be what the base of a layer has all the same: memory that
 * a restore copies, and pages that were written and hold what they held.  So it is
 * compared, which costs reading it.
 *
 * Each range outside costs a restore a mapping, and so does what follows it; a
 * few pages are cheaper written.  The page with the ELF header is, too, as the
 * kernel does it: from there debuggers know the file again.
 */
#include "thin.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base_pages.h"
#include "common/cleanup.h"
#include "common/io.h"

enum {
	WORTH_LEAVING_OUT = 2 * CORE_PAGE_SIZE,
	PIECE = 256 << 10,
};

/* What is decided about one mapping after the other. */
struct thinning {
	struct contents *all;
	const struct tracee *tracee;
	int pagemap;
	struct page_runs data;
	size_t outside_capacity;
	const struct base_pages *base;
	char *pieces;
};

static int keep(struct thinning *th, size_t first, uint64_t start, uint64_t end,
		struct error *err)
{
	struct page_runs *data = &th->data;
	int r;

	/* No run reaches into two mappings. */
	if (data->count > first && data->items[data->count - 1].end == start) {
		data->items[data->count - 1].end = end;
		return 0;
	}
	r = page_runs_reserve(data, data->count + 1, err);
	if (r == 0)
		data->items[data->count++] = (struct core_range){start, end};
	return r;
}

static int leave_out(struct thinning *th, const struct core_outside *outside,
		     struct error *err)
{
	struct contents *all = th->all;

	if (all->outside_count == th->outside_capacity) {
		size_t capacity =
			th->outside_capacity ? 2 * th->outside_capacity : 64;
		struct core_outside *items =
			realloc(all->outside, capacity * sizeof(*items));

		if (!items)
			return error_system(err, ENOMEM,
					    "cannot keep the pages of files");
		all->outside = items;
		th->outside_capacity = capacity;
	}
	all->outside[all->outside_count++] = *outside;
	return 0;
}

static bool has_elf_header(const struct thinning *th, const struct content *c)
{
	const struct mapping *m = c->mapping;
	struct error ignored = {0};
	char magic[SELFMAG];

	return c->kind == CORE_MAPPING_FILE && m->offset == 0 &&
	       tracee_read(th->tracee, m->start, magic, SELFMAG, &ignored) ==
		       0 &&
	       memcmp(magic, ELFMAG, SELFMAG) == 0;
}

/* The pages of @run that are the service's own, and the gaps between these. */
static int split_run(struct thinning *th, const struct content *c,
		     const struct core_range *run,
		     const struct page_runs *private, uint32_t source,
		     struct error *err)
{
	const struct mapping *m = c->mapping;
	uint64_t at = run->start;
	int r = 0;

	if (at == m->start && has_elf_header(th, c)) {
		at += CORE_PAGE_SIZE;
		r = keep(th, c->first_run, run->start, at, err);
	}
	for (size_t i = 0; r == 0 && i <= private->count && at < run->end;
	     i++) {
		struct core_range own = {run->end, run->end};

		if (i < private->count)
			own = private->items[i];
		if (own.end <= at)
			continue;
		if (own.start > run->end)
			own.start = run->end;
		if (own.end > run->end)
			own.end = run->end;
		if (own.start >= at + WORTH_LEAVING_OUT) {
			const struct core_outside outside = {
				.start = at,
				.end = own.start,
				.offset = m->backing_offset + (at - m->start),
				.source = source,
			};

			r = leave_out(th, &outside, err);
			at = own.start;
		}
		if (r == 0 && at < own.end)
			r = keep(th, c->first_run, at, own.end, err);
		at = own.end;
	}
	return r;
}

static int split_mapping(struct thinning *th, struct content *c,
			 struct error *err)
{
	const struct mapping *m = c->mapping;
	const struct core_range *runs = th->all->data.items + c->first_run;
	struct page_runs private = {0};
	uint32_t source = SOURCES_NONE;
	int r = 0;

	if (c->is_stored && content_shows_file(c) && !m->shared && !m->deleted)
		r = sources_find(&th->all->sources, m, &source, err);
	if (r == 0 && source != SOURCES_NONE)
		r = pagemap_find(th->pagemap, m->start, m->end, &private, NULL,
				 err);
	c->first_run = th->data.count;
	for (size_t i = 0; r == 0 && i < c->run_count; i++)
		r = source == SOURCES_NONE
			    ? keep(th, c->first_run, runs[i].start, runs[i].end,
				   err)
			    : split_run(th, c, &runs[i], &private, source, err);
	c->run_count = th->data.count - c->first_run;
	page_runs_deinit(&private);
	return r;
}

/* Of two times @size bytes, from page @at on, how many are equal, or are not. */
static uint64_t count_alike(const char *ours, const char *theirs, uint64_t at,
			    uint64_t size, bool is_equal)
{
	uint64_t end = at;

	while (end < size && (memcmp(ours + end, theirs + end,
				     CORE_PAGE_SIZE) == 0) == is_equal)
		end += CORE_PAGE_SIZE;
	return end - at;
}

/* A piece, of which both have all bytes. */
static int compare_piece(struct thinning *th, const struct content *c,
			 uint64_t start, uint64_t size,
			 const struct base_place *place, struct error *err)
{
	const char *ours = th->pieces;
	char *theirs = th->pieces + PIECE;
	uint64_t at = 0;
	int r = tracee_read(th->tracee, start, th->pieces, size, err);

	if (r == 0 && io_pread_all(place->fd, theirs, size, place->offset) < 0)
		return keep(th, c->first_run, start, start + size, err);
	while (r == 0 && at < size) {
		const uint64_t same = count_alike(ours, theirs, at, size, true);
		const struct core_outside outside = {
			.start = start + at,
			.end = start + at + same,
			.offset = place->offset + at,
			.source = place->source,
		};
		uint64_t others;

		if (same >= WORTH_LEAVING_OUT) {
			r = leave_out(th, &outside, err);
			at += same;
			continue;
		}
		others = same +
			 count_alike(ours, theirs, at + same, size, false);
		r = keep(th, c->first_run, start + at, start + at + others,
			 err);
		at += others;
	}
	return r;
}

static int compare_run(struct thinning *th, const struct content *c,
		       const struct core_range *run, struct error *err)
{
	uint64_t at = run->start;
	int r = 0;

	if (at == c->mapping->start && has_elf_header(th, c)) {
		at += CORE_PAGE_SIZE;
		r = keep(th, c->first_run, run->start, at, err);
	}
	while (r == 0 && at < run->end) {
		struct base_place place;
		const bool is_there = base_pages_find(th->base, at, &place);
		uint64_t size = run->end - at;

		if (size > place.size)
			size = place.size;
		if (is_there && size > PIECE)
			size = PIECE;
		r = is_there ? compare_piece(th, c, at, size, &place, err)
			     : keep(th, c->first_run, at, at + size, err);
		at += size;
	}
	return r;
}

static int compare_mapping(struct thinning *th, struct content *c,
			   struct error *err)
{
	const struct core_range *runs = th->all->data.items + c->first_run;
	const bool is_private = c->kind == CORE_MAPPING_FILE ||
				c->kind == CORE_MAPPING_ANONYMOUS ||
				c->kind == CORE_MAPPING_STACK;
	int r = 0;

	c->first_run = th->data.count;
	for (size_t i = 0; r == 0 && i < c->run_count; i++)
		r = is_private && c->is_stored
			    ? compare_run(th, c, &runs[i], err)
			    : keep(th, c->first_run, runs[i].start, runs[i].end,
				   err);
	c->run_count = th->data.count - c->first_run;
	return r;
}

static int compare_outside(const void *a, const void *b)
{
	const struct core_outside *first = a, *second = b;

	return (first->start > second->start) - (first->start < second->start);
}

static void take_data(struct contents *all, struct page_runs *data)
{
	page_runs_deinit(&all->data);
	all->data = *data;
	all->data_size = 0;
	for (size_t i = 0; i < data->count; i++)
		all->data_size += data->items[i].end - data->items[i].start;
	*data = (struct page_runs){0};
}

/* What was kept by one step is what the next looks at. */
static int for_all(struct thinning *th,
		   int (*step)(struct thinning *, struct content *,
			       struct error *),
		   struct error *err)
{
	struct contents *all = th->all;
	int r = 0;

	for (size_t i = 0; r == 0 && i < all->count; i++)
		r = step(th, &all->items[i], err);
	if (r == 0)
		take_data(all, &th->data);
	page_runs_deinit(&th->data);
	return r;
}

static int compare_with(struct thinning *th, const char *path,
			struct error *err)
{
	cleanup_heap char *pieces = malloc(2 * PIECE);
	struct base_pages base;
	int r;

	if (!pieces)
		return error_system(err, ENOMEM, "cannot compare the base");
	r = base_pages_open(&base, path, &th->all->sources, err);
	if (r < 0)
		return r;
	th->base = &base;
	th->pieces = pieces;
	r = for_all(th, compare_mapping, err);
	base_pages_close(&base);
	if (th->all->outside_count > 0)
		qsort(th->all->outside, th->all->outside_count,
		      sizeof(*th->all->outside), compare_outside);
	return r;
}

int thin_decide(struct contents *contents, const struct tracee *t,
		const char *base, struct error *err)
{
	struct thinning th = {.all = contents, .tracee = t};
	cleanup_fd int pagemap = -1;
	int r = pagemap_open(t->pid, &pagemap, err);

	th.pagemap = pagemap;
	if (r == 0)
		r = for_all(&th, split_mapping, err);
	if (r == 0 && base)
		r = compare_with(&th, base, err);
	return r;
}
