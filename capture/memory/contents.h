/*
 * contents.h - which pages of which mapping go into the core
 *
 * Decides for each mapping what kind it is to a restore, which of its bytes
 * are stored, and whether it can be carried at all; no byte is copied here.
 */
#ifndef MEMORY_CONTENTS_H
#define MEMORY_CONTENTS_H

#include "capture/audit.h"
#include "common/core_format.h"
#include "common/error.h"
#include "common/mapping.h"
#include "objects.h"
#include "pagemap.h"
#include "sources.h"

/*
 * @mapping: lives in the list that was decided on
 * @first_run, @run_count: its part of contents.data, all within it
 * @is_stored: the core has bytes for it, from @start to @end; where there is
 *	no run, they are zeros
 * @is_dumped: debuggers see a segment for it
 * @object: which of contents.objects, for CORE_MAPPING_OBJECT
 */
struct content {
	const struct mapping *mapping;
	enum core_mapping_kind kind;
	uint32_t flags;
	uint32_t advice;
	size_t first_run;
	size_t run_count;
	bool is_stored;
	bool is_dumped;
	uint32_t object;
};

/*
 * @data: what has to be copied, ascending
 * @guards: guard regions, ascending
 * @objects: shared memory that no file system names
 * @outside: what is not copied, as one of @sources has it, ascending
 * @stored_size: of all mappings with is_stored
 * @data_size: of all runs
 */
struct contents {
	struct content *items;
	size_t count;
	struct page_runs data;
	struct page_runs guards;
	struct objects objects;
	struct core_outside *outside;
	size_t outside_count;
	struct sources sources;
	uint64_t stored_size;
	uint64_t data_size;
};

/*
 * @anonymous_flags: CORE_MAP_COPY, or 0, for every anonymous mapping
 * @audit: gets a finding for each mapping that can not be carried
 */
int contents_decide(struct contents *ret_contents,
		    const struct mapping_list *mappings, const struct tracee *t,
		    uint32_t anonymous_flags, struct audit *audit,
		    struct error *err);
void contents_deinit(struct contents *contents);

/* What a mapping is, or, filling *ret_refusal, why it can not be carried. */
enum core_mapping_kind content_classify(const struct mapping *m,
					const char **ret_refusal);

/*
 * Whether pages that it does not have itself are those of a file, not zeros;
 * anonymous memory of a restored service shows its core.
 */
bool content_shows_file(const struct content *c);

#endif
