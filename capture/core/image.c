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

#include "capture/memory/holes.h"
#include "capture/memory/seams.h"
#include "common/cleanup.h"
#include "debug_notes.h"
#include "layout.h"

static void append(struct note_buffer *notes, enum core_note_type type,
		   const void *contents, size_t size)
{
	note_append(notes, CORE_NOTE_OWNER, type, contents, size);
}

/* What is gone, or goes on, when the service has been let go. */
static void keep_moment(struct layout *layout, const struct image *image)
{
	struct timespec now;
	struct core_image note = {
		.magic = {'S', 'U', 'B', 'C', 'T', 'X', '\r', '\n'},
		.version = CORE_VERSION,
		.ready = image->ready,
		.page_size = CORE_PAGE_SIZE,
		.seconds = time(NULL),
		.pid = (uint32_t)image->tracee->pid,
	};

	clock_gettime(CLOCK_MONOTONIC, &now);
	note.monotonic_ns =
		(uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	layout->image = note;
	debug_notes_append(&layout->debug, image, layout->machine.parts);
}

static void append_image(struct note_buffer *notes, const struct layout *layout,
			 uint64_t front_size)
{
	struct core_image note = layout->image;

	note.front_size = front_size;
	note.working_set = layout->working_set;
	note.file_size = layout->file_size;
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
	note_append_all(notes, &layout->debug);
	append_image(notes, layout, front_size);
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
	append(notes, CORE_NOTE_SOURCES, layout->sources,
	       image->contents->sources.count * sizeof(*layout->sources));
	append(notes, CORE_NOTE_OUTSIDE, image->contents->outside,
	       image->contents->outside_count *
		       sizeof(*image->contents->outside));
	append(notes, CORE_NOTE_AUDIT, image->report, strlen(image->report));
	append(notes, CORE_NOTE_DIGESTS, layout->digests,
	       layout->digest_count * sizeof(*layout->digests));
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
		      contents->outside_count +
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

/* Who can see the bytes that are copied, and who wants to. */
struct inspection {
	struct seams seams;
	struct owners *owners;
	bool wants_seams;
	bool wants_owners;
};

static int inspect(void *context, const char *bytes, size_t size,
		   uint64_t address, struct error *err)
{
	struct inspection *inspection = context;
	int r = 0;

	if (inspection->wants_seams)
		r = seams_inspect(&inspection->seams, bytes, size, address,
				  err);
	if (r == 0 && inspection->wants_owners)
		r = owners_inspect(inspection->owners, bytes, size, address,
				   err);
	return r;
}

/* Those that the stand-in has, or those that it has not. */
static int copy_memory(const struct image *image, struct layout *layout,
		       struct copy *copy, bool has, struct error *err)
{
	const struct contents *contents = image->contents;
	struct inspection *inspection = copy->inspector.context;
	struct core_mapping_digest *next = layout->digests;
	int r = 0;

	for (size_t i = 0; r == 0 && i < contents->count; i++) {
		const struct content *c = &contents->items[i];
		const struct core_mapping *m = &layout->mappings[i];
		uint64_t *digest = c->is_stored ? &(next++)->digest : NULL;

		if (stand_in_has(image->stand_in, i) != has)
			continue;
		inspection->seams.mapping = c->mapping;
		inspection->wants_seams = may_have_seams(c);
		inspection->wants_owners = may_have_locks(c);
		r = copy_runs(copy, contents->data.items + c->first_run,
			      c->run_count, m->start, m->offset,
			      &layout->written, digest, err);
	}
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

/*
 * The bytes that only the service has, while it stands; then it is let go, and
 * the others are those of its stand-in.
 */
static int copy_all(const struct image *image, struct layout *layout,
		    struct copy *copy, uint64_t *ret_stored, struct error *err)
{
	uint64_t of_files = 0;
	int r = owners_init(&layout->owners, image->tracee, image->threads,
			    err);

	if (r == 0)
		r = owners_add_known(&layout->owners, err);
	if (r == 0)
		r = copy_memory(image, layout, copy, false, err);
	if (r == 0)
		r = file_notes_copy(&layout->files, copy->fd, &of_files, err);
	if (r < 0)
		return r;
	image->let_go(image->context);
	copy->source = &image->stand_in->tracee;
	layout->owners.tracee = &image->stand_in->tracee;
	r = copy_memory(image, layout, copy, true, err);
	if (r == 0)
		r = copy_finish(copy, err);
	r = stand_in_check(image->stand_in, r, err);
	if (r == 0)
		*ret_stored = copy->written + of_files;
	return r;
}

/* What is outside is no hole, either. */
static int add_outside(const struct contents *contents,
		       struct page_runs *written, struct error *err)
{
	int r = page_runs_reserve(
		written, written->count + contents->outside_count, err);

	for (size_t i = 0; r == 0 && i < contents->outside_count; i++)
		written->items[written->count++] = (struct core_range){
			contents->outside[i].start, contents->outside[i].end};
	page_runs_sort(written);
	return r;
}

/* Copies, and finds what follows from the bytes. */
static int fill(const struct image *image, struct layout *layout, int fd,
		struct copy_progress progress, uint64_t *ret_stored,
		struct error *err)
{
	struct inspection inspection = {.owners = &layout->owners};
	struct copy copy;
	int r = copy_open(&copy, image->tracee, fd, image->contents->data_size,
			  progress, err);

	if (r < 0)
		return r;
	copy.inspector = (struct copy_inspector){inspect, &inspection};
	r = copy_all(image, layout, &copy, ret_stored, err);
	copy_close(&copy);
	if (r == 0)
		r = add_outside(image->contents, &layout->written, err);
	if (r == 0)
		r = holes_find(image->contents, &layout->written,
			       &layout->holes, err);
	if (r == 0)
		r = seams_conclude(&inspection.seams, &layout->written,
				   &layout->seams, &layout->seam_count, err);
	seams_deinit(&inspection.seams);
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

	keep_moment(layout, image);
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

static uint64_t outside_size(const struct contents *contents)
{
	uint64_t size = 0;

	for (size_t i = 0; i < contents->outside_count; i++)
		size += contents->outside[i].end - contents->outside[i].start;
	return size;
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
			.outside = outside_size(image->contents),
			.source_count = image->contents->sources.count,
			.stored = stored,
			.file_size = layout.file_size,
			.mapping_count = layout.mapping_count,
		};
	layout_deinit(&layout);
	return r;
}
