/*
 * test_base_pages.c - where a base has the bytes of an address: in itself, in
 * one of its sources, or nowhere
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/memory/base_pages.h"
#include "common/io.h"
#include "tests/expect.h"
#include "tests/made_files.h"

TestSuite(base_pages, .init = made_files_begin, .fini = made_files_end);

enum {
	PAGE = 4096,
};

/* A core in which some of the heap is in "lib", and more in "other". */
struct made {
	struct made_core from;
	struct base_pages base;
	struct source_places places;
	struct sources sources;
	uint64_t heap;
};

static void add_source(struct made *made, const char *name)
{
	struct core_source *to = &made->from.sources[made->from.source_count++];
	struct stat status;

	const struct timespec old[2] = {{1234567890}, {1234567890}};

	made_files_write(name, NULL, 16 * PAGE);
	cr_assert(utimensat(AT_FDCWD, name, old, 0) == 0);
	cr_assert(stat(name, &status) == 0);
	*to = (struct core_source){.size = 16 * PAGE,
				   .device = status.st_dev,
				   .inode = status.st_ino};
}

/* The folder is short enough for both of the names. */
static void name_sources(struct made *made)
{
	char *names = made->from.names;

	for (size_t i = 0; i < made->from.source_count; i++) {
		made->from.sources[i].name = 14;
		strcpy(names + 14, "lib");
	}
	made->from.sources[1].name = 20;
	strcpy(names + 20, "other");
}

static struct made *make(void)
{
	struct made *made = calloc(1, sizeof(*made));

	made_core_init(&made->from);
	made->heap = made->from.mappings[2].start;
	add_source(made, "lib");
	add_source(made, "other");
	name_sources(made);
	made->from.outside[0] =
		(struct core_outside){.start = made->heap + 4 * PAGE,
				      .end = made->heap + 8 * PAGE,
				      .offset = 2 * PAGE};
	made->from.outside[1] =
		(struct core_outside){.start = made->heap + 8 * PAGE,
				      .end = made->heap + 10 * PAGE,
				      .offset = 5 * PAGE,
				      .source = 1};
	made->from.outside_count = 2;
	return made;
}

static void open_base(struct made *made)
{
	struct error err = {0};

	made_files_write_core("base.core", &made->from);
	cr_assert(base_pages_open(&made->base, "base.core", &made->places,
				  &made->sources, &err) == 0,
		  "%s", err.text);
}

static void unmake(struct made *made)
{
	base_pages_close(&made->base);
	sources_deinit(&made->sources);
	free(made);
}

static struct base_place find(const struct made *made, uint64_t address,
			      bool is_there)
{
	struct base_place place = {.fd = 77};

	cr_expect(base_pages_find(&made->base, address, &place) == is_there,
		  "%#lx", address);
	return place;
}

#define expect_place(made, address, file, at, length)                       \
	do {                                                                \
		const struct base_place p_ = find(made, address, true);     \
                                                                            \
		cr_expect(p_.source == (file) && p_.offset == (at) &&       \
				  p_.size == (length),                      \
			  "%u, %#lx, %#lx", p_.source, p_.offset, p_.size); \
		cr_expect(p_.fd >= 0);                                      \
	} while (0)

#define expect_nowhere(made, address, length) \
	cr_expect(find(made, address, false).size == (length))

Test(base_pages, are_in_the_base_or_its_sources)
{
	struct made *made = make();
	const struct core_mapping *m = &made->from.mappings[2];
	const uint64_t heap = m->start;
	char path[MADE_PATH_MAX];

	open_base(made);
	cr_assert(made->sources.count == 3);
	made_files_path(path, "base.core");
	expect_text(made->sources.items[0].path, path);
	cr_expect(made->sources.items[0].known.digest ==
		  made->base.core.image->digest);
	cr_expect(made->sources.items[1].known.digest == 0);

	expect_place(made, heap, 0, m->offset, 4 * PAGE);
	expect_place(made, heap + 3 * PAGE, 0, m->offset + 3 * PAGE, PAGE);
	expect_place(made, heap + 4 * PAGE, 1, 2 * PAGE, 4 * PAGE);
	expect_place(made, heap + 7 * PAGE, 1, 5 * PAGE, PAGE);
	expect_place(made, heap + 8 * PAGE, 2, 5 * PAGE, 2 * PAGE);
	expect_place(made, heap + 10 * PAGE, 0, m->offset + 10 * PAGE,
		     m->end - heap - 10 * PAGE);
	unmake(made);
}

Test(base_pages, are_nowhere_in_holes_and_between_mappings)
{
	struct made *made = make();
	const struct core_mapping *m = made->from.mappings;
	const struct core_range *hole = made->from.holes;

	open_base(made);
	expect_nowhere(made, 0x1000, m[0].start - 0x1000);
	expect_nowhere(made, m[1].end, m[2].start - m[1].end);
	expect_nowhere(made, m[3].end, m[4].start - m[3].end);
	/* Of the reservation nothing is stored. */
	expect_nowhere(made, m[4].start, m[4].end - m[4].start);
	expect_place(made, hole[0].start - PAGE, 0,
		     m[3].offset + (hole[0].start - PAGE - m[3].start), PAGE);
	expect_nowhere(made, hole[0].start, hole[0].end - hole[0].start);
	expect_nowhere(made, hole[0].end - PAGE, PAGE);
	expect_place(made, hole[0].end, 0,
		     m[3].offset + (hole[0].end - m[3].start),
		     m[3].end - hole[0].end);
	expect_nowhere(made, m[5].end, UINT64_MAX - m[5].end);
	unmake(made);
}

