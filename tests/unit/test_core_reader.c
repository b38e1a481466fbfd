/*
 * test_core_reader.c - bytes in, a checked core or a refusal out
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/attribute.h"
#include "common/core_reader.h"
#include "common/core_writer.h"
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

/* One change to a core that is right, and what has to be said of it. */
#define CHANGED(change, message)               \
	do {                                   \
		struct made_core made;         \
                                               \
		made_core_init(&made);         \
		change;                        \
		check_refused(&made, message); \
	} while (0)

Test(core_reader, right_core_is_taken_whole)
{
	struct made_core made;
	struct error err = {0};
	struct core core;
	char *front;

	made_core_init(&made);

	cr_assert(parse(&made, &core, &front, &err) == 0, "%s", err.text);

	cr_expect(core.mapping_count == MADE_MAPPINGS);
	cr_expect(core.hole_count == 2 && core.seam_count == 1);
	cr_expect(core.thread_count == 1 && core.threads[0].tid == 4711);
	cr_expect(core.digest_count == MADE_MAPPINGS - 1);
	cr_expect(core.audit_size == 2 && memcmp(core.audit, "{}", 2) == 0);
	cr_expect(strcmp(core.names + 1, "/usr/bin/svc") == 0);
	cr_expect(core.auxv_count == 4 && core.auxv[1] == 4096);
	cr_expect((uintptr_t)core.mappings % 8 == 0, "not aligned");
	free(front);
}

Test(core_reader, every_length_that_is_too_short_is_refused)
{
	struct made_core made;
	size_t size;
	char *front;

	made_core_init(&made);
	front = made_core_front(&made, &size);
	for (size_t cut = 0; cut < size; cut++) {
		/* A copy of just that length, for the sanitizer to guard. */
		char *copy = malloc(cut ? cut : 1);
		struct error err = {0};
		struct core core;

		memcpy(copy, front, cut);
		cr_assert(core_parse(&core, copy, cut, cut, &err) < 0,
			  "accepted with %zu of %zu bytes", cut, size);
		cr_assert(err.fault == FAULT_CORRUPT, "%s", err.text);
		free(copy);
	}
	free(front);
}

Test(core_reader, every_changed_byte_is_found)
{
	struct made_core made;
	size_t size;
	char *front;

	made_core_init(&made);
	front = made_core_front(&made, &size);
	for (size_t i = 0; i < size; i++) {
		struct error err = {0};
		struct core core;

		front[i] ^= 0x10;
		cr_assert(core_parse(&core, front, size, made.image.file_size,
				     &err) < 0,
			  "byte %zu", i);
		front[i] ^= 0x10;
	}
	free(front);
}

Test(core_reader, other_version_and_page_size_are_named)
{
	CHANGED(made.image.version = 9;
		made.image.digest = 1, "it has version 9 of the format");
	CHANGED(made.image.page_size = 65536, "its pages have 65536 bytes");
}

Test(core_reader, file_that_is_shorter_than_it_was_is_refused)
{
	struct made_core made;
	struct error err = {0};
	struct core core;
	size_t size;
	char *front;

	made_core_init(&made);
	front = made_core_front(&made, &size);

	cr_expect(core_parse(&core, front, size, made.image.file_size - 1,
			     &err) < 0);

	cr_expect(strstr(err.text, "it is cut short"), "%s", err.text);
	cr_expect(strstr(err.hint, "Was the copy complete?"));
	free(front);
}

