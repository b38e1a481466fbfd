/*
 * core_record.c - the records that open files of a core point to
 */
#include "core_record.h"

#include <string.h>

struct core_record_cursor core_file_records(const struct core *core,
					    const struct core_file *file)
{
	return (struct core_record_cursor){core->file_data + file->data,
					   file->data_size};
}

uint64_t core_record_room(uint64_t size)
{
	return sizeof(struct core_record) + ((size + 7) & ~(uint64_t)7);
}

bool core_record_next(struct core_record_cursor *cursor,
		      struct core_record *ret_record, const void **ret_bytes)
{
	struct core_record record;
	uint64_t room;

	if (cursor->size < sizeof(record))
		return false;
	memcpy(&record, cursor->at, sizeof(record));
	room = core_record_room(record.size);
	if (room > cursor->size)
		return false;
	*ret_record = record;
	*ret_bytes = cursor->at + sizeof(record);
	cursor->at += room;
	cursor->size -= room;
	return true;
}
