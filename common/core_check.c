/*
 * core_check.c - whether what the notes of a core say makes sense
 */
#include "core_check.h"

#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "attribute.h"
#include "core_check_files.h"
#include "core_find.h"

enum {
	XSTATE_HEADER = 512, /* it begins with a bit for each set in use */
};

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
	    m->name >= core->names_size ||
	    (m->kind == CORE_MAPPING_OBJECT && m->object >= core->object_count))
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

/* Holes and guard regions: pages in order, each range within one mapping. */
static int check_ranges(const struct core *core,
			const struct core_range *ranges, size_t count,
			const char *name, struct error *err)
{
	const struct core_mapping *m = core->mappings;
	const struct core_mapping *end = m + core->mapping_count;
	uint64_t before = 0;

	for (size_t i = 0; i < count; i++) {
		const struct core_range *range = &ranges[i];

		while (m < end && m->end <= range->start)
			m++;
		if (!is_aligned(range->start) || !is_aligned(range->end) ||
		    range->start < before || range->start >= range->end ||
		    m == end || range->start < m->start || range->end > m->end)
			return error_set(err, FAULT_CORRUPT,
					 "%s %zu lies in no mapping", name, i);
		before = range->end;
	}
	return 0;
}

static int check_sources(const struct core *core, struct error *err)
{
	for (size_t i = 0; i < core->source_count; i++)
		if (core->sources[i].name >= core->names_size ||
		    core->sources[i].id_size > CORE_BUILD_ID_SIZE)
			return error_set(err, FAULT_CORRUPT,
					 "source %zu makes no sense", i);
	return 0;
}

/* Behind the last page of a file there is nothing. */
static bool is_in_source(const struct core *core, const struct core_outside *o)
{
	uint64_t pages;

	if (o->source >= core->source_count || !is_aligned(o->offset))
		return false;
	pages = core->sources[o->source].size / CORE_PAGE_SIZE +
		(core->sources[o->source].size % CORE_PAGE_SIZE != 0);
	return o->offset / CORE_PAGE_SIZE <= pages &&
	       (o->end - o->start) / CORE_PAGE_SIZE <=
		       pages - o->offset / CORE_PAGE_SIZE;
}

/* Pages in order, each range within one mapping that is stored, and no hole. */
static int check_outside(const struct core *core, struct error *err)
{
	const struct core_mapping *m = core->mappings;
	const struct core_mapping *end = m + core->mapping_count;
	const struct core_range *hole = core->holes;
	const struct core_range *hole_end = hole + core->hole_count;
	uint64_t before = 0;

	for (size_t i = 0; i < core->outside_count; i++) {
		const struct core_outside *o = &core->outside[i];

		while (m < end && m->end <= o->start)
			m++;
		while (hole < hole_end && hole->end <= o->start)
			hole++;
		if (!is_aligned(o->start) || !is_aligned(o->end) ||
		    o->start < before || o->start >= o->end || m == end ||
		    o->start < m->start || o->end > m->end ||
		    !core_is_private(m->kind) || !m->offset ||
		    (hole < hole_end && hole->start < o->end) ||
		    !is_in_source(core, o))
			return error_set(err, FAULT_CORRUPT,
					 "pages %zu of its sources make no "
					 "sense",
					 i);
		before = o->end;
	}
	return 0;
}

/* One for each mapping that has stored bytes, and no other. */
static int check_digests(const struct core *core, struct error *err)
{
	size_t next = 0;

	for (size_t i = 0; i < core->mapping_count; i++) {
		const struct core_mapping *m = &core->mappings[i];

		if (m->offset == 0)
			continue;
		if (next == core->digest_count ||
		    core->digests[next].start != m->start)
			return error_set(err, FAULT_CORRUPT,
					 "mapping %zu has no digest", i);
		next++;
	}
	if (next < core->digest_count)
		return error_set(err, FAULT_CORRUPT,
				 "digest %zu belongs to no mapping", next);
	return 0;
}