Test(core_reader, mappings_that_make_no_sense_are_refused)
{
	CHANGED(made.mappings[1].start = 0x555555555000,
		"mapping 1 is out of order or overlaps");
	CHANGED(made.mappings[2].end = made.mappings[2].start,
		"mapping 2 is out of order or overlaps");
	CHANGED(made.mappings[0].start = 0, "mapping 0 is out of order");
	CHANGED(made.mappings[5].end = 0x800000000000,
		"mapping 5 is out of order");
	CHANGED(made.mappings[0].start += 1, "mapping 0 is out of order");
	CHANGED(made.mappings[0].kind = 99, "mapping 0 is of no kind");
	CHANGED(made.mappings[0].kind = 0, "mapping 0 is of no kind");
	CHANGED(made.mappings[0].protection = 8, "mapping 0 is of no kind");
	CHANGED(made.mappings[0].name = 32, "mapping 0 is of no kind");
	CHANGED(made.mappings[0].offset = made.image.file_size & ~0xfffULL,
		"mapping 0 is stored outside the file");
	CHANGED(made.mappings[0].offset = 0xfffffffffffff000,
		"mapping 0 is stored outside the file");
	CHANGED(made.mappings[0].offset += 1,
		"mapping 0 is stored outside the file");
}

Test(core_reader, holes_and_seams_lie_in_mappings)
{
	CHANGED(made.holes[0].start = 0x7ffff6000000,
		"hole 0 lies in no mapping");
	CHANGED(made.holes[0].end = 0x7ffff7101000,
		"hole 0 lies in no mapping");
	CHANGED(made.holes[0].end = made.holes[0].start,
		"hole 0 lies in no mapping");
	CHANGED(made.holes[1] = made.holes[0], "hole 1 lies in no mapping");
	CHANGED(made.seams[0] = 0x7ffff7100000, "seam 0 lies in no mapping");
	CHANGED(made.seams[0] += 8, "seam 0 lies in no mapping");
	CHANGED(made.seams[1] = made.seams[0];
		made.seam_count = 2, "seam 1 lies in no mapping");
}

/* A page of the file that belongs to nobody, or to somebody. */
Test(core_reader, working_set_has_room_of_its_own)
{
	struct made_core made;
	struct error err = {0};
	struct core core;
	char *front;

	made_core_init(&made);
	made.image.working_set = made.image.file_size;
	made.image.file_size += CORE_WORKING_SET_ROOM;
	cr_assert(parse(&made, &core, &front, &err) == 0, "%s", err.text);
	free(front);
}

Test(core_reader, working_set_elsewhere_is_refused)
{
#define ROOM(at)                               \
	CHANGED(made.image.working_set = (at), \
		"its working set lies where other things are")
	ROOM(made.image.file_size);
	ROOM(made.image.file_size - CORE_PAGE_SIZE);
	ROOM(UINT64_MAX - CORE_PAGE_SIZE + 1);
	ROOM(CORE_PAGE_SIZE);
	ROOM(MADE_DATA);
	ROOM(MADE_DATA + 1);
#undef ROOM
}

Test(core_reader, threads_and_their_registers_are_there)
{
	CHANGED(made.thread_count = 0, "it has no thread");
	CHANGED(made.threads[0].xstate_size = 500, "lie outside their note");
	CHANGED(made.threads[0].xstate_size = 2697, "lie outside their note");
	CHANGED(made.threads[0].xstate_offset = 8, "lie outside their note");
	CHANGED(made.threads[0].xstate_offset = UINT64_MAX,
		"lie outside their note");
}

Test(core_reader, attributes_are_known_and_there_once)
{
	CHANGED(made.attributes[0].id = 9999,
		"attribute 0 is unknown or out of order");
	CHANGED(made.attributes[1] = made.attributes[0];
		made.attribute_count = 2,
		"attribute 1 is unknown or out of order");
	CHANGED(made.attributes[0] = ((struct core_attribute){
			ATTRIBUTE_WORKING_FOLDER, 0, 1ULL << 40}),
		"the name of its folder is missing");
}

Test(core_reader, one_thread_is_the_main_one)
{
	CHANGED(made.threads[0].tid = 4712, "it has no main thread");
}

