/*
 * test_kept_pages.c - the memory of this very process, kept and changed
 */
#include "capture/memory/kept_pages.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/expect.h"

enum {
	PAGE = CORE_PAGE_SIZE,
	PAGES = 8,
};

static struct tracee self;
static struct kept_pages kept;
static struct mapping m;

static void begin(void)
{
	self.pid = getpid();
	self.memory_fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	cr_assert(self.memory_fd >= 0);
}

static void end(void)
{
	kept_pages_deinit(&kept);
	close(self.memory_fd);
}

TestSuite(kept_pages, .init = begin, .fini = end, .timeout = 10);

/* Eight pages of zeros, or of a file, and the mapping that says so. */
static char *map(const char *path)
{
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	char *memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | (path ? 0 : MAP_ANONYMOUS), fd, 0);

	cr_assert(memory != MAP_FAILED);
	madvise(memory, PAGES * PAGE, MADV_NOHUGEPAGE);
	m = (struct mapping){
		.start = (uintptr_t)memory,
		.end = (uintptr_t)memory + PAGES * PAGE,
		.protection = PROT_READ | PROT_WRITE,
		.name = path ? path : "",
		.backing = path,
	};
	return memory;
}

/* The page is private then, and holds what it held. */
static void rewrite(volatile char *byte)
{
	*byte = *byte;
}

static void keep(void)
{
	const struct mapping_list list = {.items = &m, .count = 1};
	struct error err = {0};

	cr_assert(kept_pages_take(&kept, &list, &self, &err) == 0, "%s",
		  err.text);
}

static void expect_changed(size_t first, size_t last, size_t pages)
{
	struct error err = {0};
	uint64_t changed;

	cr_assert(kept_pages_compare(&kept, &m, m.start + first * PAGE,
				     m.start + last * PAGE, &self, &changed,
				     &err) == 0,
		  "%s", err.text);
	cr_expect(changed == pages * PAGE, "%zu bytes, not %zu",
		  (size_t)changed, pages * PAGE);
}

Test(kept_pages, what_holds_what_it_held_has_not_changed)
{
	char *memory = map(NULL);

	memory[0] = 1;
	memory[3 * PAGE] = 1;
	keep();
	cr_expect(kept.runs.count == 2);
	rewrite(memory);
	rewrite(memory + 5 * PAGE);

	expect_changed(0, PAGES, 0);
}

Test(kept_pages, each_page_that_differs_counts_once)
{
	char *memory = map(NULL);

	memory[0] = 1;
	memory[PAGE] = 1;
	keep();
	memory[1] = memory[2] = 1;
	memory[4 * PAGE + 17] = 1;

	expect_changed(0, PAGES, 2);
	expect_changed(1, 4, 0);
	expect_changed(4, 5, 1);
}

Test(kept_pages, what_was_dropped_has_changed)
{
	char *memory = map(NULL);

	memory[0] = 1;
	keep();
	madvise(memory, PAGE, MADV_DONTNEED);

	expect_changed(0, PAGES, 1);
}

/* A file of five and a half pages; what is behind it cannot be touched. */
static const char *make_file(void)
{
	static char path[] = "/tmp/test_kept_pages.XXXXXX";
	int fd = mkstemp(path);

	for (int i = 0; i < 5 * PAGE + PAGE / 2; i++)
		cr_assert(write(fd, &"abcdefg"[i % 7], 1) == 1);
	close(fd);
	return path;
}

Test(kept_pages, pages_of_a_file_are_compared_with_it)
{
	const char *path = make_file();
	char *memory = map(path);

	memory[0] = '!';
	keep();
	rewrite(memory + PAGE);
	memory[2 * PAGE] = '!';
	rewrite(memory + 5 * PAGE + PAGE - 1);

	expect_changed(0, 6, 1);
	memory[5 * PAGE + PAGE - 1] = '!';
	expect_changed(0, 6, 2);
	unlink(path);
}

Test(kept_pages, without_its_file_what_became_private_counts_as_changed)
{
	const char *path = make_file();
	char *memory = map(path);

	keep();
	rewrite(memory + PAGE);
	unlink(path);

	expect_changed(0, 5, 1);
}

Test(kept_pages, code_of_files_is_not_read)
{
	const char *path = make_file();
	char *memory = map(path);

	memory[0] = '!';
	m.protection = PROT_READ | PROT_EXEC;
	keep();
	cr_expect(kept.runs.count == 0);
	expect_changed(0, 5, 1);
	memory[0] = 'a';
	expect_changed(0, 5, 0);
	unlink(path);
}