/* A mapping shows no more of an object than there is. */
static int check_objects(const struct core *core, struct error *err)
{
	for (size_t i = 0; i < core->object_count; i++)
		if (!is_aligned(core->objects[i].size) ||
		    core->objects[i].name >= core->names_size)
			return error_set(err, FAULT_CORRUPT,
					 "shared memory %zu makes no sense", i);
	for (size_t i = 0; i < core->mapping_count; i++) {
		const struct core_mapping *m = &core->mappings[i];
		uint64_t size;

		if (m->kind != CORE_MAPPING_OBJECT)
			continue;
		size = core->objects[m->object].size;
		if (m->file_offset > size ||
		    m->end - m->start > size - m->file_offset)
			return error_set(err, FAULT_CORRUPT,
					 "mapping %zu goes beyond its object",
					 i);
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

size_t core_find_leader(const struct core *core)
{
	size_t i = 0;

	while (i < core->thread_count &&
	       core->threads[i].tid != core->image->pid)
		i++;
	return i;
}

static bool is_thread(const struct core *core, uint32_t thread)
{
	return thread < core->thread_count;
}

/* All sets that its header says are in use. */
static bool has_its_parts(const struct core *core, const struct core_thread *t)
{
	const struct core_machine *machine = core->machine;
	uint64_t used;

	memcpy(&used, core->xstate + t->xstate_offset + XSTATE_HEADER,
	       sizeof(used));
	if (used & ~machine->used || machine->used >> CORE_XSTATE_PARTS)
		return false;
	for (size_t i = 2; i < CORE_XSTATE_PARTS; i++)
		if (used >> i & 1 &&
		    (machine->parts[i].offset < CORE_XSTATE_MIN ||
		     machine->parts[i].offset > t->xstate_size ||
		     machine->parts[i].size >
			     t->xstate_size - machine->parts[i].offset))
			return false;
	return true;
}

/* An XSAVE area is at least the legacy area and the header. */
static int check_threads(const struct core *core, struct error *err)
{
	if (core->thread_count == 0)
		return error_set(err, FAULT_CORRUPT, "it has no thread");
	for (size_t i = 0; i < core->thread_count; i++) {
		const struct core_thread *t = &core->threads[i];

		if (t->xstate_size < CORE_XSTATE_MIN ||
		    t->xstate_offset > core->xstate_size ||
		    t->xstate_size > core->xstate_size - t->xstate_offset)
			return error_set(err, FAULT_CORRUPT,
					 "the registers of thread %zu lie "
					 "outside their note",
					 i);
		if (!has_its_parts(core, t))
			return error_set(err, FAULT_CORRUPT,
					 "the registers of thread %zu are not "
					 "where its machine has them",
					 i);
	}
	return 0;
}

/* What speaks of a thread speaks of one that is there. */
static int check_owned(const struct core *core, struct error *err)
{
	bool fits = true;

	if (core_find_leader(core) == core->thread_count)
		return error_set(err, FAULT_CORRUPT, "it has no main thread");
	for (size_t i = 0; i < core->pending_count; i++)
		fits &= core->pending[i].thread == CORE_THREAD_NONE ||
			is_thread(core, core->pending[i].thread);
	for (size_t i = 0; i < core->timer_count; i++)
		fits &= core->timers[i].thread == CORE_THREAD_NONE ||
			is_thread(core, core->timers[i].thread);
	for (size_t i = 0; i < core->owner_count; i++)
		fits &= is_thread(core, core->owners[i].thread) &&
			core->owners[i].kind >= CORE_OWNER_MEMORY &&
			core->owners[i].kind <= CORE_OWNER_REGISTER &&
			(core->owners[i].kind == CORE_OWNER_MEMORY ||
			 core->owners[i].address <=
				 sizeof(struct user_regs_struct) -
					 sizeof(uint64_t));
	if (!fits)
		return error_set(
			err, FAULT_CORRUPT,
			"a signal, timer or lock belongs to no thread");
	return 0;
}

/* In order, so that making them one after the other gives them their ids. */
static int check_timers(const struct core *core, struct error *err)
{
	for (size_t i = 0; i < core->timer_count; i++) {
		const struct core_timer *t = &core->timers[i];
		bool fits = t->id >= 0 && t->kind >= CORE_TIMER_INTERVAL &&
			    t->kind <= CORE_TIMER_POSIX;

		if (t->kind == CORE_TIMER_INTERVAL)
			fits &= t->id < 3;
		if (i > 0)
			fits &= t[-1].kind < t->kind ||
				(t[-1].kind == t->kind && t[-1].id < t->id);
		if (!fits)
			return error_set(err, FAULT_CORRUPT,
					 "timer %zu is unknown or out of order",
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

/* Some attributes take several words, all of which are there or none. */
static bool is_whole(const struct core *core, size_t i)
{
	static const struct {
		uint32_t first;
		uint32_t count;
	} groups[] = {
		{ATTRIBUTE_SCHEDULING, SCHEDULING_WORDS},
		{ATTRIBUTE_MEMORY_POLICY, 2},
		{ATTRIBUTE_CPUS, CPU_MASK_WORDS},
		{ATTRIBUTE_TERMINAL, TERMINAL_WORDS},
	};
	const struct core_attribute *a = &core->attributes[i];

	for (size_t k = 0; k < sizeof(groups) / sizeof(*groups); k++) {
		const uint32_t place = a->id - groups[k].first;

		if (place >= groups[k].count)
			continue;
		/* Each but the last is followed by the next. */
		if (place + 1 < groups[k].count &&
		    (i + 1 == core->attribute_count || a[1].id != a->id + 1 ||
		     a[1].thread != a->thread))
			return false;
		if (place > 0 && (i == 0 || a[-1].id != a->id - 1))
			return false;
	}
	return true;
}

/* In order, so each once, and whoever sets them can count on their number. */
static int check_attributes(const struct core *core, struct error *err)
{
	for (size_t i = 0; i < core->attribute_count; i++) {
		const struct core_attribute *a = &core->attributes[i];
		bool fits = a->id < ATTRIBUTE_END && is_thread(core, a->thread);

		if (i > 0)
			fits &= a[-1].thread < a->thread ||
				(a[-1].thread == a->thread && a[-1].id < a->id);
		if (!fits)
			return error_set(err, FAULT_CORRUPT,
					 "attribute %zu is unknown or out of "
					 "order",
					 i);
		if (!is_whole(core, i))
			return error_set(err, FAULT_CORRUPT,
					 "words of attribute %zu are missing",
					 i);
		if (a->id == ATTRIBUTE_WORKING_FOLDER &&
		    a->value >= core->names_size)
			return error_set(err, FAULT_CORRUPT,
					 "the name of its folder is missing");
	}
	return 0;
}

static bool is_apart(const struct core_range *room, uint64_t offset,
		     uint64_t size)
{
	return offset == 0 || room->end <= offset ||
	       room->start >= offset + size;
}

/* Whoever records a working set writes there: it holds nothing else. */
static int check_room(const struct core *core, struct error *err)
{
	const struct core_image *image = core->image;
	const struct core_range room = {
		image->working_set,
		image->working_set + CORE_WORKING_SET_ROOM,
	};
	bool is_free =
		is_aligned(room.start) && room.start >= image->front_size &&
		room.start < image->file_size && room.end <= image->file_size;

	for (size_t i = 0; is_free && i < core->mapping_count; i++)
		is_free = is_apart(&room, core->mappings[i].offset,
				   core->mappings[i].end -
					   core->mappings[i].start);
	for (size_t i = 0; is_free && i < core->file_count; i++)
		is_free = core->files[i].kind != CORE_FILE_MEMFD ||
			  is_apart(&room, core->files[i].data,
				   core->files[i].data_size);
	if (room.start != 0 && !is_free)
		return error_set(err, FAULT_CORRUPT,
				 "its working set lies where other things are");
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
		r = check_digests(core, err);
	if (r == 0)
		r = check_ranges(core, core->holes, core->hole_count, "hole",
				 err);
	if (r == 0)
		r = check_ranges(core, core->guards, core->guard_count,
				 "guard region", err);
	if (r == 0)
		r = check_sources(core, err);
	if (r == 0)
		r = check_outside(core, err);
	if (r == 0)
		r = check_objects(core, err);
	if (r == 0)
		r = check_seams(core, err);
	if (r == 0)
		r = check_threads(core, err);
	if (r == 0)
		r = check_owned(core, err);
	if (r == 0)
		r = check_timers(core, err);
	if (r == 0)
		r = check_attributes(core, err);
	if (r == 0)
		r = check_process(core, err);
	if (r == 0)
		r = core_check_files(core, err);
	if (r == 0)
		r = check_room(core, err);
	return r;
}