Test(core_reader, what_speaks_of_a_thread_speaks_of_one_that_is_there)
{
	const char *message = "a signal, timer or lock belongs to no thread";

	CHANGED(made.pending[0].thread = 1; made.pending_count = 1, message);
	CHANGED(made.timers[0] = ((struct core_timer){.kind = CORE_TIMER_POSIX,
						      .thread = 1});
		made.timer_count = 1, message);
	CHANGED(made.owners[0] = ((struct core_owner){.kind = CORE_OWNER_MEMORY,
						      .thread = 1});
		made.owner_count = 1, message);
	CHANGED(made.owners[0] = ((struct core_owner){.kind = 3});
		made.owner_count = 1, message);
	CHANGED(made.owners[0] = ((struct core_owner){
			.kind = CORE_OWNER_REGISTER, .address = 4096});
		made.owner_count = 1, message);
	CHANGED(made.attributes[0].thread = 1,
		"attribute 0 is unknown or out of order");
}

Test(core_reader, timers_come_in_order)
{
	const struct core_timer timer = {
		.kind = CORE_TIMER_POSIX, .id = 3, .thread = CORE_THREAD_NONE};

	CHANGED(made.timers[0] = made.timers[1] = timer;
		made.timer_count = 2, "timer 1 is unknown or out of order");
	CHANGED(made.timers[0] = timer; made.timers[0].id = -1;
		made.timer_count = 1, "timer 0 is unknown or out of order");
	CHANGED(made.timers[0] = timer; made.timers[0].kind = 3;
		made.timer_count = 1, "timer 0 is unknown or out of order");
	CHANGED(made.timers[0] = timer;
		made.timers[0].kind = CORE_TIMER_INTERVAL;
		made.timer_count = 1, "timer 0 is unknown or out of order");
}

Test(core_reader, guard_regions_lie_in_mappings)
{
	CHANGED(made.guards[0] = ((struct core_range){0x1000, 0x2000});
		made.guard_count = 1, "guard region 0 lies in no mapping");
}

Test(core_reader, each_mapping_with_bytes_has_a_digest_and_no_other)
{
	CHANGED(made.digest_count--, "mapping 5 has no digest");
	CHANGED(made.digests[1].start += 4096, "mapping 1 has no digest");
	CHANGED(made.digests[0] = made.digests[1], "mapping 0 has no digest");
	CHANGED(made.mappings[4].offset = made.mappings[3].offset,
		"mapping 4 has no digest");
	CHANGED(made.mappings[5].offset = 0, "digest 4 belongs to no mapping");
	CHANGED(made.digest_count++, "digest 5 belongs to no mapping");
}

Test(core_reader, shared_memory_is_there_and_large_enough)
{
	CHANGED(made.mappings[3].kind = CORE_MAPPING_OBJECT,
		"mapping 3 is of no kind that is known");
	CHANGED(made.mappings[3].kind = CORE_MAPPING_OBJECT;
		made.objects[0].size = 0x1000;
		made.object_count = 1, "mapping 3 goes beyond its object");
	CHANGED(made.objects[0].size = 1;
		made.object_count = 1, "shared memory 0 makes no sense");
}

/* A pipe of two open files, one with a message, and an epoll that watches. */
static void add_files(struct made_core *made)
{
	const struct core_record message = {CORE_RECORD_MESSAGE, .size = 5};

	made->files[0] = (struct core_file){
		.kind = CORE_FILE_PIPE, .peer = 1, .data_size = 24};
	made->files[1] = (struct core_file){.kind = CORE_FILE_PIPE};
	made->files[2] = (struct core_file){.kind = CORE_FILE_EPOLL, .peer = 2};
	made->file_count = 3;
	memcpy(made->file_data, &message, sizeof(message));
	made->file_data_size = 24;
	for (uint32_t i = 0; i < 3; i++)
		made->descriptors[i] =
			(struct core_descriptor){.fd = 5 + i, .file = i};
	made->descriptor_count = 3;
	made->watches[0] = (struct core_watch){.file = 2, .target = 5};
	made->watch_count = 1;
}

#define WITH_FILES(change, message) CHANGED((add_files(&made), change), message)