Test(base_pages, that_others_see_are_nobodys)
{
	struct made *made = make();
	struct core_mapping *m = made->from.mappings;

	m[0].kind = CORE_MAPPING_SHARED;
	m[1].kind = CORE_MAPPING_VDSO;
	open_base(made);
	expect_nowhere(made, m[0].start, m[0].end - m[0].start);
	expect_nowhere(made, m[1].start, m[1].end - m[1].start);
	unmake(made);
}

/* What is there under its name now is another file. */
Test(base_pages, of_a_source_that_was_replaced_are_nowhere)
{
	struct made *made = make();

	made_files_write("copy", NULL, 16 * PAGE);
	cr_assert(rename("copy", "lib") == 0);
	open_base(made);
	cr_expect(made->sources.count == 2);
	expect_nowhere(made, made->heap + 4 * PAGE, 4 * PAGE);
	expect_place(made, made->heap + 8 * PAGE, 1, 5 * PAGE, 2 * PAGE);
	unmake(made);
}

Test(base_pages, of_a_source_that_is_gone_are_nowhere)
{
	struct made *made = make();

	unlink("other");
	open_base(made);
	expect_place(made, made->heap + 4 * PAGE, 1, 2 * PAGE, 4 * PAGE);
	expect_nowhere(made, made->heap + 8 * PAGE, 2 * PAGE);
	unmake(made);
}

/* A copy of it, too, as the restorer has looked at what it is. */
Test(base_pages, of_a_source_that_was_moved_are_where_it_is)
{
	struct made *made = make();
	char path[MADE_PATH_MAX];

	made->places.moved[0] = "lib=b/moved";
	made->places.moved_count = 1;
	cr_assert(system("mkdir b && cp -p lib b/moved && rm lib") == 0);
	open_base(made);
	cr_assert(made->sources.count == 3);
	made_files_path(path, "b/moved");
	expect_text(made->sources.items[1].path, path);
	expect_place(made, made->heap + 4 * PAGE, 1, 2 * PAGE, 4 * PAGE);
	expect_place(made, made->heap + 8 * PAGE, 2, 5 * PAGE, 2 * PAGE);
	unmake(made);
}

/* "lib" is another core, whose digest is that of the first source. */
static struct made *make_layer(struct made_core *lowest)
{
	struct made *made = make();
	struct error err = {0};
	struct core core;

	made_core_init(lowest);
	lowest->image.seconds = 77;
	made_files_write_core("lib", lowest);
	cr_assert(core_open(&core, "lib", &err) == 0, "%s", err.text);
	made->from.sources[0] = (struct core_source){
		.name = 14, .digest = core.image->digest, .size = 16 * PAGE};
	core_close(&core);
	return made;
}

static void expect_lowest(const struct made *made, const char *name)
{
	char path[MADE_PATH_MAX];

	cr_assert(made->sources.count == 3);
	made_files_path(path, name);
	expect_text(made->sources.items[1].path, path);
	cr_expect(made->sources.items[1].known.digest ==
		  made->from.sources[0].digest);
	expect_place(made, made->heap + 4 * PAGE, 1, 2 * PAGE, 4 * PAGE);
}

Test(base_pages, of_a_base_of_the_base_are_where_it_is)
{
	struct made_core lowest;
	struct made *made = make_layer(&lowest);

	cr_assert(system("mkdir b && mv lib b/moved") == 0);
	made->places.bases[0] = "nowhere";
	made->places.bases[1] = "b/moved";
	made->places.base_count = 2;
	open_base(made);
	expect_lowest(made, "b/moved");
	unmake(made);
}

/* Both in another folder, where nobody needs to say so. */
Test(base_pages, of_a_base_of_the_base_may_be_beside_it)
{
	struct made_core lowest;
	struct made *made = make_layer(&lowest);
	struct error err = {0};

	made_files_write_core("base.core", &made->from);
	cr_assert(system("mkdir b && mv lib base.core b") == 0);
	cr_assert(base_pages_open(&made->base, "b/base.core", &made->places,
				  &made->sources, &err) == 0,
		  "%s", err.text);
	expect_lowest(made, "b/lib");
	unmake(made);
}

Test(base_pages, of_another_core_than_its_base_are_nowhere)
{
	struct made_core lowest;
	struct made *made = make_layer(&lowest);

	lowest.image.seconds++;
	made_files_write_core("lib", &lowest);
	open_base(made);
	cr_expect(made->sources.count == 2);
	expect_nowhere(made, made->heap + 4 * PAGE, 4 * PAGE);
	unmake(made);
}

Test(base_pages, base_that_is_none_is_refused)
{
	struct base_pages base;
	const struct source_places places = {0};
	struct sources sources = {0};
	struct error err = {0};

	made_files_write("base.core", "nothing", 7);
	cr_expect(base_pages_open(&base, "base.core", &places, &sources, &err) <
		  0);
	expect_contains(err.text, "cannot use 'base.core'");
	cr_expect(sources.count == 0);
}
