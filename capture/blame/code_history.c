/*
 * code_history.c - what stood at the addresses of code, and when
 */
#include "code_history.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "capture/memory/restored.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "recorder.h"

static const char deleted[] = " (deleted)";

void code_history_deinit(struct code_history *history)
{
	for (size_t i = 0; i < history->count; i++)
		code_module_deinit(&history->entries[i].module);
	free(history->entries);
	free(history->ends);
	*history = (struct code_history){0};
}

static bool is_there(const struct code_entry *entry)
{
	return entry->last == SIZE_MAX;
}

static void append(struct code_history *history, struct code_module *module,
		   size_t first)
{
	const size_t capacity = history->capacity ? history->capacity * 2 : 16;
	struct code_entry *entries = history->entries;

	if (history->count == history->capacity) {
		entries = realloc(entries, capacity * sizeof(*entries));
		if (!entries) {
			history->is_lost = true;
			code_module_deinit(module);
			return;
		}
		history->entries = entries;
		history->capacity = capacity;
	}
	entries[history->count++] = (struct code_entry){
		.module = *module, .first = first, .last = SIZE_MAX};
	*module = (struct code_module){0};
}

static bool is_known(const struct code_history *history,
		     const struct code_module *module)
{
	for (size_t i = 0; i < history->count; i++) {
		const struct code_module *known = &history->entries[i].module;

		if (is_there(&history->entries[i]) &&
		    code_module_is_same(known, module) &&
		    known->start <= module->start && known->end >= module->end)
			return true;
	}
	return false;
}

static bool replaces(const struct code_module *module,
		     const struct code_entry *entry)
{
	return is_there(entry) &&
	       code_module_overlaps(&entry->module, module) &&
	       !code_module_is_same(&entry->module, module);
}

static void end_era(struct code_history *history,
		    const struct code_module *module, uint64_t ticks)
{
	uint64_t *ends = realloc(history->ends,
				 (history->end_count + 1) * sizeof(*ends));

	if (!ends) {
		history->is_lost = true;
		return;
	}
	history->ends = ends;
	for (size_t i = 0; i < history->count; i++)
		if (replaces(module, &history->entries[i]))
			history->entries[i].last = history->end_count;
	ends[history->end_count++] = ticks;
}

void code_history_add(struct code_history *history, struct code_module *module,
		      uint64_t ticks)
{
	size_t i = 0;

	if (is_known(history, module)) {
		code_module_deinit(module);
		return;
	}
	while (i < history->count && !replaces(module, &history->entries[i]))
		i++;
	if (i < history->count)
		end_era(history, module, ticks);
	append(history, module, history->end_count);
}

static bool read_mapping(struct code_history *history,
			 struct code_module *ret_module,
			 const struct mapping *m)
{
	const bool has_file = m->name[0] == '/' && !m->deleted;

	if (code_module_read(ret_module, m, has_file ? m->name : NULL))
		return true;
	history->is_lost = true;
	return false;
}

static bool read_maps(struct code_history *history, pid_t pid,
		      struct mapping_list *ret_list)
{
	struct error ignored = {0};
	char *text;

	if (io_read_filef(&text, NULL, "/proc/%d/maps", pid) == 0 &&
	    mapping_list_parse(ret_list, text, &ignored) == 0 &&
	    restored_name(ret_list, pid, &ignored) == 0)
		return true;
	history->is_lost = true;
	return false;
}

/* What is code between @start and @end. */
static void add_range(struct code_history *history, pid_t pid, uint64_t start,
		      uint64_t end)
{
	cleanup(mapping_list_deinit) struct mapping_list list = {0};
	struct code_module module;

	if (!read_maps(history, pid, &list))
		return;
	for (size_t i = 0; i < list.count; i++) {
		const struct mapping *m = &list.items[i];

		if (m->protection & PROT_EXEC && m->start < end &&
		    m->end > start && read_mapping(history, &module, m))
			code_history_add(history, &module, recorder_ticks());
	}
}

void code_history_restart(struct code_history *history, pid_t pid)
{
	code_history_deinit(history);
	add_range(history, pid, 0, UINT64_MAX);
}

/* Its descriptor is open at the exit, too. */
static void see_mapping(struct code_history *history, pid_t pid,
			const uint64_t arguments[6], uint64_t start)
{
	struct mapping m = {
		.start = start,
		.end = start + arguments[1],
		.offset = arguments[5],
		.name = "",
	};
	char path[64], name[PATH_MAX];
	struct code_module module;
	const bool has_file = !(arguments[3] & MAP_ANONYMOUS);
	char *end;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, (int)arguments[4]);
	if (has_file && io_read_link(path, name, sizeof(name)) >= 0) {
		m.name = name;
		end = name + strlen(name) - strlen(deleted);
		if (end > name && strcmp(end, deleted) == 0)
			*end = '\0';
	}
	if (code_module_read(&module, &m, m.name[0] ? path : NULL))
		code_history_add(history, &module, recorder_ticks());
	else
		history->is_lost = true;
}

/* Compilers change the protection of the same memory many times. */
static void see_protection(struct code_history *history, pid_t pid,
			   uint64_t start, uint64_t size)
{
	char none[] = "";
	const struct code_module memory = {start, start + size, none, {0}};

	if (!is_known(history, &memory))
		add_range(history, pid, start, start + size);
}

void code_history_see(struct code_history *history, pid_t pid, int64_t call,
		      const uint64_t arguments[6], uint64_t result)
{
	if (call == SYS_mmap)
		see_mapping(history, pid, arguments, result);
	else
		see_protection(history, pid, arguments[0], arguments[1]);
}

/* Its file may have been replaced since; what is mapped is what it was. */
static bool was_seen(const struct code_history *history,
		     const struct code_module *module)
{
	for (size_t i = 0; i < history->count; i++) {
		const struct code_module *known = &history->entries[i].module;

		if (is_there(&history->entries[i]) &&
		    code_module_overlaps(known, module) &&
		    strcmp(known->path, module->path) == 0)
			return true;
	}
	return false;
}

static void add_unseen(struct code_history *history, struct code_module *module)
{
	bool is_contested = false;

	if (was_seen(history, module)) {
		code_module_deinit(module);
		return;
	}
	for (size_t i = 0; i < history->count; i++) {
		struct code_module *other = &history->entries[i].module;

		if (!code_module_overlaps(other, module))
			continue;
		other->path[0] = '\0';
		is_contested = true;
	}
	if (is_contested)
		code_module_deinit(module);
	else
		append(history, module, 0);
}

void code_history_complete(struct code_history *history, pid_t pid)
{
	cleanup(mapping_list_deinit) struct mapping_list list = {0};
	struct code_module module;

	if (!read_maps(history, pid, &list))
		return;
	for (size_t i = 0; i < list.count; i++)
		if (list.items[i].protection & PROT_EXEC &&
		    read_mapping(history, &module, &list.items[i]))
			add_unseen(history, &module);
}

size_t code_history_era(const struct code_history *history, uint64_t ticks)
{
	size_t era = 0;

	while (era < history->end_count && history->ends[era] <= ticks)
		era++;
	return era;
}
