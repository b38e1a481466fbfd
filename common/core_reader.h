/*
 * core_reader.h - a core, checked from end to end before anyone sees it
 *
 * Whatever a struct core holds is in bounds, in order and free of overlap, so
 * that its users check nothing of that again.
 */
#ifndef COMMON_CORE_READER_H
#define COMMON_CORE_READER_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

#include "core_format.h"
#include "error.h"

/*
 * @fd: open for reading, close-on-exec, or -1 when only bytes were checked
 * @names: ends with a NUL
 * @audit: the report as JSON, without a NUL
 * @digests: one for each mapping with stored bytes, in their order
 * @leader: the thread whose id is that of the process
 * @auxv: what NT_AUXV holds, pairs of type and value
 * @front: headers and notes, into which everything points, where core_open()
 *	has mapped them
 */
struct core {
	int fd;
	const struct core_image *image;
	const struct core_process *process;
	const struct core_machine *machine;
	const struct core_mapping *mappings;
	size_t mapping_count;
	const struct core_range *holes;
	size_t hole_count;
	const uint64_t *seams;
	size_t seam_count;
	const struct core_range *guards;
	size_t guard_count;
	const struct core_object *objects;
	size_t object_count;
	const struct core_pending *pending;
	size_t pending_count;
	const struct core_timer *timers;
	size_t timer_count;
	const struct core_owner *owners;
	size_t owner_count;
	const struct core_file *files;
	size_t file_count;
	const struct core_descriptor *descriptors;
	size_t descriptor_count;
	const struct core_watch *watches;
	size_t watch_count;
	const struct core_source *sources;
	size_t source_count;
	const struct core_outside *outside;
	size_t outside_count;
	const char *file_data;
	size_t file_data_size;
	const char *audit;
	size_t audit_size;
	const struct core_mapping_digest *digests;
	size_t digest_count;
	const char *names;
	size_t names_size;
	const struct core_thread *threads;
	size_t thread_count;
	size_t leader;
	const unsigned char *xstate;
	size_t xstate_size;
	const struct core_signal *signals;
	const struct core_attribute *attributes;
	size_t attribute_count;
	const uint64_t *auxv;
	size_t auxv_count;
	char *front;
	size_t front_size;
};

/* Opens and checks; every refusal is FAULT_CORRUPT or FAULT_SYSTEM. */
int core_open(struct core *ret_core, const char *path, struct error *err);
void core_close(struct core *core);

/*
 * The checks alone: @front holds the first @front_size bytes of a file of
 * @file_size bytes, all of its headers and notes, aligned to eight.  It stays
 * the caller's; *ret_core points into it, and notes are moved within it.
 */
int core_parse(struct core *ret_core, char *front, size_t front_size,
	       uint64_t file_size, struct error *err);

/*
 * How many bytes the headers and notes take, as the first @size bytes of the
 * file say; at most CORE_FRONT_MAX.
 */
int core_front_size(const void *front, size_t size, uint64_t file_size,
		    uint64_t *ret_size, struct error *err);

enum {
	CORE_FRONT_MAX = 256 << 20, /* 70,000 mappings take 20 MiB */
};

#endif
