/*
 * plan_attributes.c - the part of a plan that sets what the service has set
 */
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "common/attribute.h"
#include "plan_build.h"

enum {
	SET_THP_DISABLE = 41,	   /* PR_SET_THP_DISABLE */
	SET_TERMINAL = 0x402c542b, /* TCSETS2 */
};

/* With a null pointer for the half of the limit that stays as it is. */
static void set_limit(struct plan *plan, const struct core *core,
		      const struct core_attribute *soft)
{
	uint32_t resource = soft->id - ATTRIBUTE_LIMIT_SOFT;
	struct rlimit limit = {soft->value, soft->value};
	struct rlimit ours;

	getrlimit((int)resource, &ours);
	limit.rlim_max = ours.rlim_max;
	for (size_t i = 0; i < core->attribute_count; i++)
		if (core->attributes[i].id == ATTRIBUTE_LIMIT_HARD + resource)
			limit.rlim_max = core->attributes[i].value;
	plan_add(plan, CALL_GIVES(0, SYS_prlimit64, 0, resource,
				  plan_keep(plan, &limit, sizeof(limit))));
}

/*
 * What prctl(2) gives has the flags in it that it takes apart, since Linux 6.18:
 * PR_THP_DISABLE_EXCEPT_ADVISED.
 */
static void disable_huge_pages(struct plan *plan, uint64_t value)
{
	plan_add(plan, CALL_GIVES(0, SYS_prctl, SET_THP_DISABLE, value & 1,
				  value & ~(uint64_t)1, 0, 0));
}

/* The words of an attribute that takes several follow each other. */
static uint64_t keep_words(struct plan *plan,
			   const struct core_attribute *first, size_t count)
{
	uint64_t words[CPU_MASK_WORDS];

	for (size_t i = 0; i < count; i++)
		words[i] = first[i].value;
	return plan_keep(plan, words, count * sizeof(*words));
}

/* Each registration is a command of its own. */
static void register_membarrier(struct plan *plan, uint64_t commands)
{
	for (uint64_t i = 0; i < 64; i++)
		if (commands >> i & 1)
			plan_add(plan, CALL_GIVES(0, SYS_membarrier,
						  (uint64_t)1 << i, 0, 0));
}

/* Of whichever stream is one here; of no other it can be set (ENOTTY). */
static void set_terminal(struct plan *plan, const struct core_attribute *item)
{
	const uint64_t at = keep_words(plan, item, TERMINAL_WORDS);

	for (uint64_t fd = 0; fd < 3; fd++)
		plan_add(plan, CALL_TRY(SYS_ioctl, fd, SET_TERMINAL, at));
}

static void set_several(struct plan *plan, const struct core_attribute *item)
{
	if (item->id == ATTRIBUTE_SCHEDULING)
		plan_add(plan,
			 CALL_GIVES(0, SYS_sched_setattr, 0,
				    keep_words(plan, item, SCHEDULING_WORDS),
				    0));
	else if (item->id == ATTRIBUTE_CPUS)
		plan_add(plan,
			 CALL_GIVES(0, SYS_sched_setaffinity, 0,
				    CPU_MASK_WORDS * sizeof(uint64_t),
				    keep_words(plan, item, CPU_MASK_WORDS)));
	else if (item->id == ATTRIBUTE_TERMINAL)
		set_terminal(plan, item);
	else if (item->id == ATTRIBUTE_MEMORY_POLICY)
		plan_add(plan, CALL_GIVES(0, SYS_set_mempolicy, item->value,
					  keep_words(plan, item + 1, 1), 64));
}

void plan_attribute(struct plan *plan, const struct core *core,
		    const struct core_attribute *item)
{
	const struct attribute *a = attribute_find(item->id);

	if (item->id == ATTRIBUTE_THP_DISABLE) {
		disable_huge_pages(plan, item->value);
	} else if (a && a->set_number) {
		plan_add(plan, attribute_set(a, item->value));
	} else if (item->id == ATTRIBUTE_MEMBARRIER) {
		register_membarrier(plan, item->value);
	} else if (item->id == ATTRIBUTE_WORKING_FOLDER) {
		const char *name = core->names + item->value;

		plan_add(plan,
			 CALL_GIVES(0, SYS_chdir,
				    plan_keep(plan, name, strlen(name) + 1)));
	} else if (item->id >= ATTRIBUTE_STREAM_FLAGS &&
		   item->id < ATTRIBUTE_STREAM_FLAGS + 3) {
		plan_add(plan,
			 CALL_MUST(SYS_fcntl, item->id - ATTRIBUTE_STREAM_FLAGS,
				   F_SETFL, item->value));
	} else if (item->id >= ATTRIBUTE_STREAM_CLOSES &&
		   item->id < ATTRIBUTE_STREAM_CLOSES + 3) {
		plan_add(plan, CALL_MUST(SYS_fcntl,
					 item->id - ATTRIBUTE_STREAM_CLOSES,
					 F_SETFD, item->value));
	} else if (item->id >= ATTRIBUTE_LIMIT_SOFT &&
		   item->id < ATTRIBUTE_LIMIT_SOFT + RLIM_NLIMITS) {
		set_limit(plan, core, item);
	} else {
		set_several(plan, item);
	}
}

/* What would forbid other steps: all signals are to find their place before. */
static bool is_late(uint32_t id)
{
	const struct attribute *a = attribute_find(id);

	return (a && a->once) || id == ATTRIBUTE_LIMIT_SOFT + RLIMIT_SIGPENDING;
}

void plan_attributes(struct plan *plan, const struct core *core,
		     uint32_t thread, bool once)
{
	for (size_t i = 0; i < core->attribute_count; i++) {
		const struct core_attribute *item = &core->attributes[i];

		if (item->thread == thread && is_late(item->id) == once)
			plan_attribute(plan, core, item);
	}
}
