/*
 * arguments.c - the command line of a service, from its stack
 */
#include "arguments.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/core_find.h"
#include "text_json.h"

enum {
	SIZE_MAX_SHOWN = 128 << 10, /* MAX_ARG_STRLEN of the kernel */
};

/* How much there is, at most to the end of the mapping, as the rest is wrong. */
static size_t find_size(const struct core *core)
{
	const uint64_t start = core->process->arg_start;
	const uint64_t end = core->process->arg_end;
	const size_t index = core_find_mapping(core, start);
	uint64_t size = end > start ? end - start : 0;

	if (index == core->mapping_count)
		return 0;
	if (size > core->mappings[index].end - start)
		size = core->mappings[index].end - start;
	return size < SIZE_MAX_SHOWN ? size : SIZE_MAX_SHOWN;
}

json_t *arguments_json(const struct memory *memory)
{
	const struct core *core = memory->core;
	const size_t size = find_size(core);
	cleanup_heap char *bytes = malloc(size + 1);
	json_t *words = json_array();

	if (!bytes ||
	    !memory_read(memory, core->process->arg_start, bytes, size))
		return words;
	bytes[size] = '\0';
	for (size_t at = 0; at < size; at += strlen(bytes + at) + 1)
		json_array_append_new(
			words, text_json(bytes + at, strlen(bytes + at)));
	return words;
}
