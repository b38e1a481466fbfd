/*
 * progress.h - how far a copy is, on a terminal, and whether to go on
 */
#ifndef CAPTURE_PROGRESS_H
#define CAPTURE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * @shown_ms: when the last line was drawn, or when the first may be
 * @signal: by which the user has ended it, or 0
 */
struct progress {
	const char *path;
	bool is_shown;
	bool is_terminal;
	uint64_t shown_ms;
	int signal;
};

struct progress progress_start(const char *path, bool is_quiet);
/* As struct copy_progress wants it; @context is a struct progress. */
bool progress_tick(void *context, uint64_t done, uint64_t total);
/* Wipes the line. */
void progress_end(struct progress *progress);

#endif
