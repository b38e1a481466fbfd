/*
 * file_notes.c - the notes about open files, and the bytes of memfds
 */
#include "file_notes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/page_digest.h"

enum {
	PIECE = 256 << 10, /* as steady as a write gets */
};

int file_notes_make(struct file_notes *ret_notes, const struct carried *carried,
		    uint32_t names, struct error *err)
{
	struct file_notes notes = {
		.carried = carried,
		.files = calloc(carried->file_count + 1, sizeof(*notes.files)),
		.watches = calloc(carried->watch_count + 1,
				  sizeof(*notes.watches)),
	};

	if (!notes.files || !notes.watches) {
		file_notes_deinit(&notes);
		return error_system(err, ENOMEM, "cannot keep the open files");
	}
	for (size_t i = 0; i < carried->file_count; i++) {
		notes.files[i] = carried->files[i].core;
		if (notes.files[i].name)
			notes.files[i].name += names;
	}
	for (size_t i = 0; i < carried->watch_count; i++) {
		notes.watches[i] = carried->watches[i];
		if (notes.watches[i].name)
			notes.watches[i].name += names;
	}
	*ret_notes = notes;
	return 0;
}

uint32_t file_notes_find(const struct file_notes *notes, uint64_t device,
			 uint64_t inode)
{
	for (size_t i = 0; i < notes->carried->file_count; i++) {
		const struct core_file *file = &notes->files[i];

		if (file->kind == CORE_FILE_MEMFD && file->inode == inode &&
		    file->device == device)
			return (uint32_t)i + 1;
	}
	return 0;
}

/* Of several openings of one memfd the first has its bytes. */
static bool has_bytes(const struct file_notes *notes, size_t i)
{
	const struct core_file *file = &notes->files[i];

	return file->kind == CORE_FILE_MEMFD &&
	       file_notes_find(notes, file->device, file->inode) == i + 1;
}

uint64_t file_notes_place(struct file_notes *notes, uint64_t offset)
{
	for (size_t i = 0; i < notes->carried->file_count; i++) {
		struct core_file *file = &notes->files[i];

		if (!has_bytes(notes, i))
			continue;
		file->data = offset;
		file->data_size = file->size;
		offset += (file->size + CORE_PAGE_SIZE - 1) &
			  ~(uint64_t)(CORE_PAGE_SIZE - 1);
	}
	return offset;
}

/* Where the next bytes are that are there, or the end. */
static uint64_t next_data(int fd, uint64_t at, uint64_t end)
{
	off_t found = lseek(fd, (off_t)at, SEEK_DATA);

	return found < 0 ? end : (uint64_t)found;
}

static size_t padded(size_t size)
{
	return (size + CORE_PAGE_SIZE - 1) & ~(size_t)(CORE_PAGE_SIZE - 1);
}

static int copy_bytes(const struct core_file *file, int source, int fd,
		      struct page_digest *digest, uint64_t *stored,
		      struct error *err)
{
	cleanup_heap char *piece = malloc(PIECE);
	int r = piece ? 0 : -ENOMEM;

	for (uint64_t at = next_data(source, 0, file->size);
	     r == 0 && at < file->size;
	     at = next_data(source, at + PIECE, file->size)) {
		size_t part = file->size - at < PIECE ? file->size - at : PIECE;

		r = io_pread_all(source, piece, part, at);
		if (r < 0 || io_is_zero(piece, part))
			continue;
		memset(piece + part, 0, padded(part) - part);
		page_digest_add(digest, at, piece, padded(part));
		r = io_pwrite_all(fd, piece, part, file->data + at);
		*stored += part;
	}
	return r < 0 ? error_system(err, -r, "cannot copy a memfd") : 0;
}

int file_notes_copy(struct file_notes *notes, int fd, uint64_t *stored,
		    struct error *err)
{
	struct page_digest *digest = page_digest_create();
	int r = digest ? 0
		       : error_system(err, ENOMEM, "cannot copy the memfds");

	for (size_t i = 0; r == 0 && i < notes->carried->file_count; i++) {
		struct core_file *file = &notes->files[i];

		if (!has_bytes(notes, i))
			continue;
		page_digest_begin(digest);
		r = copy_bytes(file, notes->carried->files[i].source, fd,
			       digest, stored, err);
		file->values[CORE_MEMFD_DIGEST] = page_digest_value(digest);
	}
	page_digest_destroy(digest);
	return r;
}

static void append(struct note_buffer *buffer, enum core_note_type type,
		   const void *items, size_t size)
{
	note_append(buffer, CORE_NOTE_OWNER, type, items, size);
}

void file_notes_append(const struct file_notes *notes,
		       struct note_buffer *buffer)
{
	const struct carried *carried = notes->carried;

	append(buffer, CORE_NOTE_FILES, notes->files,
	       carried->file_count * sizeof(*notes->files));
	append(buffer, CORE_NOTE_DESCRIPTORS, carried->descriptors,
	       carried->descriptor_count * sizeof(*carried->descriptors));
	append(buffer, CORE_NOTE_WATCHES, notes->watches,
	       carried->watch_count * sizeof(*notes->watches));
	append(buffer, CORE_NOTE_FILE_DATA, carried->data, carried->data_size);
}

void file_notes_deinit(struct file_notes *notes)
{
	free(notes->files);
	free(notes->watches);
	*notes = (struct file_notes){0};
}
