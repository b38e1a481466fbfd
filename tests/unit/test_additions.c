/*
 * test_additions.c - two lists of mappings in, what one has more out
 *
 * The addresses are none of this process, so that nothing is written there.
 */
#include "capture/memory/additions.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/expect.h"

TestSuite(additions, .timeout = 10);

static struct mapping_list before, after;
static struct additions found;
static struct kept_pages kept;
static struct audit audit;

static void deinit(void)
{
	additions_deinit(&found);
	kept_pages_deinit(&kept);
	audit_deinit(&audit);
	mapping_list_deinit(&before);
	mapping_list_deinit(&after);
}

static void parse(struct mapping_list *list, const char *text)
{
	struct error err = {0};

	cr_assert(mapping_list_parse(list, strdup(text), &err) == 0, "%s",
		  err.text);
}

static void find(const char *text_before, const char *text_after)
{
	struct tracee self = {.pid = getpid()};
	const struct additions_input input = {"/lib/c.so", &before, &after,
					      &kept, &self};
	struct error err = {0};

	self.memory_fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	parse(&before, text_before);
	parse(&after, text_after);
	cr_assert(kept_pages_take(&kept, &before, &self, &err) == 0);
	cr_assert(additions_find(&found, &input, &err) == 0, "%s", err.text);
	close(self.memory_fd);
}

static void expect_addition(size_t i, enum addition_kind kind, const char *name,
			    size_t mappings, uint64_t pages)
{
	const struct addition *a = &found.items[i];

	cr_assert(i < found.count, "there are %zu", found.count);
	cr_expect(a->kind == kind && strcmp(a->name, name) == 0 &&
			  a->mapping_count == mappings &&
			  a->size == pages * CORE_PAGE_SIZE,
		  "%zu: %s '%s', %zu mappings, %zu pages", i,
		  addition_word(a->kind), a->name, a->mapping_count,
		  (size_t)a->size / CORE_PAGE_SIZE);
}

#define LAUNCHER                                                        \
	"00010000-00013000 r--p 00000000 fe:00 11 /bin/subctx-launch\n" \
	"00013000-00014000 rw-p 00003000 fe:00 11 /bin/subctx-launch\n"

Test(additions, nothing_new_is_nothing, .fini = deinit)
{
	find(LAUNCHER, LAUNCHER);

	cr_expect(found.count == 0);
}

Test(additions, new_mappings_are_summed_by_name_library_first, .fini = deinit)
{
	find(LAUNCHER,
	     LAUNCHER "00020000-00024000 rw-p 00000000 00:00 0 [heap]\n"
		      "00030000-00031000 rw-p 00000000 00:00 0 \n"
		      "00040000-00042000 r--p 00000000 fe:00 12 /lib/a b.so\n"
		      "00042000-00043000 rw-p 00002000 fe:00 12 /lib/a b.so\n"
		      "00043000-00044000 rw-p 00000000 00:00 0 \n"
		      "00050000-00051000 r--p 00000000 fe:00 13 /lib/c.so\n");

	cr_assert(found.count == 4);
	expect_addition(0, ADDITION_ADDED, "/lib/c.so", 1, 1);
	expect_addition(1, ADDITION_ADDED, "/lib/a b.so", 2, 3);
	expect_addition(2, ADDITION_ADDED, "[heap]", 1, 4);
	expect_addition(3, ADDITION_ADDED, "", 2, 2);
}

Test(additions, what_grows_is_added_and_what_shrinks_removed, .fini = deinit)
{
	find("00020000-00024000 rw-p 00000000 00:00 0 [heap]\n"
	     "00030000-00038000 rw-p 00000000 00:00 0 [stack]\n",
	     "00020000-00022000 rw-p 00000000 00:00 0 [heap]\n"
	     "0002e000-00038000 rw-p 00000000 00:00 0 [stack]\n");

	cr_assert(found.count == 2);
	expect_addition(0, ADDITION_ADDED, "[stack]", 1, 2);
	expect_addition(1, ADDITION_REMOVED, "[heap]", 1, 2);
}

/* The loader does that with what relocation has changed. */
Test(additions, what_is_protected_and_so_divided_is_the_same, .fini = deinit)
{
	find("00040000-00048000 rw-p 00000000 fe:00 12 /lib/a.so\n",
	     "00040000-00041000 r--p 00000000 fe:00 12 /lib/a.so\n"
	     "00041000-00048000 rw-p 00001000 fe:00 12 /lib/a.so\n");

	cr_expect(found.count == 0);
}

