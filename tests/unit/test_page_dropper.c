/*
 * test_page_dropper.c - who is told from a libc by what it imports
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/memory/page_dropper.h"
#include "common/io.h"
#include "tests/expect.h"
#include "tests/make_core.h"

#define LIBC "/lib/x86_64-linux-gnu/libc.so.6"

TestSuite(page_dropper, .timeout = 30);

/* Whether the text "madvise" stands in its names; good for a test. */
static bool names_dropper(const char *path)
{
	bool found;
	size_t size;
	char *bytes;

	if (io_read_file(path, &bytes, &size) < 0)
		return false;
	found = memmem(bytes, size, "\0madvise\0", 9) ||
		memmem(bytes, size, "\0mremap\0", 8);
	free(bytes);
	return found;
}

Test(page_dropper, libc_is_none)
{
	cr_expect(names_dropper(LIBC), "it exports it");
	cr_expect(!page_dropper_is(LIBC));
	cr_expect(!page_dropper_is("/lib64/ld-linux-x86-64.so.2"));
}

Test(page_dropper, libc_goes_by_its_base_name_only)
{
	cr_expect(!page_dropper_is("/nonexistent/libc.so.6"));
	cr_expect(page_dropper_is("/libc.so.6/nonexistent"));
}

Test(page_dropper, ordinary_program_is_none)
{
	cr_expect(!page_dropper_is("/bin/true"));
	cr_expect(!page_dropper_is("/lib/x86_64-linux-gnu/libm.so.6"));
}

Test(page_dropper, those_that_import_a_call_are_ones)
{
	static const char *const paths[] = {
		"/usr/bin/node",
		"/usr/lib/x86_64-linux-gnu/libruby-3.1.so.3.1",
		"/usr/lib/x86_64-linux-gnu/libjemalloc.so.2",
	};
	size_t seen = 0;

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		if (access(paths[i], R_OK) < 0)
			continue;
		cr_expect(page_dropper_is(paths[i]), "%s", paths[i]);
		seen++;
	}
	if (seen == 0)
		cr_skip("neither node nor libruby nor libjemalloc is here");
}

Test(page_dropper, musl_is_one)
{
	cr_expect(page_dropper_is("/lib/ld-musl-x86_64.so.1"));
	cr_expect(page_dropper_is("/lib/libc.musl-x86_64.so.1"));
}

Test(page_dropper, what_can_not_be_read_counts_as_one)
{
	cr_expect(page_dropper_is("/nonexistent"));
	cr_expect(page_dropper_is("/etc/passwd"));
	cr_expect(page_dropper_is("/dev/null"));
	cr_expect(page_dropper_is("/"));
}

Test(page_dropper, code_out_of_a_core_counts_as_one)
{
	struct made_core made;
	int fd = memfd_create("core", MFD_CLOEXEC);
	char path[64];
	size_t size;
	char *front;

	made_core_init(&made);
	front = made_core_front(&made, &size);
	cr_assert(io_pwrite_all(fd, front, size, 0) == 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);

	cr_expect(page_dropper_is(path));
	free(front);
	close(fd);
}

/* What page_dropper_find() says of the maps in @text. */
static void expect_found(const char *text, const char *name)
{
	struct mapping_list list = {0};
	struct error err = {0};
	char found[64] = "untouched";

	cr_assert(mapping_list_parse(&list, strdup(text), &err) == 0, "%s",
		  err.text);
	page_dropper_find(&list, found, sizeof(found));
	expect_text(found, name);
	mapping_list_deinit(&list);
}

Test(page_dropper, first_file_with_code_is_named)
{
	expect_found("1000-2000 r-xp 0 fe:01 7 /bin/true\n"
		     "2000-3000 r-xp 0 fe:01 8 /nonexistent/libdrop.so.1\n"
		     "3000-4000 r-xp 0 fe:01 9 /nonexistent/liblate.so\n",
		     "libdrop.so.1");
}

/* A restored service had it once; its name is another file's now. */
Test(page_dropper, who_is_gone_is_not_looked_at)
{
	struct mapping file = {
		.protection = PROT_EXEC, .inode = 7, .name = "/bin/true"};
	const struct mapping_list list = {.items = &file, .count = 1};
	char found[64];

	page_dropper_find(&list, found, sizeof(found));
	expect_text(found, "");
	file.deleted = true;
	page_dropper_find(&list, found, sizeof(found));
	expect_text(found, "true");
	file.name = LIBC;
	page_dropper_find(&list, found, sizeof(found));
	expect_text(found, "");
}

Test(page_dropper, what_has_no_code_or_no_file_is_not_looked_at)
{
	expect_found("1000-2000 r--p 0 fe:01 7 /nonexistent/data\n"
		     "2000-3000 rwxp 0 00:00 0 \n"
		     "3000-4000 r-xp 0 00:00 0 [vdso]\n"
		     "4000-5000 r-xp 0 fe:01 8 " LIBC "\n",
		     "");
}

Test(page_dropper, name_that_is_too_long_is_cut)
{
	char name[4];
	struct mapping_list list = {0};
	struct error err = {0};

	cr_assert(mapping_list_parse(
			  &list, strdup("1000-2000 r-xp 0 fe:01 7 /none/abc"),
			  &err) == 0);
	page_dropper_find(&list, name, 3);
	expect_text(name, "ab");
	mapping_list_deinit(&list);
}
