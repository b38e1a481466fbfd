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
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "debug_notes.h"
#include "holes.h"
#include "layout.h"
#include "seams.h"

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
	layout_place(layout, contents,
		     (front + CORE_PAGE_SIZE - 1) &
			     ~(uint64_t)(CORE_PAGE_SIZE - 1));
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
	int r = layout_make(&layout, image, err);

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
