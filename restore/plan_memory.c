/*
 * plan_memory.c - the part of a plan that makes the memory of the service
 *
 * What is stored is mapped from the core, privately, and read when it is first
 * touched, so that a restore costs what its mappings cost.  There are
 * exceptions, all of them memory that has to be anonymous in truth:
 *
 * - the stack, because a file does not grow down;
 * - memory of a service that drops pages itself (CORE_MAP_COPY), and memory that
 *   is to have huge pages, which files have not;
 * - the seams, single pages that keep mremap(2) from growing what lies before
 *   them into the bytes that follow in the core (core_format.h).
 */
#include <errno.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "plan_build.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000 /* since Linux 4.17 */
#endif

enum {
	DROPPABLE = 0x08,    /* MAP_DROPPABLE, instead of MAP_PRIVATE */
	ON_FAULT = 1,	     /* MLOCK_ONFAULT */
	MSEAL = 462,	     /* Linux 6.10 */
	GUARD_INSTALL = 102, /* MADV_GUARD_INSTALL, Linux 6.13 */
	/* So little is read faster than mapped and faulted in. */
	WORTH_MAPPING = 8 * CORE_PAGE_SIZE,
	/* So little is faulted in by reading faster than asked for before. */
	WORTH_FETCHING = 4 * CORE_PAGE_SIZE,
	HUGE_PAGE = 2 << 20,
};

/* What is at @offset of an open file. */
struct part {
	struct core_range range;
	int fd;
	uint64_t offset;
};

/*
 * The parts of a mapping between its holes, one after the other, some of which
 * are outside the core; and its seams.
 */
struct parts {
	const struct plan_input *input;
	const struct core_mapping *mapping;
	const struct core_range *hole;
	const struct core_range *end;
	const struct core_outside *outside;
	const struct core_outside *outside_end;
	const uint64_t *seam;
	const uint64_t *seam_end;
	uint64_t at;
};

/* Where neither a hole begins nor what is outside. */
static uint64_t end_of_stored(const struct parts *parts)
{
	uint64_t end = parts->mapping->end;

	if (parts->hole < parts->end && parts->hole->start < end)
		end = parts->hole->start;
	if (parts->outside < parts->outside_end && parts->outside->start < end)
		end = parts->outside->start;
	return end;
}

static void skip_holes(struct parts *parts)
{
	while (parts->hole < parts->end && parts->hole->start == parts->at)
		parts->at = (parts->hole++)->end;
}

static struct part take_outside(struct parts *parts)
{
	const struct core_outside *o = parts->outside++;

	return (struct part){
		.range = {o->start, o->end},
		.fd = parts->input->source_fds[o->source],
		.offset = o->offset,
	};
}

static struct part take_stored(const struct parts *parts)
{
	const struct core_mapping *m = parts->mapping;

	return (struct part){
		.range = {parts->at, end_of_stored(parts)},
		.fd = parts->input->core->fd,
		.offset = m->offset + (parts->at - m->start),
	};
}

static bool next_part(struct parts *parts, struct part *ret_part)
{
	skip_holes(parts);
	if (parts->at == parts->mapping->end)
		return false;
	if (parts->outside < parts->outside_end &&
	    parts->outside->start == parts->at)
		*ret_part = take_outside(parts);
	else
		*ret_part = take_stored(parts);
	parts->at = ret_part->range.end;
	return true;
}

static uint64_t part_size(const struct part *part)
{
	return part->range.end - part->range.start;
}

/* Less its first bytes, up to @start. */
static struct part part_from(const struct part *part, uint64_t start)
{
	return (struct part){
		.range = {start, part->range.end},
		.fd = part->fd,
		.offset = part->offset + (start - part->range.start),
	};
}

static uint64_t size_of_parts(struct parts parts)
{
	struct part part;
	uint64_t size = 0;

	while (next_part(&parts, &part))
		size += part_size(&part);
	return size;
}

static bool is_writable(const struct core_mapping *m)
{
	return m->protection & PROT_WRITE;
}

