/*
 * memory.h - what stood in the memory of a service
 *
 * Of a thin core or a layer some of it is in other files.
 */
#ifndef INSPECT_MEMORY_H
#define INSPECT_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/core_reader.h"
#include "restore/sources.h"

/* @source_fds: NULL when there are none, or when one of them cannot be had */
struct memory {
	const struct core *core;
	int *source_fds;
};

/* What is in files that cannot be had cannot be read, and the rest can. */
void memory_open(struct memory *ret_memory, const struct core *core,
		 const char *core_path, const struct source_places *places);
void memory_close(struct memory *memory);

/* All of @size bytes at @address, or false. */
bool memory_read(const struct memory *memory, uint64_t address, void *bytes,
		 size_t size);

#endif
