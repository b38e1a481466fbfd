/*
 * test_copy.c - memory comes into a file where it belongs, without its zeros
 *
 * The "tracee" is this process.  The file is memory, too, where blocks are
 * pages.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/core/copy.h"

enum {
	PAGE = CORE_PAGE_SIZE,
	PAGES = 4096,
	OFFSET = 3 * PAGE,
	/* Of what is said to come: worth a second thread, or not. */
	LITTLE = 4711,
	MUCH = 1 << 30,
};

static struct tracee self;
static struct page_runs runs;
static struct page_runs written;
static char *memory;
static char *inspected;
static size_t inspected_size;
static uint64_t cancelled_after;
static uint64_t digest;
static uint64_t total;
static int fd;

static bool is_cancelled(void *context, uint64_t done, uint64_t of)
{
	cr_expect(*(const uint64_t *)context == of);
	return done >= cancelled_after;
}

/* What was shown is kept one behind the other. */
static int inspect(void *context, const char *bytes, size_t size,
		   uint64_t address, struct error *err)
{
	(void)err;
	cr_expect(context == &inspected);
	cr_expect(address >= (uintptr_t)memory &&
		  address + size <= (uintptr_t)memory + (size_t)PAGES * PAGE);
	memcpy(inspected + inspected_size, bytes, size);
	inspected_size += size;
	return 0;
}

