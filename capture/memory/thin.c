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
 * compared, which costs reading it.  So is a file of which the mapping may show
 * what it was before (struct source).
 *
 * The page with the ELF header is written always, as the kernel does it: from
 * there debuggers know the file again.
 */
#include "thin.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base_pages.h"
#include "common/cleanup.h"
#include "common/core_find.h"
#include "common/io.h"
#include "debugger_pages.h"
#include "thin_pages.h"

enum {
	PIECE = 256 << 10,
	/* Each costs a restore two mappings; the kernel allows 65530. */
	OUTSIDE_MAX = 8192,
};

/*
 * What is decided about one mapping after the other.
 * @replaced: the name of the core, which may be that of an older one
 * @wanted: what debuggers want to find in the core
 * @seen: that, and what else has to be seen where pages are compared
 * @pieces: room for two of them, ours and those of a file
 * @shortest: what is shorter outside is kept, but for memory that is copied
 * @next, @left: how many ranges outside were looked at, and stay
 */
struct thinning {
	struct contents *all;
	const struct tracee *tracee;
	struct page_runs wanted;
	int pagemap;
	struct thin_pages pages;
	const struct base_pages *base;
	const char *replaced;
	struct thin_seen seen;
	char *pieces;
	uint64_t shortest;
	size_t next;
	size_t left;
};

/* The older core is not to be had by its name any more. */
static bool is_replaced(const struct thinning *th, const struct mapping *m)
{
	struct stat older, file;

	return stat(th->replaced, &older) == 0 &&
	       stat(m->backing, &file) == 0 && older.st_dev == file.st_dev &&
	       older.st_ino == file.st_ino;
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

/* The page with the ELF header of a file stays, wherever else it is. */
static int keep_elf_header(struct thinning *th, const struct content *c,
			   struct core_range *run, struct error *err)
{
	const uint64_t start = run->start;

	if (start != c->mapping->start || !has_elf_header(th, c))
		return 0;
	run->start += CORE_PAGE_SIZE;
	return thin_pages_keep(&th->pages, start, run->start, err);
}

/* The service's own pages in @m, and those that debuggers want. */
static int find_own(const struct thinning *th, const struct mapping *m,
		    struct page_runs *ret_own, struct error *err)
{
	const struct page_runs *wanted = &th->wanted;
	int r = pagemap_find_own(th->pagemap, m->start, m->end, ret_own, err);

	if (r == 0)
		r = page_runs_reserve(ret_own, ret_own->count + wanted->count,
				      err);
	for (size_t i = 0; r == 0 && i < wanted->count; i++)
		if (wanted->items[i].start < m->end &&
		    wanted->items[i].end > m->start)
			ret_own->items[ret_own->count++] = wanted->items[i];
	page_runs_sort(ret_own);
	return r;
}

/* Of what the base has all bytes; a file of its own may have become shorter. */
static int compare_piece(struct thinning *th, struct core_range part,
			 const struct base_place *place, struct error *err)
{
	const uint64_t size = part.end - part.start;
	const struct thin_piece piece = {
		.start = part.start,
		.size = size,
		.ours = th->pieces,
		.theirs = th->pieces + PIECE,
		.offset = place->offset,
		.source = place->source,
	};
	int r;

	if (io_pread_all(place->fd, th->pieces + PIECE, size, place->offset) <
	    0)
		return thin_pages_keep(&th->pages, part.start, part.end, err);
	r = tracee_read(th->tracee, part.start, th->pieces, size, err);
	return r == 0 ? thin_pages_compare(&th->pages, &piece, &th->seen, err)
		      : r;
}

/* All of @run, with what is at @place. */
static int compare_all(struct thinning *th, struct core_range run,
		       struct base_place place, struct error *err)
{
	int r = 0;

	while (r == 0 && run.start < run.end) {
		struct core_range part = run;

		if (part.end - part.start > PIECE)
			part.end = part.start + PIECE;
		r = compare_piece(th, part, &place, err);
		place.offset += part.end - part.start;
		run.start = part.end;
	}
	return r;
}

/* Page by page; its last one is kept unless it is whole. */
static int compare_file(struct thinning *th, struct core_range run,
			uint32_t index, struct error *err)
{
	const struct source *source = &th->all->sources.items[index];
	const struct mapping *m = th->pages.mapping;
	const uint64_t whole =
		source->known.size & ~(uint64_t)(CORE_PAGE_SIZE - 1);
	cleanup_fd int fd = open(source->path, O_RDONLY | O_CLOEXEC);
	const struct base_place place = {
		.fd = fd,
		.offset = m->backing_offset + (run.start - m->start),
		.source = index,
	};
	struct core_range part = run;
	int r = 0;

	if (place.offset >= whole)
		part.end = part.start;
	else if (part.end - part.start > whole - place.offset)
		part.end = part.start + (whole - place.offset);
	r = compare_all(th, part, place, err);
	return r == 0 && part.end < run.end
		       ? thin_pages_keep(&th->pages, part.end, run.end, err)
		       : r;
}

static int split_run(struct thinning *th, const struct content *c,
		     struct core_range run, const struct page_runs *private,
		     uint32_t source, struct error *err)
{
	int r = keep_elf_header(th, c, &run, err);

	if (r < 0)
		return r;
	return th->all->sources.items[source].may_hide
		       ? compare_file(th, run, source, err)
		       : thin_pages_split(&th->pages, &run, private, source,
					  err);
}

static int split_mapping(struct thinning *th, struct content *c,
			 struct core_range *runs, struct error *err)
{
	const struct mapping *m = c->mapping;
	struct page_runs private = {0};
	uint32_t source = SOURCES_NONE;
	int r = 0;

	if (c->is_stored && content_shows_file(c) && !m->shared &&
	    !m->deleted && m->backing && !is_replaced(th, m))
		r = sources_find(&th->all->sources, m, &source, err);
	if (r == 0 && source != SOURCES_NONE)
		r = find_own(th, m, &private, err);
	for (size_t i = 0; r == 0 && i < c->run_count; i++)
		r = source == SOURCES_NONE
			    ? thin_pages_keep(&th->pages, runs[i].start,
					      runs[i].end, err)
			    : split_run(th, c, runs[i], &private, source, err);
	page_runs_deinit(&private);
	return r;
}

static int compare_run(struct thinning *th, const struct content *c,
		       struct core_range run, struct error *err)
{
	int r = keep_elf_header(th, c, &run, err);
	uint64_t at = run.start;

	while (r == 0 && at < run.end) {
		struct base_place place;
		const bool is_there = base_pages_find(th->base, at, &place);
		struct core_range part = {at, run.end};

		if (part.end - at > place.size)
			part.end = at + place.size;
		r = is_there ? compare_all(th, part, place, err)
			     : thin_pages_keep(&th->pages, at, part.end, err);
		at = part.end;
	}
	return r;
}

static int compare_mapping(struct thinning *th, struct content *c,
			   struct core_range *runs, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->run_count; i++)
		r = core_is_private(c->kind) && c->is_stored
			    ? compare_run(th, c, runs[i], err)
			    : thin_pages_keep(&th->pages, runs[i].start,
					      runs[i].end, err);
	return r;
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
			       struct core_range *, struct error *),
		   struct error *err)
{
	struct contents *all = th->all;
	struct page_runs *data = &th->pages.data;
	int r = 0;

