/*
 * fuzz_mapping.c - any text is refused, or is a list that keeps its promises
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/mapping.h"
#include "fuzz.h"

static const char text[] =
	"55d0a000-55d0c000 r-xp 00002000 fe:01 1234    /usr/bin/my program\n"
	"Size:                  8 kB\nProtectionKey:         0\n"
	"VmFlags: rd ex mr mw me sd\n"
	"55d0c000-55d0e000 rw-p 00000000 00:00 0    [heap]\n"
	"VmFlags: rd wr mr mw me ac sd\n"
	"7ffc0000-7ffd0000 rw-p 00000000 00:00 0    [stack]\n"
	"VmFlags: rd wr mr mw me gd ac\n";

size_t fuzz_begin(uint8_t *bytes, size_t size)
{
	assert(size > sizeof(text));
	memcpy(bytes, text, sizeof(text));
	return sizeof(text);
}

void fuzz_one(uint8_t *bytes, size_t size)
{
	struct mapping_list list = {0};
	struct error err = {0};
	char *copy = malloc(size + 1);

	memcpy(copy, bytes, size);
	copy[size] = '\0';
	if (mapping_list_parse(&list, copy, &err) < 0) {
		assert(err.fault == FAULT_CORRUPT && list.count == 0);
		return;
	}
	for (size_t i = 0; i < list.count; i++) {
		const struct mapping *m = &list.items[i];

		assert(m->start < m->end);
		assert(i == 0 || m[-1].end <= m->start);
		assert(mapping_list_find(&list, m->start) == m);
		assert(mapping_list_find(&list, m->end - 1) == m);
		mapping_has_flag(m, "gd");
	}
	mapping_list_deinit(&list);
}
