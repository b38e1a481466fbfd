/*
 * flatten.c - a thin core or a layer, made one that needs no other file
 *
 * What is outside has its place in the core already, as a hole.  So the stored
 * bytes stay where they are, those of the sources are put into the holes, and the
 * front is written anew, which then has less to say.
 */
#include "flatten.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/core/output.h"
#include "common/cleanup.h"
#include "common/core_writer.h"
#include "common/file_lines.h"
#include "common/io.h"
#include "common/page_digest.h"
#include "stored.h"

enum {
	PIECE = 256 << 10,
};

/*
 * @fds: of the sources
 * @digests: those of the core, but for mappings that have more bytes now
 */
struct flattening {
	const struct core *core;
	const int *fds;
	int fd;
	char *piece;
	struct core_mapping_digest *digests;
};

static int cannot(struct error *err, int code, const char *what)
{
	return error_system(err, -code, "cannot %s", what);
}

/* From one file to another; the last page of a file may be a part of one. */
static int copy_range(struct flattening *f, int from, uint64_t at, uint64_t to,
		      uint64_t size, struct error *err)
{
	int r = 0;

	for (uint64_t done = 0; r == 0 && done < size; done += PIECE) {
		const size_t part = size - done < PIECE ? size - done : PIECE;
		const ssize_t got =
			pread(from, f->piece, part, (off_t)(at + done));

		if (got < 0)
			return cannot(err, -errno, "read its sources");
		if (!io_is_zero(f->piece, (size_t)got))
			r = io_pwrite_all(f->fd, f->piece, (size_t)got,
					  to + done);
	}
	return r < 0 ? cannot(err, r, "write the memory") : 0;
}

/* What is stored behind the front; holes stay holes. */
static int copy_stored(struct flattening *f, struct error *err)
{
	const uint64_t end = f->core->image->file_size;
	struct core_range range = {.end = f->core->image->working_set};
	int r = 0;

	while (r == 0 && stored_next(f->core->fd, range.end, end, &range))
		r = copy_range(f, f->core->fd, range.start, range.start,
			       range.end - range.start, err);
	if (r == 0 && ftruncate(f->fd, (off_t)end) < 0)
		r = cannot(err, -errno, "write the memory");
	return r;
}

static int copy_outside(struct flattening *f, struct error *err)
{
	const struct core_mapping *m = f->core->mappings;
	int r = 0;

	for (size_t i = 0; r == 0 && i < f->core->outside_count; i++) {
		const struct core_outside *o = &f->core->outside[i];

		while (m->end <= o->start)
			m++;
		r = copy_range(f, f->fds[o->source], o->offset,
			       m->offset + (o->start - m->start),
			       o->end - o->start, err);
	}
	return r;
}

static int digest_all(struct flattening *f, struct error *err)
{
	const struct core *core = f->core;
	const struct core_outside *o = core->outside;
	const struct core_outside *end = o + core->outside_count;
	struct page_digest *digest = page_digest_create();
	struct core_mapping_digest *next = f->digests;
	uint64_t ignored = 0;
	int r = digest ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < core->mapping_count; i++) {
		const struct core_mapping *m = &core->mappings[i];

		if (m->offset == 0)
			continue;
		if (o < end && o->start < m->end)
			r = stored_digest(
				f->fd,
				&(struct stored_bytes){
					m->offset, m->end - m->start, m->start},
				digest, &next->digest, &ignored);
		while (o < end && o->start < m->end)
			o++;
		next++;
	}
	page_digest_destroy(digest);
	return r < 0 ? cannot(err, r, "digest the memory") : 0;
}

/* What is stored of a file shows it; what it was backed by does not matter. */
static void append_lines(struct note_buffer *notes, const struct core *core)
{
	cleanup_heap struct file_line *lines =
		calloc(core->mapping_count + 1, sizeof(*lines));
	size_t count = 0;

	for (size_t i = 0; lines && i < core->mapping_count; i++) {
		const struct core_mapping *m = &core->mappings[i];
		const char *name = core->names + m->name;

		if (name[0] == '/' && (m->kind == CORE_MAPPING_FILE ||
				       m->kind == CORE_MAPPING_SHARED))
			lines[count++] = (struct file_line){
				m->start, m->end, m->file_offset, name};
	}
	if (lines)
		file_lines_append(notes, lines, count);
	else
		notes->failed = true;
}

static void append_ours(struct note_buffer *notes, const struct flattening *f,
			const struct note *note, uint64_t front_size)
{
	struct core_image image = *f->core->image;

	image.front_size = front_size;
	image.digest = 0;
	switch (note->type) {
	case CORE_NOTE_IMAGE:
		note_append(notes, note->owner, note->type, &image,
			    sizeof(image));
		break;
	case CORE_NOTE_SOURCES:
	case CORE_NOTE_OUTSIDE:
		note_append(notes, note->owner, note->type, NULL, 0);
		break;
	case CORE_NOTE_DIGESTS:
		note_append(notes, note->owner, note->type, f->digests,
			    note->size);
		break;
	default:
		note_append(notes, note->owner, note->type, note->contents,
			    note->size);
	}
}

