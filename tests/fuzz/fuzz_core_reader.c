/*
 * fuzz_core_reader.c - any bytes are refused, or are a core that keeps its
 * promises and of which a plan can be made
 *
 * Half of the inputs are sealed again, so that the digest hides nothing.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/attribute.h"
#include "common/core_reader.h"
#include "common/core_record.h"
#include "common/core_writer.h"
#include "fuzz.h"
#include "restore/plan.h"
#include "tests/make_core.h"

static const uint64_t file_size = MADE_DATA + 0x144000;

size_t fuzz_begin(uint8_t *bytes, size_t size)
{
	struct made_core made;
	size_t front_size;
	char *front;

	made_core_init(&made);
	made.thread_count = 3;
	made.threads[1].registers.rbx = 4712;
	made.pending[0].thread = CORE_THREAD_NONE;
	made.pending[1].thread = 2;
	made.pending_count = 2;
	made.timers[0] = (struct core_timer){.kind = CORE_TIMER_INTERVAL,
					     .thread = CORE_THREAD_NONE};
	made.timers[1] = (struct core_timer){
		.kind = CORE_TIMER_POSIX, .id = 3, .thread = 1};
	made.timer_count = 2;
	made.owners[0] =
		(struct core_owner){0x555555558100, 1, CORE_OWNER_MEMORY};
	made.owners[1] = (struct core_owner){40, 1, CORE_OWNER_REGISTER};
	made.owner_count = 2;
	made.guards[0] = (struct core_range){0x7ffff7000000, 0x7ffff7001000};
	made.guard_count = 1;
	made.objects[0] = (struct core_object){.size = 0x100000};
	made.object_count = 1;
	made.mappings[4].kind = CORE_MAPPING_OBJECT;
	made.machine.used = 7;
	made.machine.parts[2] = (struct core_xstate_part){576, 256};
	made.attributes[1] =
		(struct core_attribute){ATTRIBUTE_MEMORY_POLICY, .value = 1};
	made.attributes[2] = (struct core_attribute){
		ATTRIBUTE_MEMORY_POLICY + 1, .value = 1};
	made.attribute_count = 3;
	made.files[0] = (struct core_file){
		.kind = CORE_FILE_PIPE, .peer = 1, .data_size = 24};
	made.files[1] = (struct core_file){.kind = CORE_FILE_PIPE};
	made.files[2] = (struct core_file){.kind = CORE_FILE_EPOLL, .peer = 2};
	made.files[3] = (struct core_file){.kind = CORE_FILE_MEMFD, .peer = 3};
	made.file_count = 4;
	memcpy(made.file_data,
	       &(struct core_record){CORE_RECORD_MESSAGE, .size = 5}, 16);
	made.file_data_size = 24;
	for (uint32_t i = 0; i < 4; i++)
		made.descriptors[i] =
			(struct core_descriptor){.fd = 5 + i, .file = i};
	made.descriptor_count = 4;
	made.watches[0] = (struct core_watch){.file = 2, .target = 5};
	made.watch_count = 1;
	made.sources[0] = (struct core_source){.size = 0x5000, .id_size = 20};
	made.sources[1] = (struct core_source){.size = 0x8001, .digest = 1};
	made.source_count = 2;
	made.outside[0] =
		(struct core_outside){0x555555554000, 0x555555556000, 0, 0, 0};
	made.outside[1] = (struct core_outside){0x55555555a000, 0x55555555d000,
						0x6000, 1, 0};
	made.outside[2] = (struct core_outside){0x55555555d000, 0x55555555e000,
						0x4000, 0, 0};
	made.outside_count = 3;
	front = made_core_front(&made, &front_size);
	assert(front_size <= size);
	memcpy(bytes, front, front_size);
	free(front);
	return front_size;
}

static void check_mappings(const struct core *core)
{
	size_t digests = 0;

	for (size_t i = 0; i < core->mapping_count; i++) {
		const struct core_mapping *m = &core->mappings[i];

		assert(m->start < m->end && m->end <= 0x7ffffffff000);
		assert(i == 0 || m[-1].end <= m->start);
		assert(m->offset == 0 ||
		       m->offset + (m->end - m->start) <= file_size);
		assert(strlen(core->names + m->name) < core->names_size);
		if (m->offset)
			assert(core->digests[digests++].start == m->start);
	}
	assert(digests == core->digest_count);
	for (size_t i = 1; i < core->hole_count; i++)
		assert(core->holes[i - 1].end <= core->holes[i].start);
	for (size_t i = 1; i < core->seam_count; i++)
		assert(core->seams[i - 1] < core->seams[i]);
}

static void check_files(const struct core *core)
{
	for (size_t i = 0; i < core->file_count; i++) {
		const struct core_file *file = &core->files[i];
		struct core_record_cursor at = core_file_records(core, file);
		struct core_record record;
		const char *bytes;

		assert(core->files[file->peer].peer == i);
		assert(strlen(core->names + file->name) < core->names_size);
		if (file->kind == CORE_FILE_MEMFD)
			continue;
		while (core_record_next(&at, &record, (const void **)&bytes))
			assert(bytes + record.size <=
			       core->file_data + core->file_data_size);
	}
	for (size_t i = 0; i < core->descriptor_count; i++)
		assert(core->descriptors[i].file < core->file_count);
	for (size_t i = 0; i < core->watch_count; i++)
		assert(core->watches[i].file < core->file_count);
}

static void check_sources(const struct core *core)
{
	for (size_t i = 0; i < core->source_count; i++) {
		const struct core_source *source = &core->sources[i];

		assert(strlen(core->names + source->name) < core->names_size);
		assert(source->id_size <= sizeof(source->id));
	}
	for (size_t i = 0; i < core->outside_count; i++) {
		const struct core_outside *o = &core->outside[i];
		size_t within = 0;

		assert(o->start < o->end);
		assert(i == 0 || o[-1].end <= o->start);
		assert(o->source < core->source_count);
		/* Up to the end of a page that may be the last. */
		assert(o->offset / CORE_PAGE_SIZE +
			       (o->end - o->start) / CORE_PAGE_SIZE <=
		       core->sources[o->source].size / CORE_PAGE_SIZE + 1);
		for (size_t k = 0; k < core->mapping_count; k++)
			within += core->mappings[k].offset &&
				  core->mappings[k].start <= o->start &&
				  o->end <= core->mappings[k].end;
		assert(within == 1);
		for (size_t k = 0; k < core->hole_count; k++)
			assert(core->holes[k].end <= o->start ||
			       core->holes[k].start >= o->end);
	}
}

