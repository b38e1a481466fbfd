/*
 * test_core_sources.c - what a core says of files that hold a part of it
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/core_reader.h"
#include "tests/make_core.h"

/* *ret_front, into which @core points, is the caller's. */
static int parse(const struct made_core *made, struct core *core,
		 char **ret_front, struct error *err)
{
	size_t size;

	*ret_front = made_core_front(made, &size);
	return core_parse(core, *ret_front, size, made->image.file_size, err);
}

static void check_refused(const struct made_core *made, const char *message)
{
	struct error err = {0};
	struct core core;
	char *front;

	cr_assert(parse(made, &core, &front, &err) < 0, "accepted: %s",
		  message);
	cr_expect(strstr(err.text, message), "'%s', not '%s'", err.text,
		  message);
	free(front);
}

/* The heap's pages 1 to 5 and 8 to 10 are elsewhere, and some of the text. */
static void add_outside(struct made_core *made)
{
	const uint64_t heap = made->mappings[2].start;

	made->sources[0] = (struct core_source){
		.size = 0x20001, .name = 1, .id_size = CORE_BUILD_ID_SIZE};
	made->sources[1] = (struct core_source){.size = 0x5000, .digest = 7};
	made->source_count = 2;
	made->outside[0] =
		(struct core_outside){.start = made->mappings[0].start,
				      .end = made->mappings[0].start + 0x1000,
				      .offset = 0x20000};
	made->outside[1] = (struct core_outside){
		.start = heap + 0x1000, .end = heap + 0x6000, .source = 1};
	made->outside[2] = (struct core_outside){.start = heap + 0x8000,
						 .end = heap + 0xb000,
						 .offset = 0x2000,
						 .source = 1};
	made->outside_count = 3;
}

#define WITH_OUTSIDE(change, message)          \
	do {                                   \
		struct made_core made;         \
                                               \
		made_core_init(&made);         \
		add_outside(&made);            \
		change;                        \
		check_refused(&made, message); \
	} while (0)

Test(core_sources, pages_of_sources_are_taken_whole)
{
	struct made_core made;
	struct error err = {0};
	struct core core;
	char *front;

	made_core_init(&made);
	add_outside(&made);

	cr_assert(parse(&made, &core, &front, &err) == 0, "%s", err.text);

	cr_expect(core.source_count == 2 && core.outside_count == 3);
	cr_expect(core.sources[0].size == 0x20001 &&
		  core.sources[1].digest == 7);
	cr_expect(core.outside[2].offset == 0x2000 &&
		  core.outside[2].source == 1);
	free(front);
}

Test(core_sources, sources_that_make_no_sense_are_refused)
{
	WITH_OUTSIDE(made.sources[1].name = 32, "source 1 makes no sense");
	WITH_OUTSIDE(made.sources[1].name = UINT32_MAX,
		     "source 1 makes no sense");
	WITH_OUTSIDE(made.sources[0].id_size = CORE_BUILD_ID_SIZE + 1,
		     "source 0 makes no sense");
}

#define NO_PAGES(i) "pages " #i " of its sources make no sense"

Test(core_sources, pages_of_sources_lie_in_mappings)
{
	const uint64_t nowhere = 0x555555557000, text = 0x555555554000;

	WITH_OUTSIDE(made.outside[1].start += 1, NO_PAGES(1));
	WITH_OUTSIDE(made.outside[1].end -= 1, NO_PAGES(1));
	WITH_OUTSIDE(made.outside[1].end = made.outside[1].start, NO_PAGES(1));
	WITH_OUTSIDE(made.outside[1].end = made.outside[1].start - 0x1000,
		     NO_PAGES(1));
	WITH_OUTSIDE((made.outside[0].start = nowhere,
		      made.outside[0].end = nowhere + 0x1000),
		     NO_PAGES(0));
	WITH_OUTSIDE((made.outside[0].start = nowhere,
		      made.outside[0].end = nowhere + 0x2000,
		      made.outside[0].offset = 0),
		     NO_PAGES(0));
	/* From one mapping into its neighbour. */
	WITH_OUTSIDE((made.outside[0].start = text + 0x1000,
		      made.outside[0].end = text + 0x3000,
		      made.outside[0].offset = 0),
		     NO_PAGES(0));
	WITH_OUTSIDE((made.outside[2].start = UINT64_MAX - 0x1fff,
		      made.outside[2].end = UINT64_MAX - 0xfff),
		     NO_PAGES(2));
}

Test(core_sources, pages_of_sources_are_in_order)
{
	WITH_OUTSIDE(made.outside[2] = made.outside[1], NO_PAGES(2));
	WITH_OUTSIDE(made.outside[2].start = made.outside[1].end - 0x1000,
		     NO_PAGES(2));
	WITH_OUTSIDE((made.outside[0] = made.outside[2],
		      made.outside[2] = made.outside[1]),
		     NO_PAGES(1));
}

/* Where a hole is nobody has bytes. */
Test(core_sources, pages_of_sources_are_no_holes)
{
	const uint64_t heap = 0x555555558000;

	WITH_OUTSIDE((made.holes[0] = (struct core_range){heap + 0x5000,
							  heap + 0x7000}),
		     NO_PAGES(1));
	WITH_OUTSIDE((made.holes[0] = (struct core_range){heap, heap + 0x2000}),
		     NO_PAGES(1));
	WITH_OUTSIDE(
		(made.holes[0] = (struct core_range){heap, heap + 0x20000}),
		NO_PAGES(1));
	WITH_OUTSIDE((made.holes[0] = (struct core_range){heap + 0x9000,
							  heap + 0xa000}),
		     NO_PAGES(2));
}

/* Memory that others see, too, is theirs, and what is not stored has no place. */
Test(core_sources, only_private_memory_has_pages_of_sources)
{
	WITH_OUTSIDE((made.mappings[2].kind = CORE_MAPPING_OBJECT,
		      made.objects[0].size = 0x100000, made.object_count = 1),
		     NO_PAGES(1));
	WITH_OUTSIDE(made.mappings[2].kind = CORE_MAPPING_SHARED, NO_PAGES(1));
	WITH_OUTSIDE(made.mappings[0].kind = CORE_MAPPING_VDSO, NO_PAGES(0));
	WITH_OUTSIDE(made.mappings[0].kind = CORE_MAPPING_VVAR, NO_PAGES(0));
	WITH_OUTSIDE(
		(made.mappings[2].offset = 0, made_core_set_digests(&made)),
		NO_PAGES(1));
}

/* Its last page may be a part of one. */
Test(core_sources, pages_of_sources_are_there)
{
	WITH_OUTSIDE(made.outside[2].source = 2, NO_PAGES(2));
	WITH_OUTSIDE(made.outside[2].source = UINT32_MAX, NO_PAGES(2));
	WITH_OUTSIDE(made.outside[2].offset += 8, NO_PAGES(2));
	WITH_OUTSIDE(made.outside[2].offset = 0x3000, NO_PAGES(2));
	WITH_OUTSIDE(made.outside[0].offset = 0x21000, NO_PAGES(0));
	WITH_OUTSIDE(made.sources[0].size = 0x20000, NO_PAGES(0));
	WITH_OUTSIDE(made.sources[1].size = 0x4000, NO_PAGES(1));
	WITH_OUTSIDE(made.sources[1].size = 0, NO_PAGES(1));
	WITH_OUTSIDE(made.outside[2].offset = UINT64_MAX - 0xfff, NO_PAGES(2));
	WITH_OUTSIDE((made.sources[1].size = UINT64_MAX,
		      made.outside[2].offset = UINT64_MAX - 0x1fff),
		     NO_PAGES(2));
}
