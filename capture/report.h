/*
 * report.h - an audit, for people and for programs
 */
#ifndef CAPTURE_REPORT_H
#define CAPTURE_REPORT_H

#include "audit.h"
#include "capture/blame/blame.h"
#include "capture/core/image.h"
#include "capture/memory/additions.h"
#include "capture/memory/remap.h"
#include "capture/ready/ready.h"

/*
 * What else is known of a capture.
 * @additions: what a service library has brought, or none
 * @core_path: where it was written, or NULL
 * @could_be: nothing was to be written, but could have been
 * @lives_on: the service does, after having stood still for @stopped_ms
 * @is_forked: it was copied from a fork; @why_not_forked: or "", if it is small
 * @remapping: how it was mapped onto the core, or NULL
 * @explained: the descriptor that @story is about, or -1
 * @story_lost: how many events are left out in its middle
 * @unseen: why calls were not seen, or NULL if they were
 * @dropper: the file because of which memory is copied at restore, or ""
 */
struct report {
	const struct audit *audit;
	const struct additions *additions;
	const char *service;
	pid_t pid;
	enum core_ready ready;
	const char *core_path;
	bool could_be;
	struct image_totals totals;
	bool lives_on;
	uint64_t stopped_ms;
	bool is_forked;
	const char *why_not_forked;
	const struct remapping *remapping;
	size_t thread_count;
	const char *dropper;
	int explained;
	struct blame *const *story;
	size_t story_count;
	size_t story_lost;
	const char *unseen;
};

/* Allocated, or NULL when memory has run out. */
char *report_json(const struct report *report);

/*
 * The findings that a user has to know of, on standard error (with @verbose
 * all of them), and a last line with what was written, or could be.
 */
void report_print(const struct report *report, bool verbose);
/* On standard output. */
void report_print_json(const struct report *report);

#endif
