/*
 * additions.h - what a library has brought into the memory of its launcher
 *
 *	before   [launcher][libc]                 [stack]
 *	after    [launcher][libc] [heap][library] [stack]
 *	added                     [heap][library]
 *	changed             [.]                   [..]     pages that differ
 */
#ifndef MEMORY_ADDITIONS_H
#define MEMORY_ADDITIONS_H

#include "capture/audit.h"
#include "kept_pages.h"

enum addition_kind {
	ADDITION_ADDED = 1, /* was not there before */
	ADDITION_CHANGED,   /* is where it was, and not as it was */
	ADDITION_REMOVED,   /* was there */
};

/*
 * All memory of one kind and name.
 * @name: of the file, "[heap]" and its like, or "" for memory without a name;
 *	lives in the lists
 * @mapping_count: mappings and parts of such
 * @size: of these, bytes
 * @written: bytes of the pages that differ, or for what is new that are private
 */
struct addition {
	enum addition_kind kind;
	const char *name;
	size_t mapping_count;
	uint64_t size;
	uint64_t written;
};

/* The library comes first, then other files. */
struct additions {
	struct addition *items;
	size_t count;
};

/*
 * @library: its path
 * @kept: of the same time as @before
 */
struct additions_input {
	const char *library;
	const struct mapping_list *before;
	const struct mapping_list *after;
	const struct kept_pages *kept;
	const struct tracee *tracee;
};

int additions_find(struct additions *ret_additions,
		   const struct additions_input *input, struct error *err);
void additions_deinit(struct additions *additions);

/* A finding for each of them. */
void additions_report(const struct additions *additions, struct audit *audit);

/* "added", "changed", "removed" */
const char *addition_word(enum addition_kind kind);

#endif