/* @how: MAP_PRIVATE or MAP_SHARED, and what keeps it to its place */
static uint64_t map_flags(const struct core_mapping *m, uint64_t how)
{
	uint64_t flags = how;

	if (m->flags & CORE_MAP_NORESERVE)
		flags |= MAP_NORESERVE;
	return flags;
}

static void add_mapping(struct plan *plan, uint64_t start, uint64_t end,
			uint64_t protection, uint64_t flags, int fd,
			uint64_t offset)
{
	plan_add(plan, CALL_GIVES(start, SYS_mmap, start, end - start,
				  protection, flags, (uint64_t)fd, offset));
}

/* Goes on from the mapping before, where address, file and rights do. */
static bool extend_last(struct plan *plan, const struct part *part,
			uint64_t protection, uint64_t flags)
{
	struct call *last = plan->call_count > 0
				    ? &plan->calls[plan->call_count - 1]
				    : NULL;
	uint64_t *a = last ? last->arguments : NULL;

	if (!last || last->number != SYS_mmap ||
	    a[0] + a[1] != part->range.start || a[2] != protection ||
	    a[3] != flags || flags & MAP_ANONYMOUS ||
	    a[4] != (uint64_t)part->fd || a[5] + a[1] != part->offset)
		return false;
	a[1] += part_size(part);
	return true;
}

static void map_stored(struct plan *plan, const struct core_mapping *m,
		       const struct part *part, uint64_t fixed)
{
	uint64_t flags = map_flags(m, MAP_PRIVATE | fixed);

	if (part_size(part) > 0 &&
	    !extend_last(plan, part, m->protection, flags))
		add_mapping(plan, part->range.start, part->range.end,
			    m->protection, flags, part->fd, part->offset);
}

static void map_anonymous(struct plan *plan, const struct core_mapping *m,
			  struct core_range part, uint64_t protection,
			  uint64_t more_flags)
{
	add_mapping(plan, part.start, part.end, protection,
		    map_flags(m, MAP_PRIVATE | MAP_ANONYMOUS) | more_flags, -1,
		    0);
}

static void read_part(struct plan *plan, const struct part *part)
{
	uint64_t size = part_size(part);

	if (size >= WORTH_FETCHING)
		plan_fetch(plan, part->range, true);
	plan_add(plan, CALL_GIVES(size, SYS_pread64, (uint64_t)part->fd,
				  part->range.start, size, part->offset));
}

static void advise(struct plan *plan, const struct core_mapping *m,
		   uint32_t advice)
{
	for (uint64_t i = 0; i < 32; i++)
		if (advice >> i & 1)
			plan_add(plan, CALL_GIVES(0, SYS_madvise, m->start,
						  m->end - m->start, i));
}

static struct core_range whole(const struct core_mapping *m)
{
	return (struct core_range){m->start, m->end};
}

/*
 * Huge pages are chosen when memory is filled, so they are asked for before: as
 * the service has asked for them, or, if they are @wanted now, where there are
 * any.
 */
static void copy_memory(struct plan *plan, struct parts parts,
			uint64_t more_flags, bool wanted)
{
	const struct core_mapping *m = parts.mapping;
	const uint32_t early = m->advice & (uint32_t)1 << MADV_HUGEPAGE;
	struct part part;

	map_anonymous(plan, m, whole(m), m->protection | PROT_WRITE,
		      MAP_FIXED_NOREPLACE | more_flags);
	advise(plan, m, early);
	if (wanted)
		plan_add(plan, CALL_TRY(SYS_madvise, m->start,
					m->end - m->start, MADV_HUGEPAGE));
	while (next_part(&parts, &part))
		read_part(plan, &part);
	if (!is_writable(m))
		plan_add(plan, CALL_GIVES(0, SYS_mprotect, m->start,
					  m->end - m->start, m->protection));
	advise(plan, m, m->advice & ~early);
}