static void check_plan(const struct core *core)
{
	struct vdso_plan vdso = {0};
	struct frame_layout layout = {.xcr0 = core->machine->xcr0};
	struct plan_input input = {.core = core,
				   .vdso = &vdso,
				   .layout = &layout,
				   .has_timer_ids = true};
	struct error err = {0};
	struct plan plan;
	int *fds = calloc(core->mapping_count + 1, sizeof(*fds));
	int *source_fds = calloc(core->source_count + 1, sizeof(*source_fds));
	unsigned char *region;
	size_t size;

	memcpy(layout.parts, core->machine->parts, sizeof(layout.parts));
	size = plan_region_size(&input);
	region = aligned_alloc(4096, size);
	memset(region, 0, size);
	input.shared_fds = fds;
	input.source_fds = source_fds;
	if (plan_find_region(core, 0x100000, size)) {
		assert(plan_make(&plan, &input, region, 0x100000, &err) == 0);
	}
	free(fds);
	free(source_fds);
	free(region);
}

void fuzz_one(uint8_t *bytes, size_t size)
{
	struct error err = {0};
	struct core core;

	if (size > 0 && bytes[size - 1] % 2 == 0)
		core_seal((char *)bytes, size);
	if (core_parse(&core, (char *)bytes, size, file_size, &err) < 0) {
		assert(err.fault != FAULT_NONE && err.text[0]);
		return;
	}
	check_mappings(&core);
	check_files(&core);
	check_sources(&core);
	check_plan(&core);
}
