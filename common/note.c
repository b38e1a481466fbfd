/*
 * note.c - walking and appending ELF notes, bounds-checked
 */
#include "note.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

static size_t padded(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

bool note_next(struct note_cursor *cursor, struct note *ret_note,
	       struct error *err)
{
	Elf64_Nhdr head;
	const char *owner = cursor->at + sizeof(head);
	size_t total;

	if (cursor->left == 0)
		return false;
	if (cursor->left < sizeof(head))
		goto cut_short;
	memcpy(&head, cursor->at, sizeof(head));
	total = sizeof(head) + padded(head.n_namesz) + padded(head.n_descsz);
	if (total > cursor->left)
		goto cut_short;
	if (head.n_namesz == 0 || owner[head.n_namesz - 1] != '\0') {
		error_set(err, FAULT_CORRUPT,
			  "note of type %#x has no owner's name", head.n_type);
		return false;
	}
	*ret_note = (struct note){
		.type = head.n_type,
		.owner = owner,
		.contents = owner + padded(head.n_namesz),
		.size = head.n_descsz,
	};
	cursor->at += total;
	cursor->left -= total;
	return true;

cut_short:
	error_set(err, FAULT_CORRUPT, "a note is cut short: %zu bytes are left",
		  cursor->left);
	return false;
}

static bool reserve(struct note_buffer *buffer, size_t more)
{
	size_t capacity = buffer->capacity ? buffer->capacity : 16384;
	char *bytes;

	while (capacity - buffer->size < more)
		capacity *= 2;
	if (capacity == buffer->capacity)
		return true;
	bytes = realloc(buffer->bytes, capacity);
	if (!bytes)
		return false;
	buffer->bytes = bytes;
	buffer->capacity = capacity;
	return true;
}

void note_append(struct note_buffer *buffer, const char *owner, uint32_t type,
		 const void *contents, size_t size)
{
	size_t owner_size = strlen(owner) + 1;
	Elf64_Nhdr head = {
		.n_namesz = (Elf64_Word)owner_size,
		.n_descsz = (Elf64_Word)size,
		.n_type = type,
	};
	size_t total = sizeof(head) + padded(owner_size) + padded(size);
	char *at;

	if (buffer->failed || size > UINT32_MAX || !reserve(buffer, total)) {
		buffer->failed = true;
		return;
	}
	at = buffer->bytes + buffer->size;
	memset(at, 0, total);
	memcpy(at, &head, sizeof(head));
	memcpy(at + sizeof(head), owner, owner_size);
	if (size > 0)
		memcpy(at + sizeof(head) + padded(owner_size), contents, size);
	buffer->size += total;
}

void note_append_all(struct note_buffer *buffer, const struct note_buffer *from)
{
	buffer->failed |= from->failed;
	if (buffer->failed || !reserve(buffer, from->size)) {
		buffer->failed = true;
		return;
	}
	if (from->size > 0)
		memcpy(buffer->bytes + buffer->size, from->bytes, from->size);
	buffer->size += from->size;
}

void note_buffer_deinit(struct note_buffer *buffer)
{
	free(buffer->bytes);
	*buffer = (struct note_buffer){0};
}