/* Up to its end, around the seams in it. */
static void map_part(struct plan *plan, struct parts *parts, struct part part,
		     uint64_t fixed)
{
	const struct core_mapping *m = parts->mapping;

	for (; parts->seam < parts->seam_end && *parts->seam < part.range.end;
	     parts->seam++) {
		const uint64_t seam = *parts->seam;
		struct part before = part, page;

		if (seam < part.range.start)
			continue;
		before.range.end = seam;
		map_stored(plan, m, &before, fixed);
		part = part_from(&part, seam);
		page = part;
		page.range.end = seam + CORE_PAGE_SIZE;
		read_part(plan, &page);
		part = part_from(&part, page.range.end);
	}
	map_stored(plan, m, &part, fixed);
}

static void map_memory(struct plan *plan, struct parts parts)
{
	const struct core_mapping *m = parts.mapping;
	uint64_t fixed = MAP_FIXED_NOREPLACE;
	struct part part;

	if (parts.seam < parts.seam_end ||
	    size_of_parts(parts) < m->end - m->start) {
		map_anonymous(plan, m, whole(m), m->protection, fixed);
		fixed = MAP_FIXED;
	}
	while (next_part(&parts, &part))
		map_part(plan, &parts, part, fixed);
	advise(plan, m, m->advice);
}

/* Pages of a file, of which long runs of zeros need not be read. */
static void map_file(struct plan *plan, struct parts parts)
{
	const struct core_mapping *m = parts.mapping;
	struct part part;
	uint64_t at = m->start;

	while (next_part(&parts, &part)) {
		if (at < part.range.start)
			map_anonymous(plan, m,
				      (struct core_range){at, part.range.start},
				      m->protection, MAP_FIXED_NOREPLACE);
		map_stored(plan, m, &part, MAP_FIXED_NOREPLACE);
		at = part.range.end;
	}
	if (at < m->end)
		map_anonymous(plan, m, (struct core_range){at, m->end},
			      m->protection, MAP_FIXED_NOREPLACE);
	advise(plan, m, m->advice);
}

static void map_shared(struct plan *plan, const struct core_mapping *m, int fd)
{
	add_mapping(plan, m->start, m->end, m->protection,
		    map_flags(m, MAP_SHARED | MAP_FIXED_NOREPLACE), fd,
		    m->file_offset);
	plan_add(plan, CALL_GIVES(0, SYS_close, (uint64_t)fd));
	advise(plan, m, m->advice);
}

/* What was advised against them has its reasons. */
static bool wants_huge_pages(const struct core_mapping *m, uint64_t size)
{
	return size >= HUGE_PAGE && is_writable(m) &&
	       !(m->advice & (uint32_t)1 << MADV_NOHUGEPAGE);
}

static void make_anonymous(struct plan *plan, struct parts parts)
{
	const struct core_mapping *m = parts.mapping;
	uint64_t size = size_of_parts(parts);

	if (m->flags & CORE_MAP_DROPPABLE) {
		add_mapping(plan, m->start, m->end, m->protection,
			    MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | DROPPABLE, -1,
			    0);
	} else if (size == 0) {
		map_anonymous(plan, m, whole(m), m->protection,
			      MAP_FIXED_NOREPLACE);
		advise(plan, m, m->advice);
	} else if (parts.input->huge_pages && wants_huge_pages(m, size)) {
		copy_memory(plan, parts, 0, true);
	} else if (m->flags & CORE_MAP_COPY || size <= WORTH_MAPPING ||
		   (parts.seam < parts.seam_end && !is_writable(m))) {
		copy_memory(plan, parts, 0, false);
	} else {
		map_memory(plan, parts);
	}
}

static void make_mapping(struct plan *plan, size_t index, struct parts parts)
{
	const struct core_mapping *m = parts.mapping;

	switch ((enum core_mapping_kind)m->kind) {
	case CORE_MAPPING_FILE:
		map_file(plan, parts);
		break;
	case CORE_MAPPING_ANONYMOUS:
		make_anonymous(plan, parts);
		break;
	case CORE_MAPPING_STACK:
		copy_memory(plan, parts, MAP_GROWSDOWN, false);
		break;
	case CORE_MAPPING_SHARED:
	case CORE_MAPPING_OBJECT:
		map_shared(plan, m, parts.input->shared_fds[index]);
		break;
	case CORE_MAPPING_VDSO:
	case CORE_MAPPING_VVAR:
		break;
	}
}

