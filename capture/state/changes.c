/*
 * changes.c - what is to be set again, as it differs from what was inherited
 */
#include "changes.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* linux/prctl.h: in what PR_GET_SPECULATION_CTRL gives */
	SPECULATION_MAY_BE_SET = 1,
	/* uapi/linux/sched/types.h: where in the words what lies */
	WORD_POLICY = 0,   /* in the upper half */
	WORD_FLAGS = 1,	   /* SCHED_FLAG_* */
	WORD_PRIORITY = 2, /* nice, and in the upper half the real-time one */
	WORD_RUNTIME = 3,
	WORD_CLAMPS = 6,
	FLAG_CLAMPS = 0x60, /* SCHED_FLAG_UTIL_CLAMP */
};

void changes_add(struct changes *changes, uint32_t thread, uint32_t id,
		 uint64_t value)
{
	if (changes->count == changes->capacity) {
		size_t capacity =
			changes->capacity ? changes->capacity * 2 : 32;
		struct core_attribute *items =
			realloc(changes->items, capacity * sizeof(*items));

		if (!items) {
			changes->failed = true;
			return;
		}
		changes->items = items;
		changes->capacity = capacity;
	}
	changes->items[changes->count++] = (struct core_attribute){
		.id = id, .thread = thread, .value = value};
}

static int compare(const void *a, const void *b)
{
	const struct core_attribute *first = a, *second = b;

	if (first->thread != second->thread)
		return first->thread < second->thread ? -1 : 1;
	return (first->id > second->id) - (first->id < second->id);
}

void changes_sort(struct changes *changes)
{
	if (changes->count > 0)
		qsort(changes->items, changes->count, sizeof(*changes->items),
		      compare);
}

void changes_deinit(struct changes *changes)
{
	free(changes->items);
	free(changes->earlier);
	*changes = (struct changes){0};
}

const struct core_attribute *changes_earlier(const struct changes *changes,
					     uint32_t thread, uint32_t id)
{
	for (size_t i = 0; i < changes->earlier_count; i++)
		if (changes->earlier[i].thread == thread &&
		    changes->earlier[i].id == id)
			return &changes->earlier[i];
	return NULL;
}

/* The service has never set it, or has set it to 0. */
static bool was_zero(const struct changes *changes, uint32_t thread,
		     uint32_t id, uint64_t mask)
{
	const struct core_attribute *a = changes_earlier(changes, thread, id);

	return !a || (a->value & mask) == 0;
}

static bool is_speculation(uint32_t id)
{
	return id == ATTRIBUTE_SPECULATION_STORE ||
	       id == ATTRIBUTE_SPECULATION_BRANCH;
}

void changes_compare(struct changes *changes, uint32_t thread,
		     const char *whose, uint32_t id, int64_t before,
		     int64_t after, struct audit *audit)
{
	const struct attribute *a = attribute_find(id);
	bool may_be_set = a->set_number && after >= 0;
	const char *of = whose[0] ? " of " : "";
	char subject[64];

	if (before == after && !changes_earlier(changes, thread, id))
		return;
	if (is_speculation(id))
		may_be_set &= after & SPECULATION_MAY_BE_SET;
	snprintf(subject, sizeof(subject), "%s%s%s", a->name, of, whose);
	audit_add(audit, may_be_set ? VERDICT_RESTORED : VERDICT_REFUSED,
		  subject, "%" PRId64 ", was %" PRId64 " at the start", after,
		  before);
	if (!may_be_set)
		audit_remedy(audit, "Set it after the ready point, or before "
				    "the service is started.");
	else
		changes_add(changes, thread, id,
			    is_speculation(id)
				    ? (uint64_t)after &
					      ~(uint64_t)SPECULATION_MAY_BE_SET
				    : (uint64_t)after);
}

static void scheduling_text(const uint64_t *words, char text[80])
{
	static const char *const policies[] = {
		"SCHED_OTHER", "SCHED_FIFO", "SCHED_RR",      "SCHED_BATCH",
		"SCHED_ISO",   "SCHED_IDLE", "SCHED_DEADLINE"};
	const uint32_t policy = (uint32_t)(words[WORD_POLICY] >> 32);

	snprintf(text, 80, "%s, nice %d, priority %u",
		 policy < sizeof(policies) / sizeof(*policies)
			 ? policies[policy]
			 : "another policy",
		 (int32_t)words[WORD_PRIORITY],
		 (uint32_t)(words[WORD_PRIORITY] >> 32));
}

