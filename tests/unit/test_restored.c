/*
 * test_restored.c - mappings of a core in, what they were when it was captured
 * out
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "capture/memory/restored.h"
#include "common/io.h"
#include "tests/expect.h"
#include "tests/make_core.h"

/* The core at "./restored.core.PID", and mappings of it. */
struct made {
	struct made_core core;
	char path[64];
	struct stat status;
	char text[2048];
	struct mapping_list list;
};

static void write_core(struct made *made)
{
	size_t size;
	char *front = made_core_front(&made->core, &size);
	int fd = open(made->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	cr_assert(fd >= 0 && io_pwrite_all(fd, front, size, 0) == 0);
	cr_assert(ftruncate(fd, (off_t)made->core.image.file_size) == 0);
	cr_assert(fstat(fd, &made->status) == 0);
	close(fd);
	free(front);
}

static struct made *make(void)
{
	struct made *made = calloc(1, sizeof(*made));

	made_core_init(&made->core);
	snprintf(made->path, sizeof(made->path), "/tmp/restored.core.%d",
		 getpid());
	return made;
}

/* @offset in the core. */
static void add(struct made *made, uint64_t start, uint64_t end,
		uint64_t offset)
{
	const size_t used = strlen(made->text);

	snprintf(made->text + used, sizeof(made->text) - used,
		 "%lx-%lx rw-p %lx %x:%x %lu %s\n", start, end, offset,
		 major(made->status.st_dev), minor(made->status.st_dev),
		 made->status.st_ino, made->path);
}

static void add_line(struct made *made, const char *line)
{
	strcat(strcat(made->text, line), "\n");
}

static void name_all(struct made *made)
{
	struct error err = {0};

	cr_assert(mapping_list_parse(&made->list, strdup(made->text), &err) ==
			  0,
		  "%s", err.text);
	cr_assert(restored_name_all(&made->list, &err) == 0, "%s", err.text);
}

static void unmake(struct made *made)
{
	mapping_list_deinit(&made->list);
	unlink(made->path);
	free(made);
}

static void expect_mapping(const struct made *made, size_t i, uint64_t start,
			   uint64_t end, const char *name, uint64_t offset)
{
	const struct mapping *m = &made->list.items[i];

	cr_assert(i < made->list.count, "there are %zu", made->list.count);
	cr_expect(m->start == start && m->end == end, "%zu: %#lx-%#lx", i,
		  m->start, m->end);
	expect_text(m->name, name);
	cr_expect(m->offset == offset, "%zu: %#lx", i, m->offset);
}

Test(restored, what_has_become_one_mapping_is_taken_apart)
{
	struct made *made = make();
	const struct core_mapping *m = made->core.mappings;

	made->core.mappings[0].file_offset = 0x5000;
	made->core.mappings[1].file_offset = 0x9000;
	write_core(made);
	add(made, m[0].start, m[1].end, MADE_DATA);
	name_all(made);

	cr_expect(made->list.count == 2);
	expect_mapping(made, 0, m[0].start, m[0].end, "/usr/bin/svc", 0x5000);
	expect_mapping(made, 1, m[1].start, m[1].end, "/usr/bin/svc", 0x9000);
	for (size_t i = 0; i < 2; i++) {
		const struct mapping *piece = &made->list.items[i];

		expect_text(piece->backing, made->path);
		cr_expect(piece->backing_offset == m[i].offset);
		cr_expect(piece->inode == made->status.st_ino);
		cr_expect(piece->protection == (PROT_READ | PROT_WRITE));
	}
	unmake(made);
}

Test(restored, part_of_a_mapping_has_its_part_of_the_file)
{
	struct made *made = make();
	const struct core_mapping *m = made->core.mappings;

	made->core.mappings[0].file_offset = 0x5000;
	write_core(made);
	add(made, m[0].start + 4096, m[0].end, MADE_DATA + 4096);
	name_all(made);

	cr_expect(made->list.count == 1);
	expect_mapping(made, 0, m[0].start + 4096, m[0].end, "/usr/bin/svc",
		       0x6000);
	unmake(made);
}

Test(restored, anonymous_memory_has_no_name)
{
	struct made *made = make();
	const struct core_mapping *m = &made->core.mappings[3];

	write_core(made);
	add(made, m->start, m->start + 0x40000, m->offset);
	name_all(made);

	cr_expect(made->list.count == 1);
	expect_mapping(made, 0, m->start, m->start + 0x40000, "", 0);
	expect_text(made->list.items[0].backing, made->path);
	unmake(made);
}

/* Only where the core has it is it what the core says. */
Test(restored, what_is_mapped_elsewhere_or_from_elsewhere_stays_a_file)
{
	struct made *made = make();
	const struct core_mapping *m = made->core.mappings;

	write_core(made);
	add(made, 0x10000, 0x12000, MADE_DATA);
	add(made, m[0].start, m[0].end, MADE_DATA + 4096);
	name_all(made);

	cr_expect(made->list.count == 2);
	expect_mapping(made, 0, 0x10000, 0x12000, made->path, MADE_DATA);
	expect_mapping(made, 1, m[0].start, m[0].end, made->path,
		       MADE_DATA + 4096);
	unmake(made);
}

/* A larger mapping goes on behind the last one of the core as a file. */
Test(restored, around_a_mapping_of_the_core_there_is_the_file)
{
	struct made *made = make();
	const struct core_mapping *m = made->core.mappings;

	write_core(made);
	add(made, m[1].start, m[1].end + 4096, m[1].offset);
	name_all(made);

	cr_expect(made->list.count == 2);
	expect_mapping(made, 0, m[1].start, m[1].end, "/usr/bin/svc", 0);
	expect_mapping(made, 1, m[1].end, m[1].end + 4096, made->path,
		       m[1].offset + 4096);
	unmake(made);
}

Test(restored, others_stay_as_they_are)
{
	struct made *made = make();
	const struct core_mapping *m = made->core.mappings;

	write_core(made);
	add_line(made, "1000-2000 rw-p 00000000 00:00 0 ");
	add_line(made, "2000-3000 r-xp 00001000 fe:01 7 /nonexistent/lib.so");
	add_line(made, "3000-4000 r-xp 00001000 fe:01 8 /gone (deleted)");
	add(made, m[0].start, m[0].end, MADE_DATA);
	add_line(made, "7ffff7fc0000-7ffff7fc1000 r-xp 0 00:00 0 [vdso]");
	name_all(made);

	cr_expect(made->list.count == 5);
	expect_mapping(made, 0, 0x1000, 0x2000, "", 0);
	expect_mapping(made, 1, 0x2000, 0x3000, "/nonexistent/lib.so", 0x1000);
	expect_mapping(made, 2, 0x3000, 0x4000, "/gone (deleted)", 0x1000);
	cr_expect(made->list.items[2].deleted);
	expect_mapping(made, 3, m[0].start, m[0].end, "/usr/bin/svc", 0);
	expect_mapping(made, 4, 0x7ffff7fc0000, 0x7ffff7fc1000, "[vdso]", 0);
	unmake(made);
}

/* The name stands for another file, or another state of it, by now. */
Test(restored, file_that_has_changed_since_counts_as_deleted)
{
	struct made *made = make();
	const struct core_mapping *m = made->core.mappings;
	struct core_mapping *first = &made->core.mappings[0];
	struct stat status;

	strcpy(made->core.names + 1, "/proc/self/exe");
	cr_assert(stat("/proc/self/exe", &status) == 0);
	for (size_t i = 0; i < 2; i++) {
		struct core_mapping *to = &made->core.mappings[i];

		to->file_device = status.st_dev;
		to->file_inode = status.st_ino;
		to->file_size = (uint64_t)status.st_size;
		to->file_seconds = status.st_mtime;
	}
	first->file_seconds--;
	write_core(made);
	add(made, m[0].start, m[1].end, MADE_DATA);
	name_all(made);

	cr_assert(made->list.count == 2);
	cr_expect(made->list.items[0].deleted);
	cr_expect(!made->list.items[1].deleted);
	unmake(made);
}

/* What has that name now is not what is mapped. */
Test(restored, core_that_was_replaced_tells_nothing)
{
	struct made *made = make();
	const struct core_mapping *m = made->core.mappings;

	write_core(made);
	made->status.st_ino++;
	add(made, m[0].start, m[0].end, MADE_DATA);
	name_all(made);

	cr_expect(made->list.count == 1);
	expect_mapping(made, 0, m[0].start, m[0].end, made->path, MADE_DATA);
	unmake(made);
}

Test(restored, no_code_of_a_restore_begins_with_anything_else)
{
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct mapping m = {
		.start = (uintptr_t)page,
		.end = (uintptr_t)page + 4096,
		.protection = PROT_READ | PROT_EXEC,
		.name = "",
	};

	memcpy(page, CORE_HANDOVER_MAGIC, sizeof(CORE_HANDOVER_MAGIC));
	cr_expect(restored_is_handover(getpid(), &m));
	m.protection = PROT_READ;
	cr_expect(!restored_is_handover(getpid(), &m));
	m.protection = PROT_READ | PROT_EXEC;
	page[3] = 'x';
	cr_expect(!restored_is_handover(getpid(), &m));
	munmap(page, 4096);
	cr_expect(!restored_is_handover(getpid(), &m));
}
