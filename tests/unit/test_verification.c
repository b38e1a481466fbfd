/*
 * test_verification.c - bytes of a core in, what of them is damaged out
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/page_digest.h"
#include "tests/expect.h"
#include "tests/make_core.h"
#include "tools/inspect/verification.h"

enum {
	MEMFD_SIZE = 5000,
	MEMFD_DATA = MADE_DATA + 0x150000,
};

static struct made_core made;
static struct core core;
static char *front;

static uint64_t digest_of(uint64_t address, const char *pages, size_t size)
{
	struct page_digest *digest = page_digest_create();
	uint64_t value;

	page_digest_add(digest, address, pages, size);
	value = page_digest_value(digest);
	page_digest_destroy(digest);
	return value;
}

/* All mappings are holes but for two pages; the memfd ends within a page. */
static void begin(void)
{
	static char pages[2 * CORE_PAGE_SIZE];
	struct error err = {0};
	size_t size;
	int fd = memfd_create("core", 0);

	memset(pages, 'x', MEMFD_SIZE);
	made_core_init(&made);
	made.image.file_size = MEMFD_DATA + sizeof(pages);
	for (size_t i = 0; i < made.digest_count; i++)
		made.digests[i].digest = digest_of(0, NULL, 0);
	made.digests[2].digest = digest_of(made.mappings[2].start + 0x4000,
					   pages, sizeof(pages));
	memcpy(made.names, "\0ring", 6);
	made.files[0] = (struct core_file){
		.kind = CORE_FILE_MEMFD,
		.name = 1,
		.size = MEMFD_SIZE,
		.data = MEMFD_DATA,
		.data_size = MEMFD_SIZE,
		.values = {[CORE_MEMFD_DIGEST] =
				   digest_of(0, pages, sizeof(pages))},
	};
	made.file_count = 1;
	front = made_core_front(&made, &size);
	cr_assert(core_parse(&core, front, size, made.image.file_size, &err) ==
			  0,
		  "%s", err.text);
	core.fd = fd;
	cr_assert(ftruncate(fd, (off_t)made.image.file_size) == 0);
	cr_assert(pwrite(fd, pages, sizeof(pages),
			 (off_t)made.mappings[2].offset + 0x4000) ==
		  sizeof(pages));
	cr_assert(pwrite(fd, pages, MEMFD_SIZE, MEMFD_DATA) == MEMFD_SIZE);
}

static void end(void)
{
	close(core.fd);
	free(front);
}

static json_t *verify(void)
{
	struct error err = {0};
	json_t *object = NULL;

	cr_assert(verification_make(&core, NULL, &object, &err) == 0, "%s",
		  err.text);
	return object;
}

static const char *text_of(const json_t *object, size_t i, const char *key)
{
	const json_t *damaged = json_object_get(object, "damaged");

	return json_string_value(
		json_object_get(json_array_get(damaged, i), key));
}

static void put_byte(uint64_t offset, char byte)
{
	cr_assert(pwrite(core.fd, &byte, 1, (off_t)offset) == 1);
}

static void expect_count(const json_t *object, size_t damaged)
{
	struct error err = {0};
	const size_t count =
		json_array_size(json_object_get(object, "damaged"));

	cr_assert(count == damaged, "%zu are damaged", count);
	cr_expect((verification_judge(object, &err) < 0) == (damaged > 0));
}

TestSuite(verification, .init = begin, .fini = end);

Test(verification, what_is_as_it_was_is_whole)
{
	json_t *object = verify();

	expect_count(object, 0);
	cr_expect(json_integer_value(json_object_get(object, "checked")) == 6);
	/* The memfd's last page is not counted beyond its end. */
	cr_expect(json_integer_value(json_object_get(object, "bytes")) ==
		  2 * CORE_PAGE_SIZE + MEMFD_SIZE);
	json_decref(object);
}

Test(verification, holes_that_were_filled_with_zeros_are_no_damage)
{
	json_t *object;

	put_byte(made.mappings[3].offset, 0);
	object = verify();

	expect_count(object, 0);
	json_decref(object);
}

Test(verification, changed_byte_is_found_in_its_mapping)
{
	struct error err = {0};
	json_t *object;

	put_byte(made.mappings[2].offset + 0x4abc, 'y');
	object = verify();

	expect_count(object, 1);
	expect_text(text_of(object, 0, "start"), "0x555555558000");
	expect_text(text_of(object, 0, "end"), "0x555555578000");
	verification_judge(object, &err);
	expect_text(err.text, "it is damaged: of 6 pieces of memory 1 is not "
			      "as captured");
	json_decref(object);
}

Test(verification, byte_in_a_hole_and_lost_page_are_found)
{
	json_t *object;

	put_byte(made.mappings[0].offset, 'y');
	cr_assert(fallocate(core.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			    (off_t)made.mappings[2].offset + 0x4000,
			    CORE_PAGE_SIZE) == 0);
	object = verify();

	expect_count(object, 2);
	expect_text(text_of(object, 0, "start"), "0x555555554000");
	expect_text(text_of(object, 1, "start"), "0x555555558000");
	json_decref(object);
}

Test(verification, memfd_is_named)
{
	json_t *object;

	put_byte(MEMFD_DATA + MEMFD_SIZE - 1, 'y');
	object = verify();

	expect_count(object, 1);
	expect_text(text_of(object, 0, "memfd"), "ring");
	json_decref(object);
}

Test(verification, what_cannot_be_read_is_an_error)
{
	struct error err = {0};
	json_t *object = NULL;

	close(core.fd);
	cr_expect(verification_make(&core, NULL, &object, &err) < 0);
	expect_contains(err.text, "cannot read its memory: ");
	cr_expect(!object);
}
