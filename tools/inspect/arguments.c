/*
 * arguments.c - the command line of a service, from its stack
 */
#include "arguments.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "text_json.h"

enum {
	SIZE_MAX_SHOWN = 128 << 10, /* MAX_ARG_STRLEN of the kernel */
};

static const struct core_mapping *find_mapping(const struct core *core,
					       uint64_t address)
{
	for (size_t i = 0; i < core->mapping_count; i++) {
		const struct core_mapping *m = &core->mappings[i];

		if (address >= m->start && address < m->end)
			return m;
	}
	return NULL;
}

/* As much as lies in one mapping; where that is on the disk, and how much. */
static uint64_t find_bytes(const struct core *core, size_t *ret_size)
{
	const uint64_t start = core->process->arg_start;
	const struct core_mapping *m = find_mapping(core, start);
	uint64_t end = core->process->arg_end;

	if (!m || m->offset == 0 || end <= start)
		return 0;
	if (end > m->end)
		end = m->end;
	*ret_size = end - start < SIZE_MAX_SHOWN ? end - start : SIZE_MAX_SHOWN;
	return m->offset + (start - m->start);
}

json_t *arguments_json(const struct core *core)
{
	json_t *words = json_array();
	size_t size = 0;
	const uint64_t offset = find_bytes(core, &size);
	cleanup_heap char *bytes = malloc(size + 1);

	if (!bytes || offset == 0 ||
	    io_pread_all(core->fd, bytes, size, offset) < 0)
		return words;
	bytes[size] = '\0';
	for (size_t at = 0; at < size; at += strlen(bytes + at) + 1)
		json_array_append_new(
			words, text_json(bytes + at, strlen(bytes + at)));
	return words;
}
