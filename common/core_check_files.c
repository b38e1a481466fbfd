/*
 * core_check_files.c - whether what a core says of open files makes sense
 */
#include "core_check_files.h"

#include <stdbool.h>

#include "core_record.h"

enum {
	ADDRESS_MIN = 2, /* a family, and at most a struct sockaddr_storage */
	ADDRESS_MAX = 128,
	FD_MAX = 1 << 30, /* more than NR_OPEN may be raised to */
};

/* Its part of the data is whole records. */
static bool has_whole_records(const struct core *core,
			      const struct core_file *file)
{
	struct core_record_cursor at;
	struct core_record record;
	const void *bytes;

	if (file->data % 8 != 0 || file->data > core->file_data_size ||
	    file->data_size > core->file_data_size - file->data)
		return false;
	at = core_file_records(core, file);
	while (core_record_next(&at, &record, &bytes))
		if (record.level == CORE_RECORD_ADDRESS &&
		    (record.size < ADDRESS_MIN || record.size > ADDRESS_MAX))
			return false;
	return at.size == 0;
}

static bool is_stored(const struct core *core, const struct core_file *file)
{
	return file->data % CORE_PAGE_SIZE == 0 &&
	       file->data <= core->image->file_size &&
	       file->data_size <= core->image->file_size - file->data &&
	       file->data_size <= file->size;
}

static int check_open_files(const struct core *core, struct error *err)
{
	for (size_t i = 0; i < core->file_count; i++) {
		const struct core_file *file = &core->files[i];
		const bool is_pair = file->kind == CORE_FILE_PIPE ||
				     file->kind == CORE_FILE_SOCKETPAIR;
		bool fits = file->kind >= CORE_FILE_INHERITED &&
			    file->kind < CORE_FILE_KINDS &&
			    file->name < core->names_size &&
			    file->peer < core->file_count;

		if (fits)
			fits = core->files[file->peer].kind == file->kind &&
			       core->files[file->peer].peer == i &&
			       (file->peer != i) == is_pair;
		if (fits)
			fits = file->kind == CORE_FILE_MEMFD
				       ? is_stored(core, file)
				       : has_whole_records(core, file);
		if (!fits)
			return error_set(err, FAULT_CORRUPT,
					 "open file %zu makes no sense", i);
	}
	for (size_t i = 0; i < core->object_count; i++) {
		const uint32_t file = core->objects[i].file;

		if (file > core->file_count ||
		    (file && core->files[file - 1].kind != CORE_FILE_MEMFD))
			return error_set(err, FAULT_CORRUPT,
					 "shared memory %zu is no memfd", i);
	}
	return 0;
}

static int check_descriptors(const struct core *core, struct error *err)
{
	for (size_t i = 0; i < core->descriptor_count; i++) {
		const struct core_descriptor *d = &core->descriptors[i];

		if (d->file >= core->file_count || d->fd > FD_MAX ||
		    (i > 0 && d[-1].fd >= d->fd))
			return error_set(err, FAULT_CORRUPT,
					 "descriptor %zu is out of order or of "
					 "no file",
					 i);
	}
	for (size_t i = 0; i < core->watch_count; i++) {
		const struct core_watch *w = &core->watches[i];
		bool fits = w->file < core->file_count &&
			    w->name < core->names_size && w->target <= FD_MAX;

		if (fits)
			fits = core->files[w->file].kind == CORE_FILE_EPOLL ||
			       core->files[w->file].kind == CORE_FILE_INOTIFY;
		if (!fits || (i > 0 && w[-1].file > w->file))
			return error_set(err, FAULT_CORRUPT,
					 "watch %zu is out of order or of no "
					 "file",
					 i);
	}
	return 0;
}

int core_check_files(const struct core *core, struct error *err)
{
	int r = check_open_files(core, err);

	return r == 0 ? check_descriptors(core, err) : r;
}
