/*
 * pagemap.c - which pages of a mapping exist
 */
#include "pagemap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "common/cleanup.h"
#include "common/io.h"

/* linux/fs.h of Linux 6.7, which Debian 12 does not have. */
struct scan_region {
	uint64_t start;
	uint64_t end;
	uint64_t categories;
};

struct scan_argument {
	uint64_t size;
	uint64_t flags;
	uint64_t start;
	uint64_t end;
	uint64_t walk_end;
	uint64_t regions;
	uint64_t region_count;
	uint64_t max_pages;
	uint64_t category_inverted;
	uint64_t category_mask;
	uint64_t category_anyof_mask;
	uint64_t return_mask;
};

#define SCAN_REQUEST _IOWR('f', 16, struct scan_argument)

enum scan_category {
	SCAN_FILE = 1 << 2,
	SCAN_PRESENT = 1 << 3,
	SCAN_SWAPPED = 1 << 4,
	SCAN_ZERO_PAGE = 1 << 5,
	SCAN_GUARD = 1 << 8, /* since Linux 6.15; unknown ones are EINVAL */
};

enum {
	REGIONS_AT_ONCE = 512,
	ENTRIES_AT_ONCE = 8192,
};

/* Documentation/admin-guide/mm/pagemap.rst; the guard bit since Linux 6.15. */
static const uint64_t entry_present = 1ULL << 63;
static const uint64_t entry_swapped = 1ULL << 62;
static const uint64_t entry_file = 1ULL << 61; /* or shared memory */
static const uint64_t entry_guard = 1ULL << 58;

int page_runs_reserve(struct page_runs *runs, size_t count, struct error *err)
{
	size_t capacity = runs->capacity ? runs->capacity : 64;
	struct core_range *items;

	while (capacity < count)
		capacity *= 2;
	if (capacity == runs->capacity)
		return 0;
	items = realloc(runs->items, capacity * sizeof(*items));
	if (!items)
		return error_system(err, ENOMEM,
				    "cannot keep the list of pages");
	runs->items = items;
	runs->capacity = capacity;
	return 0;
}

int page_runs_add(struct page_runs *runs, uint64_t start, uint64_t end,
		  struct error *err)
{
	int r;

	if (runs->count > 0 && runs->items[runs->count - 1].end == start) {
		runs->items[runs->count - 1].end = end;
		return 0;
	}
	r = page_runs_reserve(runs, runs->count + 1, err);
	if (r == 0)
		runs->items[runs->count++] = (struct core_range){start, end};
	return r;
}

static int compare_runs(const void *a, const void *b)
{
	const struct core_range *first = a, *second = b;

	return (first->start > second->start) - (first->start < second->start);
}

void page_runs_sort(struct page_runs *runs)
{
	if (runs->count > 0)
		qsort(runs->items, runs->count, sizeof(*runs->items),
		      compare_runs);
}

void page_runs_deinit(struct page_runs *runs)
{
	free(runs->items);
	*runs = (struct page_runs){0};
}

int pagemap_open(pid_t pid, int *ret_fd, struct error *err)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_system(err, errno, "cannot open '%s'", path);
	*ret_fd = fd;
	return 0;
}

/* Where pages of each kind go, or NULL. */
struct wanted {
	struct page_runs *data;
	struct page_runs *zeros;
	struct page_runs *guards;
};

static int keep_regions(const struct scan_region *regions, size_t count,
			const struct wanted *wanted, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		const struct scan_region *region = &regions[i];
		struct page_runs *runs = wanted->data;

		/* A guard is reported as swapped, too. */
		if (region->categories & SCAN_GUARD)
			runs = wanted->guards;
		else if (region->categories & SCAN_ZERO_PAGE)
			runs = wanted->zeros;
		else if (region->categories & SCAN_FILE)
			runs = NULL;
		if (runs)
			r = page_runs_add(runs, region->start, region->end,
					  err);
	}
	return r;
}

/* 1 when this kernel can not scan, or not for guards. */
static int scan(int fd, uint64_t start, uint64_t end,
		const struct wanted *wanted, struct error *err)
{
	struct scan_region regions[REGIONS_AT_ONCE];
	struct scan_argument argument = {
		.size = sizeof(argument),
		.start = start,
		.end = end,
		.regions = (uintptr_t)regions,
		.region_count = REGIONS_AT_ONCE,
		.category_anyof_mask = SCAN_PRESENT | SCAN_SWAPPED,
		.return_mask = SCAN_FILE | SCAN_ZERO_PAGE | SCAN_GUARD,
	};
	int r = 0;

	while (r == 0 && argument.start < end) {
		int found = ioctl(fd, SCAN_REQUEST, &argument);

		if (found < 0 && (errno == ENOTTY || errno == EINVAL))
			return 1;
		if (found < 0)
			return error_system(err, errno,
					    "cannot scan the page map");
		r = keep_regions(regions, (size_t)found, wanted, err);
		argument.start = argument.walk_end;
	}
	return r;
}

/*
 * Without the scan the zero page looks like any other; its pages are found to
 * be zeros when they are copied.
 */
static int read_entries(int fd, uint64_t start, uint64_t end,
			const struct wanted *wanted, struct error *err)
{
	cleanup_heap uint64_t *entries =
		malloc(ENTRIES_AT_ONCE * sizeof(*entries));
	int r = 0;

	if (!entries)
		return error_system(err, ENOMEM, "cannot read the page map");
	while (r == 0 && start < end) {
		uint64_t pages = (end - start) / CORE_PAGE_SIZE;

		if (pages > ENTRIES_AT_ONCE)
			pages = ENTRIES_AT_ONCE;
		r = io_pread_all(fd, entries, pages * sizeof(*entries),
				 start / CORE_PAGE_SIZE * sizeof(*entries));
		if (r < 0)
			return error_system(err, -r,
					    "cannot read the page map");
		for (uint64_t i = 0; r == 0 && i < pages;
		     i++, start += CORE_PAGE_SIZE) {
			struct page_runs *runs = wanted->data;

			if (!(entries[i] & (entry_present | entry_swapped)))
				continue;
			if (entries[i] & entry_guard)
				runs = wanted->guards;
			else if (entries[i] & entry_file)
				runs = NULL;
			if (runs)
				r = page_runs_add(runs, start,
						  start + CORE_PAGE_SIZE, err);
		}
	}
	return r;
}

static int find(int fd, uint64_t start, uint64_t end,
		const struct wanted *wanted, struct error *err)
{
	int r = scan(fd, start, end, wanted, err);

	return r == 1 ? read_entries(fd, start, end, wanted, err) : r;
}

int pagemap_find(int fd, uint64_t start, uint64_t end, struct page_runs *data,
		 struct page_runs *guards, struct error *err)
{
	const struct wanted wanted = {.data = data, .guards = guards};

	return find(fd, start, end, &wanted, err);
}

int pagemap_find_own(int fd, uint64_t start, uint64_t end,
		     struct page_runs *own, struct error *err)
{
	const struct wanted wanted = {.data = own, .zeros = own};

	return find(fd, start, end, &wanted, err);
}
