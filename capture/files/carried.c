/*
 * carried.c - the open files and descriptors that a core will hold
 */
#include "carried.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/core_record.h"

/* Makes room for @more of @size behind the @count that there are. */
static bool grow(struct carried *carried, void *slot, size_t count, size_t more,
		 size_t size)
{
	void **items = slot;
	void *grown = realloc(*items, (count + more) * size);

	if (!grown) {
		carried->failed = true;
		return false;
	}
	*items = grown;
	return true;
}

struct carried_mark carried_mark(const struct carried *carried)
{
	return (struct carried_mark){
		.file_count = carried->file_count,
		.watch_count = carried->watch_count,
		.names_size = carried->names_size,
		.data_size = carried->data_size,
	};
}

void carried_return(struct carried *carried, struct carried_mark mark)
{
	while (carried->file_count > mark.file_count)
		cleanup_close(&carried->files[--carried->file_count].source);
	carried->watch_count = mark.watch_count;
	carried->names_size = mark.names_size;
	carried->data_size = mark.data_size;
}

uint32_t carried_add_file(struct carried *carried, const struct core_file *core,
			  int fd, int source)
{
	const size_t index = carried->file_count;

	if (!grow(carried, &carried->files, index, 1, sizeof(*carried->files)))
		return 0;
	carried->files[carried->file_count++] =
		(struct carried_file){*core, fd, source};
	return (uint32_t)index;
}

void carried_add_descriptor(struct carried *carried, int fd, uint32_t file,
			    bool close_on_exec)
{
	if (!grow(carried, &carried->descriptors, carried->descriptor_count, 1,
		  sizeof(*carried->descriptors)))
		return;
	carried->descriptors[carried->descriptor_count++] =
		(struct core_descriptor){
			.fd = (uint32_t)fd,
			.file = file,
			.flags = close_on_exec ? FD_CLOEXEC : 0,
		};
}

void carried_add_watch(struct carried *carried, struct core_watch watch)
{
	if (grow(carried, &carried->watches, carried->watch_count, 1,
		 sizeof(*carried->watches)))
		carried->watches[carried->watch_count++] = watch;
}

uint32_t carried_add_name(struct carried *carried, const char *name)
{
	const size_t size = strlen(name) + 1;
	size_t at = carried->names_size ? carried->names_size : 1;

	if (!grow(carried, &carried->names, at, size, 1))
		return 0;
	carried->names[0] = '\0';
	memcpy(carried->names + at, name, size);
	carried->names_size = at + size;
	return (uint32_t)at;
}

void carried_add_record(struct carried *carried, struct core_file *to,
			uint32_t level, uint32_t option, const void *bytes,
			size_t size)
{
	const struct core_record record = {
		.level = level, .option = option, .size = (uint32_t)size};
	const size_t room = core_record_room(size);
	char *at;

	if (!grow(carried, &carried->data, carried->data_size, room, 1))
		return;
	at = carried->data + carried->data_size;
	memset(at, 0, room);
	memcpy(at, &record, sizeof(record));
	if (size > 0)
		memcpy(at + sizeof(record), bytes, size);
	if (to->data_size == 0)
		to->data = carried->data_size;
	to->data_size += room;
	carried->data_size += room;
}

bool carried_refuse(struct carried *carried, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(carried->why, sizeof(carried->why), format, args);
	va_end(args);
	return false;
}

void carried_deinit(struct carried *carried)
{
	carried_return(carried, (struct carried_mark){0});
	free(carried->files);
	free(carried->descriptors);
	free(carried->watches);
	free(carried->names);
	free(carried->data);
	*carried = (struct carried){0};
}
