/*
 * changes.h - what is to be set again, as it differs from what was inherited
 */
#ifndef CAPTURE_CHANGES_H
#define CAPTURE_CHANGES_H

#include <limits.h>

#include "audit.h"
#include "common/attribute.h"
#include "common/core_format.h"
#include "thread_report.h"

/*
 * @items: in the order of the core
 * @folder: "" or the new one
 * @failed: memory ran out
 */
struct changes {
	struct core_attribute *items;
	size_t count;
	size_t capacity;
	char folder[PATH_MAX];
	bool failed;
};

void changes_add(struct changes *changes, uint32_t thread, uint32_t id,
		 uint64_t value);

/*
 * Of one attribute that is set by one call, and read as @before and @after;
 * what cannot be set is refused.  @whose: for the report, "" or "thread 7"
 */
void changes_compare(struct changes *changes, uint32_t thread,
		     const char *whose, uint32_t id, int64_t before,
		     int64_t after, struct audit *audit);

/* Of all that a thread has of its own. */
void changes_compare_thread(struct changes *changes, uint32_t thread,
			    const char *whose,
			    const struct thread_report *before,
			    const struct thread_report *after,
			    struct audit *audit);

void changes_sort(struct changes *changes);
void changes_deinit(struct changes *changes);

#endif
