/*
 * layout.c - where in a core what stands
 */
#include "layout.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum {
	OBJECT_NAME_SIZE = 256,
};

void layout_deinit(struct layout *layout)
{
	free(layout->mappings);
	free(layout->digests);
	free(layout->segments);
	free(layout->objects);
	free(layout->sources);
	free(layout->names);
	free(layout->seams);
	file_notes_deinit(&layout->files);
	owners_deinit(&layout->owners);
	page_runs_deinit(&layout->written);
	page_runs_deinit(&layout->holes);
	note_buffer_deinit(&layout->debug);
}

static uint32_t add_name(struct layout *layout, const char *name)
{
	size_t at = layout->names_size;

	if (!name[0])
		return 0;
	memcpy(layout->names + at, name, strlen(name) + 1);
	layout->names_size += strlen(name) + 1;
	return (uint32_t)at;
}

/* By what its file is known again. */
static void identify(struct core_mapping *to, const struct mapping *m)
{
	struct stat status;

	to->file_offset = m->offset;
	if (m->deleted || stat(m->name, &status) < 0)
		return;
	to->file_device = status.st_dev;
	to->file_inode = status.st_ino;
	to->file_size = (uint64_t)status.st_size;
	to->file_seconds = status.st_mtime;
}

static void lay_out_object(struct core_object *to, const struct object *object,
			   struct layout *layout)
{
	char name[OBJECT_NAME_SIZE];

	const struct mapping *m = object->mapping;

	to->size = object->size;
	if (!object_is_segment(m))
		to->file = file_notes_find(
			&layout->files,
			makedev(m->device_major, m->device_minor), m->inode);
	to->name = add_name(layout, object_name(object, name));
}

static void lay_out_mapping(struct layout *layout, const struct content *c)
{
	const struct mapping *m = c->mapping;
	struct core_mapping *to = &layout->mappings[layout->mapping_count++];

	*to = (struct core_mapping){
		.start = m->start,
		.end = m->end,
		.kind = c->kind,
		.protection = (uint32_t)m->protection,
		.flags = c->flags,
		.advice = c->advice,
		.name = add_name(layout, m->name),
	};
	if (c->kind == CORE_MAPPING_SHARED || c->kind == CORE_MAPPING_FILE)
		identify(to, m);
	if (c->kind == CORE_MAPPING_OBJECT) {
		to->object = c->object;
		to->file_offset = m->offset;
	}
	if (c->is_stored)
		layout->digests[layout->digest_count++].start = m->start;
}

static void add_segment(struct layout *layout, const struct content *c,
			uint64_t start, uint64_t end, bool is_stored)
{
	if (start < end)
		layout->segments[layout->segment_count++] =
			(struct core_segment){
				.start = start,
				.end = end,
				.protection = c->mapping->protection,
				.is_stored = is_stored,
			};
}

/* Around what is outside, of which debuggers see no bytes, they look further. */
static void add_segments(struct layout *layout, const struct content *c,
			 const struct core_outside **next,
			 const struct core_outside *end)
{
	uint64_t at = c->mapping->start;

	if (!c->is_dumped)
		return;
	for (; *next < end && (*next)->start < c->mapping->end; ++*next) {
		add_segment(layout, c, at, (*next)->start, true);
		add_segment(layout, c, (*next)->start, (*next)->end, false);
		at = (*next)->end;
	}
	add_segment(layout, c, at, c->mapping->end, c->is_stored);
}

static void lay_out_sources(struct layout *layout,
			    const struct sources *sources)
{
	for (size_t i = 0; i < sources->count; i++) {
		layout->sources[i] = sources->items[i].known;
		layout->sources[i].name =
			add_name(layout, sources->items[i].path);
	}
}

int layout_make(struct layout *layout, const struct image *image,
		struct error *err)
{
	const struct contents *contents = image->contents;
	const struct carried *carried = image->carried;
	const struct core_outside *outside = contents->outside;
	size_t names_size =
		1 + strlen(image->changes->folder) + 1 + carried->names_size;

	for (size_t i = 0; i < contents->count; i++)
		names_size += strlen(contents->items[i].mapping->name) + 1;
	names_size += contents->objects.count * OBJECT_NAME_SIZE;
	for (size_t i = 0; i < contents->sources.count; i++)
		names_size += strlen(contents->sources.items[i].path) + 1;
	layout->mappings =
		calloc(contents->count + 1, sizeof(*layout->mappings));
	layout->digests = calloc(contents->count + 1, sizeof(*layout->digests));
	layout->segments =
		calloc(contents->count + 2 * contents->outside_count + 1,
		       sizeof(*layout->segments));
	layout->sources =
		calloc(contents->sources.count + 1, sizeof(*layout->sources));
	layout->objects =
		calloc(contents->objects.count + 1, sizeof(*layout->objects));
	layout->names = calloc(1, names_size);
	layout->names_size = 1;
	if (!layout->mappings || !layout->digests || !layout->segments ||
	    !layout->names || !layout->objects || !layout->sources)
		return error_system(err, ENOMEM, "cannot keep the layout");
	if (file_notes_make(&layout->files, carried,
			    (uint32_t)layout->names_size, err) < 0)
		return -err->code;
	if (carried->names_size)
		memcpy(layout->names + layout->names_size, carried->names,
		       carried->names_size);
	layout->names_size += carried->names_size;
	for (size_t i = 0; i < contents->objects.count; i++)
		lay_out_object(&layout->objects[i], &contents->objects.items[i],
			       layout);
	for (size_t i = 0; i < contents->count; i++)
		lay_out_mapping(layout, &contents->items[i]);
	for (size_t i = 0; i < contents->count; i++)
		add_segments(layout, &contents->items[i], &outside,
			     contents->outside + contents->outside_count);
	lay_out_sources(layout, &contents->sources);
	layout->machine = machine_describe(image->threads, image->level);
	layout->folder = add_name(layout, image->changes->folder);
	return 0;
}

void layout_place(struct layout *layout, const struct contents *contents,
		  uint64_t offset)
{
	const struct core_mapping *m = layout->mappings;

	layout->working_set = offset;
	offset += CORE_WORKING_SET_ROOM;
	for (size_t i = 0; i < contents->count; i++) {
		if (!contents->items[i].is_stored)
			continue;
		layout->mappings[i].offset = offset;
		offset += mapping_size(contents->items[i].mapping);
	}
	for (size_t i = 0; i < layout->segment_count; i++) {
		struct core_segment *segment = &layout->segments[i];

		while (m->end <= segment->start)
			m++;
		if (m->offset)
			segment->offset =
				m->offset + (segment->start - m->start);
	}
	layout->file_size = file_notes_place(&layout->files, offset);
}