static void *map_pages(void)
{
	void *pages = mmap(NULL, (size_t)PAGES * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	cr_assert(pages != MAP_FAILED);
	return pages;
}

/* No two pages are alike. */
static void fill(size_t first, size_t end)
{
	for (size_t i = first; i < end; i++)
		memcpy(memory + i * PAGE + 8, &i, sizeof(i));
	for (size_t i = first; i < end; i++)
		memory[i * PAGE + PAGE - 1] = 1;
}

static void open_file(void)
{
	fd = memfd_create("core", 0);
	cr_assert(fd > 0);
	cr_assert(ftruncate(fd, OFFSET + (off_t)PAGES * PAGE) == 0);
}

static void begin(void)
{
	self.pid = getpid();
	self.memory_fd = open("/proc/self/mem", O_RDWR);
	cr_assert(self.memory_fd > 0);
	open_file();
	memory = map_pages();
	inspected = map_pages();
	cancelled_after = UINT64_MAX;
	total = LITTLE;
}

static void add_run(size_t first, size_t end)
{
	struct error err = {0};

	cr_assert(page_runs_add(&runs, (uintptr_t)memory + first * PAGE,
				(uintptr_t)memory + end * PAGE, &err) == 0);
}

static bool has_processors(void)
{
	cpu_set_t allowed;

	cr_assert(sched_getaffinity(0, sizeof(allowed), &allowed) == 0);
	return CPU_COUNT(&allowed) > 1;
}

static int copy(struct error *err)
{
	struct copy all;
	int r = copy_open(&all, &self, fd, total,
			  (struct copy_progress){is_cancelled, &total}, err);

	cr_assert(r == 0);
	cr_expect(all.ring.has_thread == (total == MUCH && has_processors()));
	all.inspector = (struct copy_inspector){inspect, &inspected};
	inspected_size = 0;
	r = copy_runs(&all, runs.items, runs.count, (uintptr_t)memory, OFFSET,
		      &written, &digest, err);
	if (r == 0)
		r = copy_finish(&all, err);
	copy_close(&all);
	return r;
}

static void expect_page(size_t page)
{
	char bytes[PAGE];

	cr_assert(pread(fd, bytes, PAGE, (off_t)(OFFSET + page * PAGE)) ==
		  PAGE);
	cr_expect(memcmp(bytes, memory + page * PAGE, PAGE) == 0, "page %zu",
		  page);
}

static size_t stored_pages(void)
{
	struct stat status;

	cr_assert(fstat(fd, &status) == 0);
	return (size_t)status.st_blocks * 512 / PAGE;
}

static void copy_all(void)
{
	struct error err = {0};

	cr_assert(copy(&err) == 0, "%s", err.text);
}

static void read_file(int from, char *bytes)
{
	cr_assert(pread(from, bytes, (size_t)PAGES * PAGE, OFFSET) ==
		  (ssize_t)PAGES * PAGE);
}

/* A second thread makes the same of it; what it makes is left to be looked at. */
static void copy_both_ways(void)
{
	char *alone = map_pages();
	char *together = map_pages();
	struct page_runs written_alone;
	uint64_t digest_alone;
	size_t pages;

	copy_all();
	read_file(fd, alone);
	pages = stored_pages();
	written_alone = written;
	digest_alone = digest;
	written = (struct page_runs){0};
	close(fd);

	open_file();
	total = MUCH;
	copy_all();
	read_file(fd, together);
	cr_expect(memcmp(alone, together, (size_t)PAGES * PAGE) == 0);
	cr_expect(digest == digest_alone);
	cr_expect(stored_pages() == pages);
	cr_expect(written.count == written_alone.count);
	cr_expect(memcmp(written.items, written_alone.items,
			 written.count * sizeof(*written.items)) == 0);
	page_runs_deinit(&written_alone);
}

TestSuite(copy, .init = begin, .timeout = 20);

Test(copy, long_run_comes_whole)
{
	fill(0, PAGES);
	add_run(0, PAGES);
	copy_both_ways();
	for (size_t i = 0; i < PAGES; i++)
		expect_page(i);
	cr_expect(written.count == 1);
	cr_expect(written.items[0].start == runs.items[0].start);
	cr_expect(written.items[0].end == runs.items[0].end);
	cr_expect(stored_pages() == PAGES);
}

Test(copy, short_runs_are_as_far_apart_as_in_memory)
{
	size_t count = 0;

	for (size_t i = 0; i < PAGES; i += 3) {
		fill(i, i + 1);
		add_run(i, i + 1);
	}
	copy_both_ways();
	for (size_t i = 0; i < PAGES; i++) {
		expect_page(i);
		count += i % 3 == 0;
	}
	cr_expect(written.count == count);
	cr_expect(stored_pages() == count);
}

/* A short one, one that fills more than a buffer, and again a short one. */
Test(copy, runs_of_all_lengths_are_copied_together)
{
	fill(0, PAGES);
	add_run(1, 3);
	add_run(10, 1000);
	add_run(2000, 2001);
	copy_both_ways();
	for (size_t i = 0; i < 3; i++)
		for (uint64_t at = runs.items[i].start; at < runs.items[i].end;
		     at += PAGE)
			expect_page((at - (uintptr_t)memory) / PAGE);
	cr_expect(written.count == 3);
	cr_expect(stored_pages() == 2 + 990 + 1);
}

Test(copy, pages_of_zeros_take_no_blocks)
{
	size_t zeros = 0;

	fill(0, PAGES);
	add_run(0, PAGES);
	/* The first half grows what is asked for in advance. */
	for (size_t i = PAGES / 2; i < PAGES; i++) {
		if (i % 7 != 0 && i < PAGES - 600)
			continue;
		memset(memory + i * PAGE, 0, PAGE);
		zeros++;
	}
	copy_both_ways();
	for (size_t i = 0; i < PAGES; i++)
		expect_page(i);
	cr_expect(stored_pages() == PAGES - zeros, "%zu, not %zu",
		  stored_pages(), PAGES - zeros);
}

Test(copy, what_cannot_be_read_is_copied_too)
{
	fill(0, 200);
	add_run(0, 10);
	add_run(20, 30);
	add_run(50, 200);
	mprotect(memory + 25 * PAGE, PAGE, PROT_NONE);
	copy_both_ways();
	mprotect(memory + 25 * PAGE, PAGE, PROT_READ);
	expect_page(9);
	expect_page(25);
	expect_page(29);
	expect_page(199);
}

Test(copy, everything_is_inspected_in_order)
{
	fill(0, PAGES);
	add_run(0, 1);
	add_run(2, 3);
	add_run(100, 600);
	copy_both_ways();
	cr_expect(inspected_size == (1 + 1 + 500) * (size_t)PAGE);
	cr_expect(memcmp(inspected, memory, PAGE) == 0);
	cr_expect(memcmp(inspected + PAGE, memory + 2 * PAGE, PAGE) == 0);
	cr_expect(memcmp(inspected + 2 * PAGE, memory + 100 * PAGE,
			 500 * (size_t)PAGE) == 0);
}

Test(copy, what_is_written_has_a_digest)
{
	struct page_digest *expected = page_digest_create();

	fill(0, 300);
	memset(memory + 100 * PAGE, 0, 70 * PAGE);
	add_run(0, 90);
	add_run(95, 300);
	copy_all();
	page_digest_add(expected, (uintptr_t)memory, memory, 90 * PAGE);
	page_digest_add(expected, (uintptr_t)memory + 95 * PAGE,
			memory + 95 * PAGE, 205 * PAGE);
	cr_expect(digest == page_digest_value(expected));
	page_digest_destroy(expected);
}

Test(copy, each_mapping_has_its_own_digest)
{
	const uint64_t start = (uintptr_t)memory;
	const struct core_range parts[] = {
		{start, start + 300 * PAGE},
		{start + 400 * PAGE, start + 401 * PAGE},
	};
	struct page_digest *expected = page_digest_create();
	uint64_t digests[4] = {0};
	struct error err = {0};
	struct copy all;

	total = MUCH;
	fill(0, 500);
	cr_assert(copy_open(&all, &self, fd, total,
			    (struct copy_progress){is_cancelled, &total},
			    &err) == 0);
	for (size_t i = 0; i < 4; i++)
		cr_assert(copy_runs(&all, &parts[i / 2], i != 1, start, OFFSET,
				    &written, &digests[i], &err) == 0);
	cr_assert(copy_finish(&all, &err) == 0);
	copy_close(&all);
	cr_expect(digests[1] == page_digest_value(expected));
	page_digest_add(expected, start, memory, 300 * PAGE);
	cr_expect(digests[0] == page_digest_value(expected));
	page_digest_begin(expected);
	page_digest_add(expected, start + 400 * PAGE, memory + 400 * PAGE,
			PAGE);
	cr_expect(digests[2] == page_digest_value(expected));
	cr_expect(digests[3] == page_digest_value(expected));
	page_digest_destroy(expected);
}

/* Blocks that are given back are none that were written before. */
Test(copy, mappings_come_in_any_order)
{
	const uint64_t start = (uintptr_t)memory;
	const struct core_range high = {start + 1024 * PAGE,
					start + 2048 * PAGE};
	const struct core_range low = {start, start + 30 * PAGE};
	struct error err = {0};
	struct copy both;

	total = MUCH;
	fill(0, 10);
	fill(20, 30);
	fill(1024, 2048);
	cr_assert(copy_open(&both, &self, fd, total,
			    (struct copy_progress){is_cancelled, &total},
			    &err) == 0);
	cr_assert(copy_runs(&both, &high, 1, start, OFFSET, &written, NULL,
			    &err) == 0);
	cr_assert(copy_runs(&both, &low, 1, start, OFFSET, &written, NULL,
			    &err) == 0);
	cr_assert(copy_finish(&both, &err) == 0);
	copy_close(&both);

	for (size_t i = 0; i < 2048; i++)
		expect_page(i);
	cr_expect(stored_pages() == 1024 + 20, "%zu", stored_pages());
}

static void check_cancelled(uint64_t announced)
{
	struct error err = {0};

	total = announced;
	cancelled_after = 1;
	cr_expect(copy(&err) < 0);
	cr_expect(strstr(err.text, "it was cancelled"));
	cr_expect(stored_pages() < PAGES);
}

Test(copy, ends_when_it_is_cancelled)
{
	fill(0, PAGES);
	add_run(0, PAGES);
	check_cancelled(LITTLE);
	check_cancelled(MUCH);
}

static void check_full(uint64_t announced)
{
	struct error err = {0};

	total = announced;
	cr_expect(copy(&err) == -ENOSPC, "%s", err.text);
	cr_expect(strstr(err.text, "cannot write the memory"));
	cr_expect(strstr(err.text, "after 0 of "), "%s", err.text);
}

Test(copy, full_file_is_told)
{
	fill(0, PAGES);
	add_run(0, 10);
	close(fd);
	fd = open("/dev/full", O_WRONLY);
	check_full(LITTLE);
	check_full(MUCH);
	for (size_t i = 0; i < 20; i++)
		add_run(20 + i * 200, 210 + i * 200);
	check_full(MUCH);
}

/* What is gone while it is read, with batches before it still to be written. */
Test(copy, what_cannot_be_read_is_told)
{
	struct error err = {0};

	fill(0, PAGES);
	add_run(0, PAGES);
	munmap(memory + (PAGES - 1) * PAGE, PAGE);
	cr_expect(copy(&err) == -EIO, "%s", err.text);
	total = MUCH;
	err = (struct error){0};
	cr_expect(copy(&err) == -EIO, "%s", err.text);
	cr_expect(strstr(err.text, "cannot read the memory"), "%s", err.text);
}

Test(copy, one_processor_has_no_second_thread)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	cr_assert(sched_setaffinity(0, sizeof(one), &one) == 0);
	fill(0, 100);
	add_run(0, 100);
	copy_both_ways();
	expect_page(99);
}
