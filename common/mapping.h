/*
 * mapping.h - the mappings of an address space, sorted, without overlap
 *
 * One struct mapping is one VMA: one line of /proc/PID/maps, with what
 * /proc/PID/smaps adds to it (proc_pid_maps(5), proc_pid_smaps(5)).
 */
#ifndef COMMON_MAPPING_H
#define COMMON_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

/*
 * @start, @end: half-open, multiples of the page size
 * @offset: into the file, bytes
 * @protection: PROT_READ, PROT_WRITE, PROT_EXEC
 * @shared: "s" in the fourth column
 * @backing: the file whose bytes it shows where it has no pages of its own,
 *	which may be another than @name when that is known better; or NULL
 * @backing_offset: into that
 * @name: the file's path with \012 undone, "[heap]" and its like, or "";
 *	lives in the list's text
 * @deleted: the kernel put " (deleted)" behind the name, which @name keeps
 * @vm_flags: "rd ex mr mw me": pairs with blanks between, or "" from maps;
 *	lives in the list's text
 * @protection_key: 0 unless the smaps line says otherwise
 */
struct mapping {
	uint64_t start;
	uint64_t end;
	uint64_t offset;
	uint64_t inode;
	uint32_t device_major;
	uint32_t device_minor;
	int protection;
	bool shared;
	bool deleted;
	const char *name;
	const char *backing;
	uint64_t backing_offset;
	const char *vm_flags;
	uint32_t protection_key;
};

/* @text, @names: what the names point into; owned, like @items. */
struct mapping_list {
	struct mapping *items;
	size_t count;
	char *text;
	char *names;
};

/*
 * Parses what maps or smaps holds; @text is taken over, also on failure (it is
 * heap memory, NUL-terminated).  Mappings that overlap or are out of order are
 * FAULT_CORRUPT.
 */
int mapping_list_parse(struct mapping_list *ret_list, char *text,
		       struct error *err);
void mapping_list_deinit(struct mapping_list *list);

/* The mapping that holds @address, or NULL. */
const struct mapping *mapping_list_find(const struct mapping_list *list,
					uint64_t address);

/* Whether the VmFlags name @pair, such as "wf". */
bool mapping_has_flag(const struct mapping *m, const char pair[2]);

static inline uint64_t mapping_size(const struct mapping *m)
{
	return m->end - m->start;
}

#endif
