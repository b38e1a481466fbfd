/*
 * make_core.h - small cores, right or wrong on purpose, without a process
 */
#ifndef TESTS_MAKE_CORE_H
#define TESTS_MAKE_CORE_H

#include "common/core_format.h"
#include "common/note.h"

enum {
	MADE_MAPPINGS = 6,
	MADE_THREADS = 4,
	MADE_DATA = 16384, /* where the stored bytes begin */
};

/*
 * What goes into the notes; change it before made_core_front().
 * @leave_out, @twice: a note type, or 0
 */
struct made_core {
	struct core_image image;
	struct core_process process;
	struct core_machine machine;
	struct core_mapping mappings[MADE_MAPPINGS];
	size_t mapping_count;
	struct core_mapping_digest digests[MADE_MAPPINGS + 1];
	size_t digest_count;
	struct core_range holes[2];
	size_t hole_count;
	uint64_t seams[2];
	size_t seam_count;
	char names[32];
	char audit[64];
	struct core_thread threads[MADE_THREADS];
	size_t thread_count;
	unsigned char xstate[2696];
	struct core_signal signals[CORE_SIGNALS];
	struct core_attribute attributes[32];
	size_t attribute_count;
	struct core_range guards[2];
	size_t guard_count;
	struct core_object objects[2];
	size_t object_count;
	struct core_source sources[2];
	size_t source_count;
	struct core_outside outside[4];
	size_t outside_count;
	struct core_pending pending[4];
	size_t pending_count;
	struct core_timer timers[4];
	size_t timer_count;
	struct core_owner owners[4];
	size_t owner_count;
	struct core_file files[4];
	size_t file_count;
	struct core_descriptor descriptors[4];
	size_t descriptor_count;
	struct core_watch watches[2];
	size_t watch_count;
	char file_data[64];
	size_t file_data_size;
	uint32_t leave_out;
	uint32_t twice;
};

/* A program of text, data, heap, a block with a seam, a reservation, a stack. */
void made_core_init(struct made_core *made);
/* One for each of the mappings that has bytes; of what, nobody looks here. */
void made_core_set_digests(struct made_core *made);
/*
 * All of the notes, for a file in which @offset bytes stand before them; they
 * are appended to @ret_notes.
 */
void made_core_notes(const struct made_core *made, size_t offset,
		     struct note_buffer *ret_notes);
/* Headers and notes, sealed; allocated. */
char *made_core_front(const struct made_core *made, size_t *ret_size);

#endif
