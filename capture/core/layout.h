/*
 * layout.h - where in a core what stands
 */
#ifndef CORE_LAYOUT_H
#define CORE_LAYOUT_H

#include "capture/files/file_notes.h"
#include "capture/memory/owners.h"
#include "capture/state/machine.h"
#include "common/core_writer.h"
#include "image.h"

/*
 * @names: the text of CORE_NOTE_NAMES; the empty name comes first
 * @written: what the core has bytes for
 * @digests: of CORE_NOTE_DIGESTS; known when all has been copied
 * @objects, @sources: of CORE_NOTE_OBJECTS and CORE_NOTE_SOURCES
 * @image, @debug: notes that are made while the service stands
 * @holes, @seams, @owners: what follows from the bytes that were copied
 */
struct layout {
	struct core_mapping *mappings;
	size_t mapping_count;
	struct core_mapping_digest *digests;
	size_t digest_count;
	struct core_segment *segments;
	size_t segment_count;
	struct core_object *objects;
	struct core_source *sources;
	struct file_notes files;
	char *names;
	size_t names_size;
	uint32_t folder;
	uint64_t working_set;
	uint64_t file_size;
	struct page_runs written;
	struct page_runs holes;
	uint64_t *seams;
	size_t seam_count;
	struct owners owners;
	struct core_machine machine;
	struct core_image image;
	struct note_buffer debug;
};

/* Also after an error layout_deinit() has to release it. */
int layout_make(struct layout *layout, const struct image *image,
		struct error *err);
/*
 * Places room for a working set, and behind it the bytes of all mappings, from
 * @offset on.
 */
void layout_place(struct layout *layout, const struct contents *contents,
		  uint64_t offset);
void layout_deinit(struct layout *layout);

#endif
