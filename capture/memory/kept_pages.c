/*
 * kept_pages.c - memory as it was once, to be compared with what it became
 *
 *	kept           [A][B]   [C]          private then, with its bytes
 *	private now       [B]   [C]   [D]
 *	compared       [A][B]   [C]   [D]    D with its file, or with zeros
 */
#include "kept_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/cleanup.h"

static bool is_code(const struct mapping *m)
{
	return m->backing && m->protection & PROT_EXEC &&
	       !(m->protection & PROT_WRITE);
}

static uint64_t total_size(const struct page_runs *runs)
{
	uint64_t size = 0;

	for (size_t i = 0; i < runs->count; i++)
		size += runs->items[i].end - runs->items[i].start;
	return size;
}

static int read_all(struct kept_pages *kept, const struct tracee *t,
		    struct error *err)
{
	char *at;
	int r = 0;

	kept->bytes = malloc(total_size(&kept->runs) + 1);
	if (!kept->bytes)
		return error_system(err, ENOMEM,
				    "cannot keep the memory of the launcher");
	at = kept->bytes;
	for (size_t i = 0; r == 0 && i < kept->runs.count; i++) {
		const struct core_range *run = &kept->runs.items[i];

		r = tracee_read(t, run->start, at, run->end - run->start, err);
		at += run->end - run->start;
	}
	return r;
}

int kept_pages_take(struct kept_pages *ret_kept,
		    const struct mapping_list *mappings, const struct tracee *t,
		    struct error *err)
{
	struct kept_pages kept = {0};
	cleanup_fd int pagemap = -1;
	int r = pagemap_open(t->pid, &pagemap, err);

	for (size_t i = 0; r == 0 && i < mappings->count; i++) {
		const struct mapping *m = &mappings->items[i];

		if (!m->shared && !is_code(m) && strncmp(m->name, "[v", 2) != 0)
			r = pagemap_find(pagemap, m->start, m->end, &kept.runs,
					 NULL, err);
	}
	if (r == 0)
		r = read_all(&kept, t, err);
	if (r < 0)
		kept_pages_deinit(&kept);
	else
		*ret_kept = kept;
	return r;
}

static const char *find_kept(const struct kept_pages *kept, uint64_t address)
{
	const char *bytes = kept->bytes;

	for (size_t i = 0; i < kept->runs.count; i++) {
		const struct core_range *run = &kept->runs.items[i];

		if (address >= run->start && address < run->end)
			return bytes + (address - run->start);
		bytes += run->end - run->start;
	}
	return NULL;
}

static bool has(const struct page_runs *runs, uint64_t address)
{
	for (size_t i = 0; i < runs->count; i++)
		if (address >= runs->items[i].start &&
		    address < runs->items[i].end)
			return true;
	return false;
}

/* What a page shows that is not private; behind the end of a file are zeros. */
static bool read_backing(const struct mapping *m, int file, uint64_t address,
			 char bytes[CORE_PAGE_SIZE])
{
	memset(bytes, 0, CORE_PAGE_SIZE);
	return !m->backing ||
	       (file >= 0 &&
		pread(file, bytes, CORE_PAGE_SIZE,
		      (off_t)(m->backing_offset + (address - m->start))) >= 0);
}

/* One whose file cannot be read any more counts as changed. */
static int compare_page(const struct kept_pages *kept, const struct mapping *m,
			int file, uint64_t address, const struct tracee *t,
			bool *ret_differs, struct error *err)
{
	char then[CORE_PAGE_SIZE], now[CORE_PAGE_SIZE];
	const char *bytes = find_kept(kept, address);
	int r;

	*ret_differs = true;
	if (!bytes && !read_backing(m, file, address, then))
		return 0;
	r = tracee_read(t, address, now, sizeof(now), err);
	*ret_differs = memcmp(bytes ? bytes : then, now, sizeof(now)) != 0;
	return r;
}

int kept_pages_compare(const struct kept_pages *kept, const struct mapping *m,
		       uint64_t start, uint64_t end, const struct tracee *t,
		       uint64_t *ret_changed, struct error *err)
{
	struct page_runs own = {0};
	cleanup_fd int pagemap = -1;
	cleanup_fd int file = -1;
	int r = pagemap_open(t->pid, &pagemap, err);

	*ret_changed = 0;
	if (r == 0)
		r = pagemap_find(pagemap, start, end, &own, NULL, err);
	if (m->backing)
		file = open(m->backing, O_RDONLY | O_CLOEXEC);
	for (uint64_t at = start; r == 0 && at < end; at += CORE_PAGE_SIZE) {
		bool differs = false;

		if (has(&own, at) || find_kept(kept, at))
			r = compare_page(kept, m, file, at, t, &differs, err);
		*ret_changed += differs ? CORE_PAGE_SIZE : 0;
	}
	page_runs_deinit(&own);
	return r;
}

void kept_pages_deinit(struct kept_pages *kept)
{
	page_runs_deinit(&kept->runs);
	free(kept->bytes);
	*kept = (struct kept_pages){0};
}
