/*
 * image.c - everything that was found out about the service, as one core
 *
 * Where the bytes of a mapping begin depends on how long the notes are; which
 * runs of pages are holes is known only when all bytes have been copied.  So
 * the note of the holes comes last and room is kept for it, the memory is
 * copied, and the front is written at the end.
 */
#include "image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/core_writer.h"
#include "debug_notes.h"
#include "file_notes.h"
#include "holes.h"
#include "machine.h"
#include "owners.h"
#include "seams.h"

enum {
	OBJECT_NAME_SIZE = 256,
};

/*
 * @names: the text of CORE_NOTE_NAMES; the empty name comes first
 * @written: what the core has bytes for
 * @objects: of CORE_NOTE_OBJECTS
 * @holes, @seams, @owners: what follows from the bytes that were copied
 */
struct layout {
	struct core_mapping *mappings;
	size_t mapping_count;
	struct core_segment *segments;
	size_t segment_count;
	struct core_object *objects;
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
};

static void layout_deinit(struct layout *layout)
{
	free(layout->mappings);
	free(layout->segments);
	free(layout->objects);
	free(layout->names);
	free(layout->seams);
	file_notes_deinit(&layout->files);
	owners_deinit(&layout->owners);
	page_runs_deinit(&layout->written);
	page_runs_deinit(&layout->holes);
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

/* By what a shared file is known again. */
static void identify(struct core_mapping *to, const struct mapping *m)
{
	struct stat status;

	if (stat(m->name, &status) < 0)
		return;
	to->file_offset = m->offset;
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
	to->file = file_notes_find(&layout->files,
				   makedev(m->device_major, m->device_minor),
				   m->inode);
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
	if (c->kind == CORE_MAPPING_SHARED)
		identify(to, m);
	if (c->kind == CORE_MAPPING_OBJECT) {
		to->object = c->object;
		to->file_offset = m->offset;
	}
	if (c->is_dumped)
		layout->segments[layout->segment_count++] =
			(struct core_segment){
				.start = m->start,
				.end = m->end,
				.protection = m->protection,
				.is_stored = c->is_stored,
			};
}

static int lay_out(struct layout *layout, const struct image *image,
		   struct error *err)
{
	const struct contents *contents = image->contents;
	const struct carried *carried = image->carried;
	size_t names_size =
		1 + strlen(image->changes->folder) + 1 + carried->names_size;

	for (size_t i = 0; i < contents->count; i++)
		names_size += strlen(contents->items[i].mapping->name) + 1;
	names_size += contents->objects.count * OBJECT_NAME_SIZE;
	layout->mappings =
		calloc(contents->count + 1, sizeof(*layout->mappings));
	layout->segments =
		calloc(contents->count + 1, sizeof(*layout->segments));
	layout->objects =
		calloc(contents->objects.count + 1, sizeof(*layout->objects));
	layout->names = calloc(1, names_size);
	layout->names_size = 1;
	if (!layout->mappings || !layout->segments || !layout->names ||
	    !layout->objects)
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
	layout->machine = machine_describe(image->threads, image->level);
	layout->folder = add_name(layout, image->changes->folder);
	return 0;
}

/*
 * Places a working set, and the bytes of all mappings one behind the other,
 * from @offset on.
 */
static void place(struct layout *layout, const struct contents *contents,
		  uint64_t offset)
{
	size_t segment = 0;

	layout->working_set = offset;
	offset += CORE_WORKING_SET_ROOM;
	for (size_t i = 0; i < contents->count; i++) {
		const struct content *c = &contents->items[i];

		if (c->is_stored) {
			layout->mappings[i].offset = offset;
			layout->segments[segment].offset = offset;
			offset += mapping_size(c->mapping);
		}
		segment += c->is_dumped;
	}
	layout->file_size = file_notes_place(&layout->files, offset);
}

static void append(struct note_buffer *notes, enum core_note_type type,
		   const void *contents, size_t size)
{
	note_append(notes, CORE_NOTE_OWNER, type, contents, size);
}

static void append_image(struct note_buffer *notes, const struct image *image,
			 const struct layout *layout, uint64_t front_size)
{
	struct timespec now;
	struct core_image note = {
		.magic = {'S', 'U', 'B', 'C', 'T', 'X', '\r', '\n'},
		.version = CORE_VERSION,
		.ready = image->ready,
		.front_size = front_size,
		.file_size = layout->file_size,
		.page_size = CORE_PAGE_SIZE,
		.seconds = time(NULL),
		.working_set = layout->working_set,
		.pid = (uint32_t)image->tracee->pid,
	};

	clock_gettime(CLOCK_MONOTONIC, &now);
	note.monotonic_ns =
		(uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	append(notes, CORE_NOTE_IMAGE, &note, sizeof(note));
}

static void append_threads(struct note_buffer *notes, const struct image *image)
{
	const struct threads *all = image->threads;
	cleanup_heap struct core_thread *threads =
		calloc(all->count, sizeof(*threads));
	size_t size = 0;
	cleanup_heap unsigned char *bytes = NULL;

	for (size_t i = 0; i < all->count; i++)
		size += all->items[i].core.xstate_size;
	bytes = malloc(size);
	if (!threads || !bytes) {
		notes->failed = true;
		return;
	}
	size = 0;
	for (size_t i = 0; i < all->count; i++) {
		const struct thread_state *state = &all->items[i];

		threads[i] = state->core;
		threads[i].xstate_offset = size;
		memcpy(bytes + size, state->xstate, state->core.xstate_size);
		size += state->core.xstate_size;
	}
	append(notes, CORE_NOTE_THREADS, threads,
	       all->count * sizeof(*threads));
	append(notes, CORE_NOTE_XSTATE, bytes, size);
}

/* The folder is the only attribute that is a text. */
static void append_attributes(struct note_buffer *notes,
			      const struct image *image,
			      const struct layout *layout)
{
	const struct changes *changes = image->changes;
	cleanup_heap struct core_attribute *items =
		calloc(changes->count + 1, sizeof(*items));

	if (!items) {
		notes->failed = true;
		return;
	}
	for (size_t i = 0; i < changes->count; i++) {
		items[i] = changes->items[i];
		if (items[i].id == ATTRIBUTE_WORKING_FOLDER)
			items[i].value = layout->folder;
	}
	append(notes, CORE_NOTE_ATTRIBUTES, items,
	       changes->count * sizeof(*items));
}

static void build_notes(struct note_buffer *notes, const struct image *image,
			const struct layout *layout, uint64_t front_size)
{
	debug_notes_append(notes, image, layout->machine.parts);
	append_image(notes, image, layout, front_size);
	append(notes, CORE_NOTE_PROCESS, image->process,
	       sizeof(*image->process));
	append(notes, CORE_NOTE_MACHINE, &layout->machine,
	       sizeof(layout->machine));
	append(notes, CORE_NOTE_MAPPINGS, layout->mappings,
	       layout->mapping_count * sizeof(*layout->mappings));
	append(notes, CORE_NOTE_NAMES, layout->names, layout->names_size);
	append_threads(notes, image);
	append(notes, CORE_NOTE_SIGNALS, image->state->self.signals,
	       sizeof(image->state->self.signals));
	append_attributes(notes, image, layout);
	append(notes, CORE_NOTE_GUARDS, image->contents->guards.items,
	       image->contents->guards.count * sizeof(struct core_range));
	append(notes, CORE_NOTE_OBJECTS, layout->objects,
	       image->contents->objects.count * sizeof(*layout->objects));
	append(notes, CORE_NOTE_PENDING, image->pending->items,
	       image->pending->count * sizeof(*image->pending->items));
	append(notes, CORE_NOTE_TIMERS, image->timers->items,
	       image->timers->count * sizeof(*image->timers->items));
	file_notes_append(&layout->files, notes);
	append(notes, CORE_NOTE_AUDIT, image->report, strlen(image->report));
	append(notes, CORE_NOTE_OWNERS, layout->owners.items,
	       layout->owners.count * sizeof(*layout->owners.items));
	append(notes, CORE_NOTE_SEAMS, layout->seams,
	       layout->seam_count * sizeof(*layout->seams));
	append(notes, CORE_NOTE_HOLES, layout->holes.items,
	       layout->holes.count * sizeof(*layout->holes.items));
}

/* Room for what is known when all is copied: no more holes than gaps. */
static size_t most_holes(const struct contents *contents)
{
	size_t most = contents->count + contents->data.count +
		      contents->data_size / (5 * CORE_PAGE_SIZE);

	return most < HOLES_MAX ? most : HOLES_MAX;
}

static size_t most_seams(const struct contents *contents)
{
	size_t most = contents->data_size / CORE_PAGE_SIZE;

	return most < SEAMS_MAX ? most : SEAMS_MAX;
}

/* Memory that libc's allocator may have taken from mmap(2). */
static bool may_have_seams(const struct content *c)
{
	return c->kind == CORE_MAPPING_ANONYMOUS &&
	       !(c->flags & (CORE_MAP_COPY | CORE_MAP_HEAP));
}

/* Nobody takes or releases a lock that cannot be written. */
static bool may_have_locks(const struct content *c)
{
	return c->mapping->protection & PROT_WRITE;
}

/* Whoever wants to see the bytes of the mapping that is copied, or NULL. */
struct inspection {
	struct seams *seams;
	struct owners *owners;
};

static int inspect(void *context, const char *bytes, size_t size,
		   uint64_t address, struct error *err)
{
	const struct inspection *inspection = context;
	int r = 0;

	if (inspection->seams)
		r = seams_inspect(inspection->seams, bytes, size, address, err);
	if (r == 0 && inspection->owners)
		r = owners_inspect(inspection->owners, bytes, size, address,
				   err);
	return r;
}

static int copy_memory(const struct image *image, struct layout *layout,
		       struct copy *copy, struct seams *seams,
		       struct inspection *inspection, struct error *err)
{
	const struct contents *contents = image->contents;
	int r = 0;

	for (size_t i = 0; r == 0 && i < contents->count; i++) {
		const struct content *c = &contents->items[i];
		const struct core_mapping *m = &layout->mappings[i];

		seams->mapping = c->mapping;
		inspection->seams = may_have_seams(c) ? seams : NULL;
		inspection->owners = may_have_locks(c) ? &layout->owners : NULL;
		for (size_t k = 0; r == 0 && k < c->run_count; k++) {
			const struct core_range *run =
				&contents->data.items[c->first_run + k];

			r = copy_run(copy, run->start, run->end,
				     m->offset + (run->start - m->start),
				     &layout->written, err);
		}
	}
	if (r < 0 && err->code == ENOSPC)
		error_context(err, "after %llu of %llu MiB",
			      (unsigned long long)copy->done >> 20,
			      (unsigned long long)copy->total >> 20);
	return r;
}

/* With more seams than there is room for, all of it is copied at restore. */
static void give_up_seams(struct layout *layout)
{
	for (size_t i = 0; i < layout->mapping_count; i++)
		if (layout->mappings[i].kind == CORE_MAPPING_ANONYMOUS)
			layout->mappings[i].flags |= CORE_MAP_COPY;
	layout->seam_count = 0;
}

/* Copies, and finds what follows from the bytes. */
static int fill(const struct image *image, struct layout *layout, int fd,
		struct copy_progress progress, uint64_t *ret_stored,
		struct error *err)
{
	struct inspection inspection = {0};
	struct seams seams = {0};
	struct copy copy;
	int r = copy_open(&copy, image->tracee, fd, image->contents->data_size,
			  progress, err);

	if (r < 0)
		return r;
	copy.inspector = (struct copy_inspector){inspect, &inspection};
	r = owners_init(&layout->owners, image->tracee, image->threads, err);
	if (r == 0)
		r = owners_add_known(&layout->owners, err);
	if (r == 0)
		r = copy_memory(image, layout, &copy, &seams, &inspection, err);
	*ret_stored = copy.written;
	copy_close(&copy);
	if (r == 0)
		r = file_notes_copy(&layout->files, fd, ret_stored, err);
	if (r == 0)
		r = holes_find(image->contents, &layout->written,
			       &layout->holes, err);
	if (r == 0)
		r = seams_conclude(&seams, &layout->written, &layout->seams,
				   &layout->seam_count, err);
	seams_deinit(&seams);
	if (r == 0 && ftruncate(fd, (off_t)layout->file_size) < 0)
		r = error_system(err, errno, "cannot write the memory");
	if (layout->seam_count > most_seams(image->contents))
		give_up_seams(layout);
	if (layout->holes.count > most_holes(image->contents))
		layout->holes.count = most_holes(image->contents);
	return r;
}

static int write_image(const struct image *image, struct layout *layout, int fd,
		       struct copy_progress progress, uint64_t *ret_stored,
		       struct error *err)
{
	const struct contents *contents = image->contents;
	size_t front = core_notes_offset(layout->segment_count);
	struct note_buffer notes = {0};
	int r;

	build_notes(&notes, image, layout, 0);
	front += notes.size + most_holes(contents) * sizeof(struct core_range) +
		 most_seams(contents) * sizeof(uint64_t) +
		 owners_max(image->threads) * sizeof(struct core_owner);
	note_buffer_deinit(&notes);
	place(layout, contents,
	      (front + CORE_PAGE_SIZE - 1) & ~(uint64_t)(CORE_PAGE_SIZE - 1));
	r = fill(image, layout, fd, progress, ret_stored, err);
	if (r < 0)
		return r;
	/* Twice, as the front tells its own size. */
	build_notes(&notes, image, layout, 0);
	front = core_notes_offset(layout->segment_count) + notes.size;
	note_buffer_deinit(&notes);
	build_notes(&notes, image, layout, front);
	r = core_write_front(fd, layout->segments, layout->segment_count,
			     &notes, err);
	*ret_stored += front;
	note_buffer_deinit(&notes);
	return r;
}

int image_write(const struct image *image, int fd,
		struct copy_progress progress, struct image_totals *ret_totals,
		struct error *err)
{
	struct layout layout = {0};
	uint64_t stored = 0;
	int r = lay_out(&layout, image, err);

	if (r == 0)
		r = write_image(image, &layout, fd, progress, &stored, err);
	if (r == 0)
		*ret_totals = (struct image_totals){
			.stored = stored,
			.file_size = layout.file_size,
			.mapping_count = layout.mapping_count,
		};
	layout_deinit(&layout);
	return r;
}
