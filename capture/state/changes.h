/*
 * changes.h - what is to be set again, as it differs from what was inherited
 */
#ifndef STATE_CHANGES_H
#define STATE_CHANGES_H

#include <limits.h>

#include "capture/audit.h"
#include "common/attribute.h"
#include "common/core_format.h"
#include "thread_report.h"

/*
 * @items: in the order of the core
 * @earlier: what the service had changed before its base was captured; that is
 *	its own, also where it inherits the same now
 * @own_signals: the same of signal actions, the bit of n is n - 1
 * @folder: "" or the new one
 * @failed: memory ran out
 */
struct changes {
	struct core_attribute *items;
	size_t count;
	size_t capacity;
	struct core_attribute *earlier;
	size_t earlier_count;
	uint64_t own_signals;
	char folder[PATH_MAX];
	bool failed;
};

void changes_add(struct changes *changes, uint32_t thread, uint32_t id,
		 uint64_t value);

/* What it had changed earlier of that, or NULL. */
const struct core_attribute *changes_earlier(const struct changes *changes,
					     uint32_t thread, uint32_t id);

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
