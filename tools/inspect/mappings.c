/*
 * mappings.c - the memory of a service, mapping by mapping
 */
#include "mappings.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "stored.h"
#include "text_json.h"

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

/* By enum core_mapping_kind. */
static const char *const kinds[] = {
	[CORE_MAPPING_FILE] = "file",
	[CORE_MAPPING_ANONYMOUS] = "anonymous",
	[CORE_MAPPING_STACK] = "stack",
	[CORE_MAPPING_SHARED] = "shared",
	[CORE_MAPPING_OBJECT] = "object",
	[CORE_MAPPING_VDSO] = "vdso",
	[CORE_MAPPING_VVAR] = "vvar",
};

struct word {
	uint32_t bit;
	const char *name;
};

static const struct word flags[] = {
	{CORE_MAP_COPY, "copied"},	   {CORE_MAP_NORESERVE, "noreserve"},
	{CORE_MAP_DROPPABLE, "droppable"}, {CORE_MAP_HEAP, "heap"},
	{CORE_MAP_LOCKED, "locked"},	   {CORE_MAP_ON_FAULT, "on fault"},
	{CORE_MAP_SEALED, "sealed"},	   {CORE_MAP_READ_ONLY, "read-only"},
};

static const struct word advices[] = {
	{1u << MADV_RANDOM, "random"},
	{1u << MADV_SEQUENTIAL, "sequential"},
	{1u << MADV_DONTFORK, "dontfork"},
	{1u << MADV_MERGEABLE, "mergeable"},
	{1u << MADV_HUGEPAGE, "hugepage"},
	{1u << MADV_NOHUGEPAGE, "nohugepage"},
	{1u << MADV_DONTDUMP, "dontdump"},
	{1u << MADV_WIPEONFORK, "wipeonfork"},
};

static json_t *words_json(const struct word *words, size_t count, uint32_t bits)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		if (bits & words[i].bit)
			json_array_append_new(list, json_string(words[i].name));
	return list;
}

static json_t *protection_json(uint32_t protection)
{
	const char text[] = {
		protection & PROT_READ ? 'r' : '-',
		protection & PROT_WRITE ? 'w' : '-',
		protection & PROT_EXEC ? 'x' : '-',
	};

	return json_stringn(text, sizeof(text));
}

static const char *name_of(const struct core *core,
			   const struct core_mapping *m)
{
	return core->names + m->name;
}

json_t *mapping_name_json(const struct core *core, const struct core_mapping *m)
{
	return json_pack("{s:o, s:o, s:o}", "start", address_json(m->start),
			 "end", address_json(m->end), "name",
			 text_json(name_of(core, m), strlen(name_of(core, m))));
}

static json_t *mapping_json(const struct core *core,
			    const struct core_mapping *m)
{
	const uint64_t size = m->end - m->start;
	const uint64_t stored =
		m->offset ? stored_size(core->fd, m->offset, size) : 0;
	json_t *object = mapping_name_json(core, m);

	json_object_set_new(object, "size", json_integer((json_int_t)size));
	json_object_set_new(object, "stored", json_integer((json_int_t)stored));
	json_object_set_new(object, "kind", json_string(kinds[m->kind]));
	json_object_set_new(object, "protection",
			    protection_json(m->protection));
	json_object_set_new(object, "flags",
			    words_json(flags, COUNT(flags), m->flags));
	json_object_set_new(object, "advice",
			    words_json(advices, COUNT(advices), m->advice));
	return object;
}

json_t *mappings_json(const struct core *core)
{
	json_t *list = json_array();

	for (size_t i = 0; i < core->mapping_count; i++)
		json_array_append_new(list,
				      mapping_json(core, &core->mappings[i]));
	return list;
}

const char *mapping_name_at(const struct core *core, uint64_t address)
{
	for (size_t i = 0; i < core->mapping_count; i++)
		if (address >= core->mappings[i].start &&
		    address < core->mappings[i].end)
			return name_of(core, &core->mappings[i]);
	return "";
}
