/*
 * core_check.c - whether what the notes of a core say makes sense
 */
#include "core_check.h"

#include <stdbool.h>
#include <sys/mman.h>

#include "attribute.h"

/* The lower half of the canonical addresses, less the kernel's guard page. */
static const uint64_t address_end = 0x7ffffffff000;

static bool is_aligned(uint64_t value)
{
	return value % CORE_PAGE_SIZE == 0;
}

static int check_mapping(const struct core *core, size_t i, struct error *err)
{
	const struct core_mapping *m = &core->mappings[i];
	uint64_t before = i > 0 ? m[-1].end : CORE_PAGE_SIZE;

	if (!is_aligned(m->start) || !is_aligned(m->end) ||
	    m->start >= m->end || m->start < before || m->end > address_end)
		return error_set(err, FAULT_CORRUPT,
				 "mapping %zu is out of order or overlaps", i);
	if (m->kind < CORE_MAPPING_FILE || m->kind > CORE_MAPPING_VVAR ||
	    m->protection & ~(uint32_t)(PROT_READ | PROT_WRITE | PROT_EXEC) ||
	    m->name >= core->names_size)
		return error_set(err, FAULT_CORRUPT,
				 "mapping %zu is of no kind that is known", i);
	if (!is_aligned(m->offset) || !is_aligned(m->file_offset) ||
	    (m->offset &&
	     (m->offset > core->image->file_size ||
	      m->end - m->start > core->image->file_size - m->offset)))
		return error_set(err, FAULT_CORRUPT,
				 "mapping %zu is stored outside the file", i);
	return 0;
}

static int check_holes(const struct core *core, struct error *err)
{
	const struct core_mapping *m = core->mappings;
	const struct core_mapping *end = m + core->mapping_count;
	uint64_t before = 0;

	for (size_t i = 0; i < core->hole_count; i++) {
		const struct core_range *hole = &core->holes[i];

		while (m < end && m->end <= hole->start)
			m++;
		if (!is_aligned(hole->start) || !is_aligned(hole->end) ||
		    hole->start < before || hole->start >= hole->end ||
		    m == end || hole->start < m->start || hole->end > m->end)
			return error_set(err, FAULT_CORRUPT,
					 "hole %zu lies in no mapping", i);
		before = hole->end;
	}
	return 0;
}

static int check_seams(const struct core *core, struct error *err)
{
	const struct core_mapping *m = core->mappings;
	const struct core_mapping *end = m + core->mapping_count;
	uint64_t before = 0;

	for (size_t i = 0; i < core->seam_count; i++) {
		uint64_t seam = core->seams[i];

		while (m < end && m->end <= seam)
			m++;
		if (!is_aligned(seam) || seam <= before || m == end ||
		    seam < m->start)
			return error_set(err, FAULT_CORRUPT,
					 "seam %zu lies in no mapping", i);
		before = seam;
	}
	return 0;
}

/* An XSAVE area is at least the legacy area and the header. */
static int check_threads(const struct core *core, struct error *err)
{
	if (core->thread_count == 0)
		return error_set(err, FAULT_CORRUPT, "it has no thread");
	for (size_t i = 0; i < core->thread_count; i++) {
		const struct core_thread *t = &core->threads[i];

		if (t->xstate_size < 576 ||
		    t->xstate_offset > core->xstate_size ||
		    t->xstate_size > core->xstate_size - t->xstate_offset)
			return error_set(err, FAULT_CORRUPT,
					 "the registers of thread %zu lie "
					 "outside their note",
					 i);
	}
	return 0;
}

static int check_process(const struct core *core, struct error *err)
{
	const struct core_process *p = core->process;
	const struct core_range *both[] = {&p->vdso, &p->vvar};

	for (size_t i = 0; i < 2; i++)
		if (!is_aligned(both[i]->start) || !is_aligned(both[i]->end) ||
		    both[i]->start > both[i]->end || both[i]->end > address_end)
			return error_set(err, FAULT_CORRUPT,
					 "the place of its vdso makes no "
					 "sense");
	return 0;
}

/* Each once, so that whoever sets them can count on their number. */
static int check_attributes(const struct core *core, struct error *err)
{
	bool is_seen[ATTRIBUTE_END] = {false};

	for (size_t i = 0; i < core->attribute_count; i++) {
		const struct core_attribute *a = &core->attributes[i];

		if (a->id >= ATTRIBUTE_END || is_seen[a->id])
			return error_set(err, FAULT_CORRUPT,
					 "attribute %zu is unknown or there "
					 "twice",
					 i);
		is_seen[a->id] = true;
		if (a->id == ATTRIBUTE_WORKING_FOLDER &&
		    a->value >= core->names_size)
			return error_set(err, FAULT_CORRUPT,
					 "the name of its folder is missing");
	}
	return 0;
}

int core_check(const struct core *core, struct error *err)
{
	int r = 0;

	if (core->names_size == 0 || core->names[core->names_size - 1] != '\0')
		return error_set(err, FAULT_CORRUPT,
				 "its names do not end where their note does");
	for (size_t i = 0; r == 0 && i < core->mapping_count; i++)
		r = check_mapping(core, i, err);
	if (r == 0)
		r = check_holes(core, err);
	if (r == 0)
		r = check_seams(core, err);
	if (r == 0)
		r = check_threads(core, err);
	if (r == 0)
		r = check_attributes(core, err);
	if (r == 0)
		r = check_process(core, err);
	return r;
}