	for (size_t i = 0; r == 0 && i < all->count; i++) {
		struct content *c = &all->items[i];
		struct core_range *runs = all->data.items + c->first_run;

		th->pages.mapping = c->mapping;
		c->first_run = data->count;
		r = step(th, c, runs, err);
		c->run_count = data->count - c->first_run;
	}
	if (r == 0)
		take_data(all, data);
	page_runs_deinit(data);
	return r;
}

static int compare_with(struct thinning *th, const struct thin_service *service,
			struct error *err)
{
	struct base_pages base;
	int r = base_pages_open(&base, service->base, service->places,
				&th->all->sources, err);

	if (r < 0)
		return r;
	th->base = &base;
	th->seen.owners = base.core.owners;
	th->seen.owner_count = base.core.owner_count;
	r = for_all(th, compare_mapping, err);
	base_pages_close(&base);
	thin_pages_sort(&th->pages);
	return r;
}

/* Mappings are what a restore may not have enough of. */
static bool is_mapped(const struct content *c)
{
	return c->kind != CORE_MAPPING_STACK && !(c->flags & CORE_MAP_COPY);
}

static size_t count_mapped(const struct thinning *th)
{
	const struct thin_pages *pages = &th->pages;
	const struct content *c = th->all->items;
	size_t count = 0;

	for (size_t i = 0; i < pages->outside_count; i++) {
		const struct core_outside *o = &pages->outside[i];

		while (c->mapping->end <= o->start)
			c++;
		count += is_mapped(c) && o->end - o->start >= th->shortest;
	}
	return count;
}

static int keep_short(struct thinning *th, struct content *c,
		      struct core_range *runs, struct error *err)
{
	struct thin_pages *pages = &th->pages;
	size_t i = 0;
	int r = 0;

	while (r == 0) {
		const struct core_outside *o =
			th->next < pages->outside_count
				? &pages->outside[th->next]
				: NULL;

		if (o && o->start >= c->mapping->end)
			o = NULL;
		if (i < c->run_count && (!o || runs[i].start < o->start)) {
			r = thin_pages_keep(pages, runs[i].start, runs[i].end,
					    err);
			i++;
		} else if (o) {
			if (is_mapped(c) && o->end - o->start < th->shortest)
				r = thin_pages_keep(pages, o->start, o->end,
						    err);
			else
				pages->outside[th->left++] = *o;
			th->next++;
		} else {
			break;
		}
	}
	return r;
}

/* No more ranges outside than a restore can map: the shortest are kept. */
static int limit(struct thinning *th, struct error *err)
{
	int r = 0;

	th->shortest = CORE_PAGE_SIZE;
	while (count_mapped(th) > OUTSIDE_MAX)
		th->shortest *= 2;
	if (th->shortest > CORE_PAGE_SIZE) {
		r = for_all(th, keep_short, err);
		th->pages.outside_count = th->left;
	}
	return r;
}

int thin_decide(struct contents *contents, const struct thin_service *service,
		struct error *err)
{
	cleanup_heap char *pieces = malloc(2 * PIECE);
	struct thinning th = {
		.all = contents,
		.tracee = service->tracee,
		.replaced = service->replaced,
		.pieces = pieces,
	};
	cleanup_fd int pagemap = -1;
	int r = pagemap_open(th.tracee->pid, &pagemap, err);

	th.pagemap = pagemap;
	if (r == 0 && !pieces)
		r = error_system(err, ENOMEM, "cannot compare its memory");
	if (r == 0)
		r = debugger_pages_find(&th.wanted, th.tracee, service->auxv,
					service->auxv_size, service->threads,
					err);
	th.seen.pages = th.wanted;
	if (r == 0)
		r = for_all(&th, split_mapping, err);
	if (r == 0 && service->base)
		r = compare_with(&th, service, err);
	if (r == 0)
		r = limit(&th, err);
	page_runs_deinit(&th.wanted);
	contents->outside = th.pages.outside;
	contents->outside_count = th.pages.outside_count;
	if (r == 0)
		r = sources_keep_used(&contents->sources, contents->outside,
				      contents->outside_count, err);
	return r;
}