/*
 * All of it is locked, but the kernel complains of what cannot be read, and does
 * not fetch what lies behind a guard.
 */
static void lock_mapping(struct plan *plan, const struct core *core,
			 const struct core_mapping *m)
{
	const uint64_t on_fault = m->flags & CORE_MAP_ON_FAULT ? ON_FAULT : 0;
	struct call *whole_call = &plan->calls[plan->call_count];

	plan_add(plan, CALL_WITH(m->protection ? 0 : -ENOMEM, 0, SYS_mlock2,
				 m->start, m->end - m->start, on_fault));
	for (size_t i = 0; i < core->guard_count; i++) {
		const struct core_range *g = &core->guards[i];

		if (g->start < m->start || g->end > m->end)
			continue;
		whole_call->lowest = -ENOMEM;
		if (g->end < m->end)
			plan_add(plan, CALL_WITH(-ENOMEM, 0, SYS_mlock2, g->end,
						 m->end - g->end, on_fault));
	}
}

/* What would stand in the way of filling it, when all of it is filled. */
static void finish_mapping(struct plan *plan, const struct core *core,
			   const struct core_mapping *m)
{
	if (m->flags & CORE_MAP_LOCKED)
		lock_mapping(plan, core, m);
	if (m->flags & CORE_MAP_SEALED)
		plan_add(plan,
			 CALL_GIVES(0, MSEAL, m->start, m->end - m->start, 0));
}

static void make_guards(struct plan *plan, const struct core *core)
{
	for (size_t i = 0; i < core->guard_count; i++) {
		const struct core_range *g = &core->guards[i];

		plan_add(plan, CALL_GIVES(0, SYS_madvise, g->start,
					  g->end - g->start, GUARD_INSTALL));
	}
}

/* Of mapping after mapping, in order. */
static struct parts begin_parts(const struct plan_input *input,
				const struct core_mapping *m,
				const struct parts *before)
{
	const struct core *core = input->core;
	struct parts parts = {
		.input = input,
		.mapping = m,
		.hole = before->end,
		.end = before->end,
		.outside = before->outside_end,
		.outside_end = before->outside_end,
		.seam = before->seam_end,
		.seam_end = before->seam_end,
		.at = m->start,
	};

	while (parts.end < core->holes + core->hole_count &&
	       parts.end->start < m->end)
		parts.end++;
	while (parts.outside_end < core->outside + core->outside_count &&
	       parts.outside_end->start < m->end)
		parts.outside_end++;
	while (parts.seam_end < core->seams + core->seam_count &&
	       *parts.seam_end < m->end)
		parts.seam_end++;
	return parts;
}

void plan_memory(struct plan *plan, const struct plan_input *input)
{
	const struct core *core = input->core;
	struct parts parts = {
		.end = core->holes,
		.outside_end = core->outside,
		.seam_end = core->seams,
	};

	for (size_t i = 0; i < core->mapping_count; i++) {
		const struct core_mapping *m = &core->mappings[i];
		const struct core_range all = whole(m);
		struct parts these;

		parts = begin_parts(input, m, &parts);
		these = parts;
		/* Nothing is stored: all of it is a hole. */
		if (m->offset == 0) {
			these.hole = &all;
			these.end = &all + 1;
		}
		make_mapping(plan, i, these);
	}
	make_guards(plan, core);
	for (size_t i = 0; i < core->mapping_count; i++)
		finish_mapping(plan, core, &core->mappings[i]);
}

/*
 * A part takes two calls, a mapping its own, its protection and its advice; what
 * is outside ends one part and begins another.
 */
size_t plan_memory_calls(const struct core *core)
{
	size_t calls = 3 * core->hole_count + 4 * core->outside_count +
		       2 * core->seam_count + 2 * core->guard_count;

	for (size_t i = 0; i < core->mapping_count; i++)
		calls += 9 +
			 (size_t)__builtin_popcount(core->mappings[i].advice);
	return calls;
}
