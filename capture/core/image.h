/*
 * image.h - everything that was found out about the service, as one core
 */
#ifndef CORE_IMAGE_H
#define CORE_IMAGE_H

#include "capture/files/carried.h"
#include "capture/memory/contents.h"
#include "capture/state/pending.h"
#include "capture/state/process_state.h"
#include "capture/state/timers.h"
#include "capture/tracee/stand_in.h"
#include "common/cpu.h"
#include "copy.h"

/*
 * All of it is borrowed.
 * @auxv, @auxv_size: the bytes of /proc/PID/auxv
 * @report: the audit as JSON
 * @level: for what it was made to choose its code
 * @stand_in: what is copied when the service has been let go, if anything
 * @let_go: called with @context when nothing more is read from the service
 */
struct image {
	const struct tracee *tracee;
	const struct contents *contents;
	const struct threads *threads;
	const struct process_state *state;
	const struct changes *changes;
	const struct pending *pending;
	const struct timers *timers;
	const struct carried *carried;
	const struct core_process *process;
	const char *auxv;
	size_t auxv_size;
	const char *report;
	enum core_ready ready;
	enum cpu_level level;
	const struct stand_in *stand_in;
	void (*let_go)(void *context);
	void *context;
};

/*
 * What was written: bytes of the file that are there, and its apparent size; and
 * what was not, as so many sources have it.
 */
struct image_totals {
	uint64_t stored;
	uint64_t file_size;
	size_t mapping_count;
	uint64_t outside;
	size_t source_count;
};

int image_write(const struct image *image, int fd,
		struct copy_progress progress, struct image_totals *ret_totals,
		struct error *err);

#endif