Test(additions, what_takes_the_place_of_another_is_added, .fini = deinit)
{
	find("00040000-00048000 r--p 00000000 fe:00 12 /lib/a.so\n",
	     "00040000-00042000 r--p 00000000 fe:00 12 /lib/a.so\n"
	     "00042000-00043000 rw-p 00000000 00:00 0 \n"
	     "00043000-00044000 r--p 00000000 fe:00 12 /lib/a.so\n"
	     "00044000-00048000 r--p 00004000 fe:00 99 /lib/a.so\n");

	/* Other bytes of the file, another file, and no file. */
	cr_assert(found.count == 3);
	expect_addition(0, ADDITION_ADDED, "/lib/a.so", 2, 5);
	expect_addition(1, ADDITION_ADDED, "", 1, 1);
	expect_addition(2, ADDITION_REMOVED, "/lib/a.so", 1, 6);
}

Test(additions, each_is_a_finding, .fini = deinit)
{
	find("00020000-00022000 rw-p 00000000 00:00 0 [heap]\n",
	     "00100000-00300000 rw-p 00000000 00:00 0 \n");
	additions_report(&found, &audit);

	cr_assert(audit.count == 2);
	cr_expect(audit.items[0].verdict == VERDICT_NOTED);
	expect_text(audit.items[0].subject, "added");
	expect_text(audit.items[0].what,
		    "anonymous memory: 1 mapping, 2.0 MiB");
	expect_text(audit.items[1].subject, "removed");
	expect_text(audit.items[1].what, "[heap]: 1 mapping, 8 KiB");
}

/* Of this process after all: eight pages, of which three are touched. */
Test(additions, what_is_written_is_counted, .fini = deinit)
{
	char text[256];
	char *memory = mmap(NULL, 8 * CORE_PAGE_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	cr_assert(memory != MAP_FAILED);
	madvise(memory, 8 * CORE_PAGE_SIZE, MADV_NOHUGEPAGE);
	memory[0] = memory[CORE_PAGE_SIZE] = memory[5 * CORE_PAGE_SIZE] = 1;
	snprintf(text, sizeof(text), "%lx-%lx rw-p 00000000 00:00 0 \n",
		 (unsigned long)memory,
		 (unsigned long)memory + 8 * CORE_PAGE_SIZE);
	find("", text);
	cr_assert(found.count == 1);
	expect_addition(0, ADDITION_ADDED, "", 1, 8);
	cr_expect(found.items[0].written == 3 * CORE_PAGE_SIZE);
	deinit();

	parse(&before, text);
	find(text, text);
	cr_expect(found.count == 0);
}

Test(additions, what_has_changed_since_is_counted, .fini = deinit)
{
	struct tracee self = {.pid = getpid()};
	const struct additions_input input = {"/lib/c.so", &before, &after,
					      &kept, &self};
	struct error err = {0};
	char text[256];
	char *memory = mmap(NULL, 8 * CORE_PAGE_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	cr_assert(memory != MAP_FAILED);
	madvise(memory, 8 * CORE_PAGE_SIZE, MADV_NOHUGEPAGE);
	self.memory_fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	snprintf(text, sizeof(text), "%lx-%lx rw-p 00000000 00:00 0 \n",
		 (unsigned long)memory,
		 (unsigned long)memory + 8 * CORE_PAGE_SIZE);
	memory[0] = memory[CORE_PAGE_SIZE] = 1;
	parse(&before, text);
	parse(&after, text);
	cr_assert(kept_pages_take(&kept, &before, &self, &err) == 0);
	memory[0] = 2;
	memory[7 * CORE_PAGE_SIZE] = 1;
	cr_assert(additions_find(&found, &input, &err) == 0, "%s", err.text);
	close(self.memory_fd);

	cr_assert(found.count == 1);
	expect_addition(0, ADDITION_CHANGED, "", 1, 8);
	cr_expect(found.items[0].written == 2 * CORE_PAGE_SIZE);
	additions_report(&found, &audit);
	expect_text(audit.items[0].what, "anonymous memory: 8 KiB of 32 KiB");
}
