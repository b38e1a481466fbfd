/*
 * sample.c - where the parts of one started program lie
 */
#include "sample.h"

#include <stddef.h>

static const char *const part_names[] = {
	[PART_PROGRAM] = "program",	[PART_HEAP] = "heap",
	[PART_LIBRARIES] = "libraries", [PART_MMAP] = "mmap region",
	[PART_STACK] = "stack",		[PART_VDSO] = "vdso",
};

const char *sample_part_name(enum sample_part part)
{
	return part_names[part];
}

bool sample_part_grows_down(enum sample_part part)
{
	return part == PART_MMAP || part == PART_STACK;
}

/* Areas of a kind, from the first to the last, and what lies between them. */
struct span {
	uint64_t start;
	uint64_t end;
};

static void widen(struct span *span, const struct area *area)
{
	if (span->end == 0 || area->start < span->start)
		span->start = area->start;
	if (area->end > span->end)
		span->end = area->end;
}

static struct span span_of(const struct area_list *areas, enum area_kind kind)
{
	struct span span = {0};

	for (size_t i = 0; i < areas->count; i++)
		if (areas->items[i].kind == kind)
			widen(&span, &areas->items[i]);
	return span;
}

/* All that is neither program nor heap nor the kernel's, below the stack. */
static struct span mmap_region(const struct area_list *areas)
{
	static const bool is_mapped[AREA_KINDS] = {
		[AREA_ANONYMOUS] = true,
		[AREA_LOADER] = true,
		[AREA_LIBRARY] = true,
		[AREA_FILE] = true,
	};
	struct span span = {0};

	for (size_t i = 0; i < areas->count; i++)
		if (is_mapped[areas->items[i].kind])
			widen(&span, &areas->items[i]);
	return span;
}

static struct sample_place placed(struct span span, enum sample_part part)
{
	return (struct sample_place){
		.is_there = span.end > 0,
		.position =
			sample_part_grows_down(part) ? span.end : span.start,
		.size = span.end - span.start,
	};
}

struct sample sample_of(const struct space *space)
{
	const struct area_list *areas = &space->areas;
	const struct area *library = area_list_first(areas, AREA_LIBRARY);
	struct span heap = span_of(areas, AREA_HEAP);
	struct span lowest = {0};
	struct sample sample = {0};

	if (library)
		widen(&lowest, library);
	if (heap.end == 0)
		heap.start = heap.end = space->heap_start;
	sample.parts[PART_PROGRAM] =
		placed(span_of(areas, AREA_PROGRAM), PART_PROGRAM);
	sample.parts[PART_HEAP] = placed(heap, PART_HEAP);
	sample.parts[PART_LIBRARIES] = placed(lowest, PART_LIBRARIES);
	sample.parts[PART_MMAP] = placed(mmap_region(areas), PART_MMAP);
	sample.parts[PART_STACK] =
		placed(span_of(areas, AREA_STACK), PART_STACK);
	sample.parts[PART_VDSO] =
		placed(span_of(areas, AREA_KERNEL), PART_VDSO);
	return sample;
}
