/*
 * thin.c - which pages a core need not hold, as a file has them
 *
 *	data before    [==============================]   all that is to be seen
 *	private pages      [==]  [=]            [=====]   of the service alone
 *	data           [==][==]..[=]            [=====]   what is written
 *	outside                     [==========]          what the file has
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

#include "common/cleanup.h"

enum {
	WORTH_LEAVING_OUT = 4 * CORE_PAGE_SIZE,
};

/* What is decided about one mapping after the other. */
struct thinning {
	struct contents *all;
	const struct tracee *tracee;
	int pagemap;
	struct page_runs data;
	size_t outside_capacity;
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

static void take_data(struct contents *all, struct page_runs *data)
{
	page_runs_deinit(&all->data);
	all->data = *data;
	all->data_size = 0;
	for (size_t i = 0; i < data->count; i++)
		all->data_size += data->items[i].end - data->items[i].start;
	*data = (struct page_runs){0};
}

int thin_decide(struct contents *contents, const struct tracee *t,
		struct error *err)
{
	struct thinning th = {.all = contents, .tracee = t};
	cleanup_fd int pagemap = -1;
	int r = pagemap_open(t->pid, &pagemap, err);

	th.pagemap = pagemap;
	for (size_t i = 0; r == 0 && i < contents->count; i++)
		r = split_mapping(&th, &contents->items[i], err);
	if (r == 0)
		take_data(contents, &th.data);
	page_runs_deinit(&th.data);
	return r;
}
