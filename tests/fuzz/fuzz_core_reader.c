/*
 * fuzz_core_reader.c - any bytes are refused, or are a core that keeps its
 * promises and of which a plan can be made
 *
 * Half of the inputs are sealed again, so that the digest hides nothing.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/core_reader.h"
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
	front = made_core_front(&made, &front_size);
	assert(front_size <= size);
	memcpy(bytes, front, front_size);
	free(front);
	return front_size;
}

static void check_mappings(const struct core *core)
{
	for (size_t i = 0; i < core->mapping_count; i++) {
		const struct core_mapping *m = &core->mappings[i];

		assert(m->start < m->end && m->end <= 0x7ffffffff000);
		assert(i == 0 || m[-1].end <= m->start);
		assert(m->offset == 0 ||
		       m->offset + (m->end - m->start) <= file_size);
		assert(strlen(core->names + m->name) < core->names_size);
	}
	for (size_t i = 1; i < core->hole_count; i++)
		assert(core->holes[i - 1].end <= core->holes[i].start);
	for (size_t i = 1; i < core->seam_count; i++)
		assert(core->seams[i - 1] < core->seams[i]);
}

static void check_plan(const struct core *core)
{
	struct vdso_plan vdso = {0};
	struct plan_input input = {.core = core, .vdso = &vdso};
	struct error err = {0};
	struct plan plan;
	size_t size = plan_region_size(&input);
	unsigned char *region = aligned_alloc(4096, size);
	int *fds = calloc(core->mapping_count + 1, sizeof(*fds));

	memset(region, 0, size);
	input.shared_fds = fds;
	if (plan_find_region(core, 0x100000, size))
		assert(plan_make(&plan, &input, region, 0x100000, &err) == 0);
	free(fds);
	free(region);
}

void fuzz_one(uint8_t *bytes, size_t size)
{
	struct error err = {0};
	struct core core;

	if (size > 0 && bytes[size - 1] % 2 == 0)
		core_seal((char *)bytes, size);
	if (core_parse(&core, bytes, size, file_size, &err) < 0) {
		assert(err.fault != FAULT_NONE && err.text[0]);
		return;
	}
	check_mappings(&core);
	check_plan(&core);
	core_close(&core);
}
