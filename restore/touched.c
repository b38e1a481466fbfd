/*
 * touched.c - which pages of a restored service have been touched
 */
#include "touched.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"

enum {
	ENTRIES_AT_ONCE = 4096,
	NEAR = 4, /* pages, over which one call is cheaper than two */
};

/* Documentation/admin-guide/mm/pagemap.rst */
static const uint64_t entry_present = 1ULL << 63;
static const uint64_t entry_swapped = 1ULL << 62;
static const uint64_t entry_file = 1ULL << 61;

static int reserve_one(struct touched *touched, struct error *err)
{
	size_t capacity = touched->capacity ? touched->capacity * 2 : 256;
	struct core_touched *items;

	if (touched->count < touched->capacity)
		return 0;
	items = realloc(touched->items, capacity * sizeof(*items));
	if (!items)
		return error_system(err, ENOMEM, "cannot keep the pages");
	touched->items = items;
	touched->capacity = capacity;
	return 0;
}

int touched_add(struct touched *touched, uint64_t mapping, uint64_t address,
		uint64_t entry, struct error *err)
{
	const uint32_t is_written = !(entry & entry_file);
	struct core_touched *last = touched->items + touched->count - 1;
	int r;

	if (!(entry & (entry_present | entry_swapped)))
		return 0;
	if (touched->count > 0 && core_touched_end(last) == address &&
	    last->start >= mapping && last->is_written == is_written &&
	    last->pages < UINT32_MAX) {
		last->pages++;
		return 0;
	}
	r = reserve_one(touched, err);
	if (r == 0)
		touched->items[touched->count++] = (struct core_touched){
			.start = address,
			.pages = 1,
			.is_written = is_written,
		};
	return r;
}

/* Over gaps of up to @gap pages in which nothing is. */
static void join(struct touched *touched, const struct core *core,
		 bool is_written, uint64_t gap)
{
	const struct core_mapping *m = core->mappings;
	size_t count = 0;

	for (size_t i = 0; i < touched->count; i++) {
		const struct core_touched item = touched->items[i];
		struct core_touched *last = touched->items + count - 1;
		uint64_t pages;

		while (m->end <= item.start)
			m++;
		pages = count ? (core_touched_end(&item) - last->start) /
					CORE_PAGE_SIZE
			      : 0;
		if (count > 0 && last->start >= m->start &&
		    last->is_written == is_written &&
		    item.is_written == is_written &&
		    item.start - core_touched_end(last) <=
			    gap * CORE_PAGE_SIZE &&
		    pages <= UINT32_MAX)
			last->pages = (uint32_t)pages;
		else
			touched->items[count++] = item;
	}
	touched->count = count;
}

void touched_shorten(struct touched *touched, const struct core *core,
		     size_t max)
{
	join(touched, core, false, NEAR);
	for (uint64_t gap = NEAR; gap < UINT32_MAX; gap *= 2) {
		if (touched->count > max)
			join(touched, core, false, 2 * gap);
		if (touched->count > max)
			join(touched, core, true, gap);
	}
	/* What is left of it helps as well. */
	if (touched->count > max)
		touched->count = max;
}

uint64_t touched_pages(const struct touched *touched)
{
	uint64_t pages = 0;

	for (size_t i = 0; i < touched->count; i++)
		pages += touched->items[i].pages;
	return pages;
}

/* The calls read ascending ranges; *at is the one to go on with. */
static bool is_filled(const struct plan *plan, size_t *at, uint64_t address)
{
	for (; *at < plan->early; ++*at) {
		const struct call *call = &plan->calls[*at];
		const uint64_t *a = call->arguments;

		if (call->number == SYS_pread64 && address < a[1] + a[2])
			return address >= a[1];
	}
	return false;
}

static int read_mapping(struct touched *touched, int pagemap,
			const struct core_mapping *m, const struct plan *plan,
			size_t *at, struct error *err)
{
	cleanup_heap uint64_t *entries =
		malloc(ENTRIES_AT_ONCE * sizeof(*entries));
	uint64_t address = m->start;
	int r = 0;

	if (!entries)
		return error_system(err, ENOMEM, "cannot keep the pages");
	while (r == 0 && address < m->end) {
		const uint64_t left = (m->end - address) / CORE_PAGE_SIZE;
		const size_t count =
			left < ENTRIES_AT_ONCE ? left : ENTRIES_AT_ONCE;
		const ssize_t got = pread(
			pagemap, entries, count * sizeof(*entries),
			(off_t)(address / CORE_PAGE_SIZE * sizeof(*entries)));

		if (got < (ssize_t)sizeof(*entries))
			return error_system(err, got < 0 ? errno : ESRCH,
					    "cannot see which pages it has "
					    "touched");
		for (size_t i = 0; r == 0 && i < (size_t)got / sizeof(*entries);
		     i++) {
			if (!is_filled(plan, at, address))
				r = touched_add(touched, m->start, address,
						entries[i], err);
			address += CORE_PAGE_SIZE;
		}
	}
	return r;
}

static bool may_be_touched(const struct core_mapping *m)
{
	return m->protection != 0 && (m->kind == CORE_MAPPING_FILE ||
				      m->kind == CORE_MAPPING_ANONYMOUS ||
				      m->kind == CORE_MAPPING_STACK);
}

int touched_read(struct touched *ret_touched, pid_t pid,
		 const struct core *core, const struct plan *plan,
		 struct error *err)
{
	struct touched touched = {0};
	cleanup_fd int pagemap = -1;
	char path[32];
	size_t at = 0;
	int r = 0;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	pagemap = open(path, O_RDONLY | O_CLOEXEC);
	if (pagemap < 0)
		return error_system(err, errno,
				    "cannot see which pages it has "
				    "touched");
	for (size_t i = 0; r == 0 && i < core->mapping_count; i++)
		if (may_be_touched(&core->mappings[i]))
			r = read_mapping(&touched, pagemap, &core->mappings[i],
					 plan, &at, err);
	if (r < 0)
		touched_deinit(&touched);
	else
		*ret_touched = touched;
	return r;
}

void touched_deinit(struct touched *touched)
{
	free(touched->items);
	*touched = (struct touched){0};
}