/*
 * The slice of a fair task is a run time here, too, and stays the kernel's
 * affair unless the service has chosen it.
 */
static void compare_scheduling(struct changes *changes, uint32_t thread,
			       const char *whose, const uint64_t *before,
			       const uint64_t *after, struct audit *audit)
{
	uint64_t words[SCHEDULING_WORDS];
	const char *of = whose[0] ? " of " : "";
	char subject[64], was[80], is[80];

	if (memcmp(before, after, sizeof(words)) == 0 &&
	    !changes_earlier(changes, thread, ATTRIBUTE_SCHEDULING))
		return;
	memcpy(words, after, sizeof(words));
	if (before[WORD_RUNTIME] == after[WORD_RUNTIME] &&
	    was_zero(changes, thread, ATTRIBUTE_SCHEDULING + WORD_RUNTIME,
		     UINT64_MAX))
		words[WORD_RUNTIME] = 0;
	if (before[WORD_CLAMPS] != after[WORD_CLAMPS] ||
	    !was_zero(changes, thread, ATTRIBUTE_SCHEDULING + WORD_FLAGS,
		      FLAG_CLAMPS))
		words[WORD_FLAGS] |= FLAG_CLAMPS;
	scheduling_text(before, was);
	scheduling_text(after, is);
	snprintf(subject, sizeof(subject), "scheduling%s%s", of, whose);
	audit_add(audit, VERDICT_RESTORED, subject, "%s, was %s at the start",
		  is, was);
	for (uint32_t i = 0; i < SCHEDULING_WORDS; i++)
		changes_add(changes, thread, ATTRIBUTE_SCHEDULING + i,
			    words[i]);
}

static void compare_cpus(struct changes *changes, uint32_t thread,
			 const char *whose, const uint64_t *before,
			 const uint64_t *after, struct audit *audit)
{
	const char *of = whose[0] ? " of " : "";
	char subject[64];

	if (memcmp(before, after, CPU_MASK_WORDS * sizeof(*before)) == 0 &&
	    !changes_earlier(changes, thread, ATTRIBUTE_CPUS))
		return;
	snprintf(subject, sizeof(subject), "CPU affinity%s%s", of, whose);
	audit_add(audit, VERDICT_RESTORED, subject,
		  "%#" PRIx64 ", was %#" PRIx64 " at the start", after[0],
		  before[0]);
	for (uint32_t i = 0; i < CPU_MASK_WORDS; i++)
		changes_add(changes, thread, ATTRIBUTE_CPUS + i, after[i]);
}

static void compare_policy(struct changes *changes, uint32_t thread,
			   const char *whose,
			   const struct thread_report *before,
			   const struct thread_report *after,
			   struct audit *audit)
{
	const char *of = whose[0] ? " of " : "";
	bool is_known = true;
	char subject[64];

	if (before->policy == after->policy &&
	    memcmp(before->nodes, after->nodes, sizeof(after->nodes)) == 0 &&
	    !changes_earlier(changes, thread, ATTRIBUTE_MEMORY_POLICY))
		return;
	for (size_t i = 1; i < NODE_MASK_WORDS; i++)
		is_known &= after->nodes[i] == 0;
	snprintf(subject, sizeof(subject), "memory policy%s%s", of, whose);
	audit_add(audit, is_known ? VERDICT_RESTORED : VERDICT_REFUSED, subject,
		  "%" PRIu64 " for nodes %#" PRIx64 ", was %" PRIu64
		  " at the start",
		  after->policy, after->nodes[0], before->policy);
	if (!is_known)
		audit_remedy(audit, "Set it after the ready point.");
	changes_add(changes, thread, ATTRIBUTE_MEMORY_POLICY, after->policy);
	changes_add(changes, thread, ATTRIBUTE_MEMORY_POLICY + 1,
		    after->nodes[0]);
}

void changes_compare_thread(struct changes *changes, uint32_t thread,
			    const char *whose,
			    const struct thread_report *before,
			    const struct thread_report *after,
			    struct audit *audit)
{
	for (uint32_t i = 1; i < ATTRIBUTE_FIXED_COUNT; i++)
		if (attribute_is_read(i, true))
			changes_compare(changes, thread, whose, i,
					before->attributes[i],
					after->attributes[i], audit);
	compare_scheduling(changes, thread, whose, before->scheduling,
			   after->scheduling, audit);
	compare_cpus(changes, thread, whose, before->cpus, after->cpus, audit);
	compare_policy(changes, thread, whose, before, after, audit);
}
