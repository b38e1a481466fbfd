/*
 * test_working_set.c - what is written into a core is read from it, whole or
 * not at all
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/core_reader.h"
#include "common/io.h"
#include "restore/working_set.h"
#include "tests/make_core.h"

/* A core in a file, with room behind its headers. */
struct file {
	struct made_core made;
	struct core core;
	char *front;
};

static struct file file_make(void)
{
	struct file file;
	struct error err = {0};
	size_t size;

	made_core_init(&file.made);
	for (size_t i = 0; i < file.made.mapping_count; i++)
		if (file.made.mappings[i].offset)
			file.made.mappings[i].offset += CORE_WORKING_SET_ROOM;
	file.made.image.file_size += CORE_WORKING_SET_ROOM;
	file.made.image.working_set = MADE_DATA;
	file.front = made_core_front(&file.made, &size);
	cr_assert(core_parse(&file.core, file.front, size,
			     file.made.image.file_size, &err) == 0,
		  "%s", err.text);
	file.core.fd = memfd_create("core", 0);
	cr_assert(ftruncate(file.core.fd, (off_t)file.made.image.file_size) ==
		  0);
	return file;
}

static void file_free(struct file *file)
{
	close(file->core.fd);
	free(file->front);
}

static const struct core_touched items[] = {
	{0x555555554000, 2, 0},
	{0x555555558000, 1, 1},
	{0x7ffff7000000, 7, 1},
};

static size_t count_read(const struct file *file)
{
	struct working_set set;
	size_t count;

	working_set_read(&set, &file->core);
	count = set.count;
	if (count == 3)
		cr_expect(memcmp(set.items, items, sizeof(items)) == 0);
	working_set_deinit(&set);
	return count;
}

static void write_items(const struct file *file,
			const struct core_touched *what, size_t count)
{
	struct error err = {0};

	cr_assert(working_set_write(file->core.fd, &file->core, what, count,
				    &err) == 0,
		  "%s", err.text);
}

Test(working_set, what_is_written_is_read)
{
	struct file file = file_make();

	cr_expect(count_read(&file) == 0, "nothing was written");
	write_items(&file, items, 3);
	cr_expect(count_read(&file) == 3);
	write_items(&file, items, 1);
	cr_expect(count_read(&file) == 1);
	file_free(&file);
}

Test(working_set, every_changed_byte_makes_it_nothing)
{
	struct file file = file_make();
	const size_t size = sizeof(struct core_working_set) + sizeof(items);
	unsigned char byte;

	write_items(&file, items, 3);
	for (size_t i = 0; i < size; i++) {
		const uint64_t at = MADE_DATA + i;

		cr_assert(io_pread_all(file.core.fd, &byte, 1, at) == 0);
		byte ^= 0x10;
		cr_assert(io_pwrite_all(file.core.fd, &byte, 1, at) == 0);
		cr_expect(count_read(&file) == 0, "byte %zu", i);
		byte ^= 0x10;
		cr_assert(io_pwrite_all(file.core.fd, &byte, 1, at) == 0);
	}
	cr_expect(count_read(&file) == 3);
	file_free(&file);
}

Test(working_set, ranges_that_lie_in_no_mapping_make_it_nothing)
{
	static const struct core_touched wrong[][2] = {
		{{0x555555554000, 0, 0}},
		{{0x555555554010, 1, 0}},
		{{0x555555554000, 3, 0}},
		{{0x555555553000, 1, 0}},
		{{0x555555557000, 1, 0}},
		{{0x7fffffffe000, 2, 0}},
		{{0x555555558000, 4, 0}, {0x55555555b000, 1, 0}},
		{{0x555555558000, 1, 0}, {0x555555554000, 1, 0}},
	};
	struct file file = file_make();

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		write_items(&file, wrong[i], 1 + (wrong[i][1].pages > 0));
		cr_expect(count_read(&file) == 0, "case %zu", i);
	}
	file_free(&file);
}

Test(working_set, core_without_room_has_none)
{
	struct file file = file_make();
	struct core_image image = *file.core.image;

	write_items(&file, items, 3);
	image.working_set = 0;
	file.core.image = &image;

	cr_expect(count_read(&file) == 0);
	file_free(&file);
}
