/*
 * mapping.c - the mappings of an address space, sorted, without overlap
 */
#include "mapping.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cleanup.h"
#include "text.h"

static bool take_permissions(const char **text, struct mapping *m)
{
	const char *at = *text;
	int protection = 0;

	if (strnlen(at, 4) < 4 || !strchr("r-", at[0]) ||
	    !strchr("w-", at[1]) || !strchr("x-", at[2]) ||
	    !strchr("sp", at[3]))
		return false;
	protection |= at[0] == 'r' ? PROT_READ : 0;
	protection |= at[1] == 'w' ? PROT_WRITE : 0;
	protection |= at[2] == 'x' ? PROT_EXEC : 0;
	m->protection = protection;
	m->shared = at[3] == 's';
	*text += 4;
	return true;
}

/* "start-end perms offset major:minor inode" */
static bool take_head(const char **text, struct mapping *m)
{
	uint64_t major, minor;

	if (!take_hex(text, &m->start) || !take_char(text, '-') ||
	    !take_hex(text, &m->end) || !take_char(text, ' ') ||
	    !take_permissions(text, m) || !take_char(text, ' ') ||
	    !take_hex(text, &m->offset) || !take_char(text, ' ') ||
	    !take_hex(text, &major) || !take_char(text, ':') ||
	    !take_hex(text, &minor) || !take_char(text, ' ') ||
	    !take_decimal(text, &m->inode))
		return false;
	m->device_major = (uint32_t)major;
	m->device_minor = (uint32_t)minor;
	return true;
}

/* The kernel writes a newline in a path as \012 and nothing else so. */
static void undo_newlines(char *name)
{
	char *to = name;

	for (const char *from = name; *from; to++) {
		if (strncmp(from, "\\012", 4) == 0) {
			*to = '\n';
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text);

	return length >= strlen(end) &&
	       strcmp(text + length - strlen(end), end) == 0;
}

/* A line "Key: value" of smaps belongs to the mapping before it. */
static void take_property(char *line, struct mapping *m)
{
	const char *at = line;
	uint64_t key;

	if (take_word(&at, "VmFlags:")) {
		skip_blanks(&at);
		for (char *end = line + strlen(line); end > at; *--end = '\0')
			if (end[-1] != ' ')
				break;
		m->vm_flags = at;
	} else if (take_word(&at, "ProtectionKey:")) {
		skip_blanks(&at);
		if (take_decimal(&at, &key))
			m->protection_key = (uint32_t)key;
	}
}

static int check_order(const struct mapping_list *list, struct error *err)
{
	const struct mapping *m = &list->items[list->count - 1];

	if (m->start >= m->end)
		return error_set(err, FAULT_CORRUPT,
				 "mapping at %#" PRIx64 " is empty", m->start);
	if (list->count > 1 && m[-1].end > m->start)
		return error_set(err, FAULT_CORRUPT,
				 "mapping at %#" PRIx64
				 " overlaps the one before it",
				 m->start);
	return 0;
}

static int parse_line(struct mapping_list *list, char *line, struct error *err)
{
	struct mapping *m = &list->items[list->count];
	const char *at = line;

	*m = (struct mapping){.vm_flags = ""};
	if (line[0] >= 'A' && line[0] <= 'Z' && list->count > 0) {
		take_property(line, m - 1);
		return 0;
	}
	if (!take_head(&at, m))
		return error_set(err, FAULT_CORRUPT,
				 "line '%.60s' does not describe a mapping",
				 line);
	skip_blanks(&at);
	m->name = at;
	undo_newlines(line + (at - line));
	m->deleted = ends_with(m->name, " (deleted)");
	if (m->inode != 0 && m->name[0] == '/') {
		m->backing = m->name;
		m->backing_offset = m->offset;
	}
	list->count++;
	return check_order(list, err);
}

static size_t count_lines(const char *text)
{
	size_t count = 1;

	for (; (text = strchr(text, '\n')); text++)
		count++;
	return count;
}

int mapping_list_parse(struct mapping_list *ret_list, char *text,
		       struct error *err)
{
	struct mapping_list list = {.text = text};
	int r = 0;

	list.items = calloc(count_lines(text) + 1, sizeof(*list.items));
	if (!list.items)
		r = error_system(err, ENOMEM, "cannot keep the mappings");
	for (char *line = text, *next; r == 0 && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		else
			next = line + strlen(line);
		r = parse_line(&list, line, err);
	}
	if (r < 0)
		mapping_list_deinit(&list);
	else
		*ret_list = list;
	return r;
}

void mapping_list_deinit(struct mapping_list *list)
{
	free(list->items);
	free(list->text);
	free(list->names);
	*list = (struct mapping_list){0};
}

const struct mapping *mapping_list_find(const struct mapping_list *list,
					uint64_t address)
{
	size_t low = 0;
	size_t high = list->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list->items[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == list->count || list->items[low].start > address)
		return NULL;
	return &list->items[low];
}

bool mapping_has_flag(const struct mapping *m, const char pair[2])
{
	for (const char *at = m->vm_flags; at[0] && at[1]; at++) {
		if (at[0] == pair[0] && at[1] == pair[1])
			return true;
		at += 2;
		if (!*at)
			break;
	}
	return false;
}