/* @old: all notes as the file has them */
static void build_notes(struct note_buffer *notes, const struct flattening *f,
			struct note_cursor old, uint64_t front_size)
{
	struct error ignored = {0};
	struct note note;

	while (note_next(&old, &note, &ignored)) {
		if (strcmp(note.owner, CORE_NOTE_OWNER) == 0)
			append_ours(notes, f, &note, front_size);
		else if (note.type == NT_FILE)
			append_lines(notes, f->core);
		else
			note_append(notes, note.owner, note.type, note.contents,
				    note.size);
	}
}

static size_t make_segments(struct core_segment *segments,
			    const struct core *core)
{
	size_t count = 0;

	for (size_t i = 0; i < core->mapping_count; i++) {
		const struct core_mapping *m = &core->mappings[i];

		if (m->kind != CORE_MAPPING_VVAR)
			segments[count++] = (struct core_segment){
				.start = m->start,
				.end = m->end,
				.offset = m->offset,
				.protection = (int)m->protection,
				.is_stored = m->offset != 0,
			};
	}
	return count;
}

/* Twice, as the front tells its own size. */
static int write_front(const struct flattening *f, struct note_cursor old,
		       struct error *err)
{
	cleanup_heap struct core_segment *segments =
		calloc(f->core->mapping_count + 1, sizeof(*segments));
	struct note_buffer notes = {0};
	size_t count;
	size_t front;
	int r;

	if (!segments)
		return cannot(err, -ENOMEM, "keep the segments");
	count = make_segments(segments, f->core);
	build_notes(&notes, f, old, 0);
	front = core_notes_offset(count) + notes.size;
	note_buffer_deinit(&notes);
	build_notes(&notes, f, old, front);
	r = core_write_front(f->fd, segments, count, &notes, err);
	note_buffer_deinit(&notes);
	return r;
}

/* The notes of an open core have been moved in its memory. */
static int read_notes(const struct core *core, char **ret_front,
		      struct note_cursor *ret_notes, struct error *err)
{
	const uint64_t size = core->image->front_size;
	char *front = malloc(size);
	Elf64_Phdr head;
	int r = front ? io_pread_all(core->fd, front, size, 0) : -ENOMEM;

	*ret_front = front;
	if (r < 0)
		return cannot(err, r, "read its notes");
	memcpy(&head, front + sizeof(Elf64_Ehdr), sizeof(head));
	*ret_notes = (struct note_cursor){front + head.p_offset, head.p_filesz};
	return 0;
}

static int write_all(struct flattening *f, struct error *err)
{
	cleanup_heap char *front = NULL;
	cleanup_heap char *piece = malloc(PIECE);
	cleanup_heap struct core_mapping_digest *digests =
		calloc(f->core->digest_count + 1, sizeof(*digests));
	struct note_cursor notes;
	int r;

	if (!piece || !digests)
		return cannot(err, -ENOMEM, "copy the memory");
	memcpy(digests, f->core->digests,
	       f->core->digest_count * sizeof(*digests));
	f->piece = piece;
	f->digests = digests;
	r = read_notes(f->core, &front, &notes, err);
	if (r == 0)
		r = copy_stored(f, err);
	if (r == 0)
		r = copy_outside(f, err);
	if (r == 0)
		r = digest_all(f, err);
	return r < 0 ? r : write_front(f, notes, err);
}

/* Others may need it, too; but of that nobody here knows. */
int flatten_check(const struct core *core, const int *fds, const char *path,
		  struct error *err)
{
	struct stat there, source;

	if (stat(path, &there) < 0)
		return 0;
	for (size_t i = 0; i < core->source_count; i++) {
		if (fstat(fds[i], &source) < 0 ||
		    source.st_dev != there.st_dev ||
		    source.st_ino != there.st_ino)
			continue;
		error_set(err, FAULT_USAGE,
			  "'%s' cannot be both a file that the core needs and "
			  "the flat core",
			  path);
		error_hint(err, "Name another with --flatten.");
		return -err->code;
	}
	return 0;
}

int flatten(const struct core *core, const int *fds, const char *path,
	    struct error *err)
{
	struct flattening f = {.core = core, .fds = fds};
	struct output output;
	int r = output_open(&output, path, err);

	if (r < 0)
		return r;
	f.fd = output.fd;
	r = write_all(&f, err);
	if (r == 0)
		r = output_commit(&output, err);
	else
		error_context(err, "cannot write '%s'", path);
	output_close(&output);
	return r;
}