Test(core_reader, open_files_are_taken)
{
	struct made_core made;
	struct error err = {0};
	struct core core;
	char *front;

	made_core_init(&made);
	add_files(&made);

	cr_assert(parse(&made, &core, &front, &err) == 0, "%s", err.text);

	cr_expect(core.file_count == 3 && core.descriptor_count == 3);
	cr_expect(core.watch_count == 1 && core.file_data_size == 24);
	free(front);
}

Test(core_reader, open_files_that_make_no_sense_are_refused)
{
	WITH_FILES(made.files[0].kind = 0, "open file 0 makes no sense");
	WITH_FILES(made.files[2].kind = CORE_FILE_KINDS,
		   "open file 2 makes no sense");
	WITH_FILES(made.files[2].name = 32, "open file 2 makes no sense");
	WITH_FILES(made.files[2].peer = 3, "open file 2 makes no sense");
	WITH_FILES(made.files[1].peer = 1, "open file 0 makes no sense");
	WITH_FILES(made.files[0].peer = 2, "open file 0 makes no sense");
	WITH_FILES(made.files[2].peer = 0, "open file 2 makes no sense");
	WITH_FILES(made.files[0].data = 8, "open file 0 makes no sense");
	WITH_FILES(made.files[0].data_size = 16, "open file 0 makes no sense");
	WITH_FILES(made.files[0].data = UINT64_MAX - 7,
		   "open file 0 makes no sense");
	WITH_FILES(made.file_data[8] = 100, "open file 0 makes no sense");
	WITH_FILES((made.file_data[0] = 1, made.file_data[8] = 1),
		   "open file 0 makes no sense");
	WITH_FILES((made.files[2].kind = CORE_FILE_MEMFD,
		    made.files[2].data_size = 1),
		   "open file 2 makes no sense");
	WITH_FILES((made.files[2].kind = CORE_FILE_MEMFD,
		    made.files[2].size = UINT64_MAX,
		    made.files[2].data_size = UINT64_MAX),
		   "open file 2 makes no sense");
	WITH_FILES((made.objects[0].file = 1, made.object_count = 1),
		   "shared memory 0 is no memfd");
	WITH_FILES((made.objects[0].file = 4, made.object_count = 1),
		   "shared memory 0 is no memfd");
}

Test(core_reader, descriptors_and_watches_are_in_order)
{
	WITH_FILES(made.descriptors[1].fd = 5, "descriptor 1 is out of order");
	WITH_FILES(made.descriptors[0].file = 3,
		   "descriptor 0 is out of order");
	WITH_FILES(made.descriptors[2].fd = UINT32_MAX,
		   "descriptor 2 is out of order");
	WITH_FILES(made.watches[0].file = 0, "watch 0 is out of order");
	WITH_FILES(made.watches[0].file = 3, "watch 0 is out of order");
	WITH_FILES(made.watches[0].name = 32, "watch 0 is out of order");
	WITH_FILES(made.watches[0].target = UINT32_MAX,
		   "watch 0 is out of order");
}

Test(core_reader, every_note_is_there_once)
{
	for (uint32_t type = CORE_NOTE_IMAGE; type < CORE_NOTE_END; type++) {
		CHANGED(made.leave_out = type, type == CORE_NOTE_IMAGE
						       ? "it has no SUBCTX note"
						       : "is missing");
		CHANGED(made.twice = type, "it has two notes with its");
	}
}

Test(core_reader, names_end_where_their_note_does)
{
	CHANGED(memset(made.names, 'x', sizeof(made.names)),
		"its names do not end");
}

Test(core_reader, vdso_lies_somewhere)
{
	CHANGED(made.process.vdso = ((struct core_range){0x2000, 0x1000}),
		"the place of its vdso makes no sense");
	CHANGED(made.process.vvar = ((struct core_range){1, 0x1000}),
		"the place of its vdso makes no sense");
}
