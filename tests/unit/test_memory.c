/*
 * test_memory.c - an address in, the bytes that the service had there out
 *
 * The core has a block of 1 MiB, of which two pages are in another file, the
 * second of them beyond its end.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/expect.h"
#include "tests/make_core.h"
#include "tools/inspect/memory.h"

enum {
	PAGE = CORE_PAGE_SIZE,
	OUTSIDE = 3 * PAGE, /* from the start of the block */
	IN_SOURCE = 2 * PAGE,
	SOURCE_SIZE = IN_SOURCE + PAGE + 100,
};

static struct made_core made;
static struct core core;
static char *front;
static uint64_t block;
static int source;

static void fill(int fd, char byte, size_t size, uint64_t offset)
{
	char *bytes = malloc(size);

	memset(bytes, byte, size);
	cr_assert(pwrite(fd, bytes, size, (off_t)offset) == (ssize_t)size);
	free(bytes);
}

static void begin(void)
{
	struct error err = {0};
	size_t size;

	made_core_init(&made);
	block = made.mappings[3].start;
	made.hole_count = 0;
	made.sources[0] = (struct core_source){.size = SOURCE_SIZE};
	made.source_count = 1;
	made.outside[0] = (struct core_outside){
		block + OUTSIDE, block + OUTSIDE + 2 * PAGE, IN_SOURCE, 0, 0};
	made.outside_count = 1;
	front = made_core_front(&made, &size);
	cr_assert(core_parse(&core, front, size, made.image.file_size, &err) ==
			  0,
		  "%s", err.text);
	core.fd = memfd_create("core", 0);
	source = memfd_create("source", 0);
	cr_assert(ftruncate(core.fd, (off_t)made.image.file_size) == 0);
	fill(core.fd, 'c', 8 * PAGE, made.mappings[3].offset);
	fill(source, 's', SOURCE_SIZE, 0);
}

static void end(void)
{
	close(core.fd);
	close(source);
	free(front);
}

/* What @memory has there: as many bytes of each as the text says. */
static void expect_bytes(const struct memory *memory, uint64_t address,
			 const char *wanted)
{
	char bytes[16] = "";

	cr_assert(memory_read(memory, address, bytes, strlen(wanted)));
	for (size_t i = 0; i < strlen(wanted); i++)
		if (bytes[i] == '\0')
			bytes[i] = '0';
	expect_text(bytes, wanted);
}

static bool can_read(const struct memory *memory, uint64_t address, size_t size)
{
	char bytes[64];

	cr_assert(size <= sizeof(bytes));
	return memory_read(memory, address, bytes, size);
}

TestSuite(memory, .init = begin, .fini = end);

Test(memory, bytes_come_from_the_core_and_from_its_sources)
{
	const struct memory memory = {&core, &source};

	expect_bytes(&memory, block, "cccc");
	expect_bytes(&memory, block + OUTSIDE - 2, "ccss");
	expect_bytes(&memory, block + OUTSIDE + PAGE, "ssss");
	expect_bytes(&memory, block + OUTSIDE + 2 * PAGE - 2, "00cc");
	expect_bytes(&memory, block + OUTSIDE + 2 * PAGE, "cccc");
}

Test(memory, file_that_ends_within_a_page_has_zeros_behind)
{
	const struct memory memory = {&core, &source};

	expect_bytes(&memory, block + OUTSIDE + PAGE + 98, "ss00");
}

Test(memory, mappings_are_read_across)
{
	const struct memory memory = {&core, &source};
	const uint64_t end_of_text = made.mappings[0].end;

	fill(core.fd, '1', PAGE, made.mappings[0].offset + PAGE);
	fill(core.fd, '2', PAGE, made.mappings[1].offset);
	expect_bytes(&memory, end_of_text - 2, "1122");
}

Test(memory, what_is_not_there_cannot_be_read)
{
	const struct memory memory = {&core, &source};

	cr_expect(can_read(&memory, made.mappings[0].start, 8));
	cr_expect(!can_read(&memory, 0, 8));
	cr_expect(!can_read(&memory, made.mappings[0].start - 1, 8));
	cr_expect(!can_read(&memory, made.mappings[1].end - 4, 8));
	/* The reservation, which has no bytes, and behind all. */
	cr_expect(!can_read(&memory, made.mappings[4].start, 8));
	cr_expect(!can_read(&memory, made.mappings[5].end, 8));
	cr_expect(!can_read(&memory, UINT64_MAX, 8));
}

Test(memory, without_its_sources_the_rest_can_be_read)
{
	const struct memory memory = {&core, NULL};

	cr_expect(can_read(&memory, block, 8));
	cr_expect(!can_read(&memory, block + OUTSIDE - 4, 8));
	cr_expect(!can_read(&memory, block + OUTSIDE, 8));
	cr_expect(can_read(&memory, block + OUTSIDE + 2 * PAGE, 8));
}
