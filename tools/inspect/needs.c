/*
 * needs.c - the files without which a thin core or a layer is nothing
 */
#include "needs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "text_json.h"

static uint64_t bytes_of(const struct core *core, size_t source)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < core->outside_count; i++)
		if (core->outside[i].source == source)
			bytes += core->outside[i].end - core->outside[i].start;
	return bytes;
}

static json_t *build_id_json(const struct core_source *source)
{
	char text[2 * CORE_BUILD_ID_SIZE + 1] = "";

	for (size_t i = 0; i < source->id_size; i++)
		snprintf(text + 2 * i, 3, "%02x", source->id[i]);
	return json_string(text);
}

static void add_identity(json_t *object, const struct core_source *source)
{
	char digest[17];

	snprintf(digest, sizeof(digest), "%016" PRIx64, source->digest);
	if (source->digest)
		json_object_set_new(object, "digest", json_string(digest));
	else if (source->id_size > 0)
		json_object_set_new(object, "build_id", build_id_json(source));
	json_object_set_new(object, "size",
			    json_integer((json_int_t)source->size));
	json_object_set_new(object, "changed", json_integer(source->seconds));
}

json_t *needs_json(const struct core *core)
{
	json_t *list = json_array();

	for (size_t i = 0; i < core->source_count; i++) {
		const struct core_source *source = &core->sources[i];
		const char *name = core->names + source->name;
		json_t *object = json_pack(
			"{s:o, s:I}", "name", text_json(name, strlen(name)),
			"bytes", (json_int_t)bytes_of(core, i));

		add_identity(object, source);
		json_array_append_new(list, object);
	}
	return list;
}
