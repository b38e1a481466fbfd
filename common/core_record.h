/*
 * core_record.h - the records that open files of a core point to
 */
#ifndef COMMON_CORE_RECORD_H
#define COMMON_CORE_RECORD_H

#include <stdbool.h>

#include "core_reader.h"

/* What has not been read yet; the bytes belong to the core. */
struct core_record_cursor {
	const char *at;
	uint64_t size;
};

struct core_record_cursor core_file_records(const struct core *core,
					    const struct core_file *file);

/*
 * The next record and its bytes, aligned to eight.  False at the end, where
 * @size is 0, and at something that is not a whole record.
 */
bool core_record_next(struct core_record_cursor *cursor,
		      struct core_record *ret_record, const void **ret_bytes);

/* How many bytes a record takes that holds @size. */
uint64_t core_record_room(uint64_t size);

#endif
