/*
 * plan_trial.c - whether what the service has set may be set here
 *
 * During the handover nobody could say what it was that the kernel refused.  So
 * a child tries it before: priorities that take a privilege, processors that
 * are not here, limits above the hard one.  Only services that have set
 * something about themselves pay for it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/attribute.h"
#include "common/cleanup.h"
#include "plan_build.h"

/*
 * @done: how many of the calls the child has made, in memory that it shares
 * @items: for each call the attribute that it sets
 */
struct trial {
	struct plan plan;
	size_t *done;
	const struct core_attribute **items;
};

/* What is common to all who have the stream open stays as it is. */
static bool is_tried(uint32_t id)
{
	return (id < ATTRIBUTE_STREAM_FLAGS ||
		id >= ATTRIBUTE_STREAM_FLAGS + 3) &&
	       id != ATTRIBUTE_TERMINAL;
}

static void write_trial(struct trial *trial, const struct core *core,
			size_t first, size_t end)
{
	struct plan *plan = &trial->plan;

	for (size_t i = first; i < end; i++) {
		const struct core_attribute *item = &core->attributes[i];
		size_t before = plan->call_count;

		if (is_tried(item->id))
			plan_attribute(plan, core, item);
		while (before < plan->call_count)
			trial->items[before++] = item;
	}
}

/* A child that does not come to its end says nothing. */
static int run_trial(struct trial *trial, struct error *err)
{
	const struct plan *plan = &trial->plan;
	int status = 0;
	pid_t child;

	*trial->done = 0;
	child = fork();
	if (child == 0) {
		*trial->done = call_run(plan->calls, plan->call_count);
		_exit(EXIT_SUCCESS);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return error_system(err, errno, "cannot start a child");
	if (!WIFEXITED(status))
		*trial->done = plan->call_count;
	return 0;
}

static int refuse(const struct core_attribute *item, int code,
		  struct error *err)
{
	const uint32_t limit = item->id - ATTRIBUTE_LIMIT_SOFT;
	struct rlimit ours;

	error_system(err, code, "cannot set its %s", attribute_name(item->id));
	if (item->id >= ATTRIBUTE_LIMIT_SOFT && limit < RLIM_NLIMITS &&
	    getrlimit((int)limit, &ours) == 0 && item->value > ours.rlim_max)
		error_hint(err,
			   "It is %" PRIu64 ", the hard limit here is %" PRIu64
			   ".",
			   item->value, (uint64_t)ours.rlim_max);
	else if (code == EPERM)
		error_hint(err, "It takes a privilege that was there when the "
				"service was captured.");
	return -err->code;
}

/* The attributes of one thread, from @first on. */
static int try_thread(struct trial *trial, const struct core *core,
		      size_t first, size_t end, struct error *err)
{
	const struct call *failed;
	size_t data = trial->plan.data;
	int r;

	trial->plan.call_count = 0;
	write_trial(trial, core, first, end);
	r = run_trial(trial, err);
	trial->plan.data = data;
	if (r < 0 || *trial->done == trial->plan.call_count)
		return r;
	failed = &trial->plan.calls[*trial->done];
	return refuse(trial->items[*trial->done], (int)-failed->result, err);
}

static size_t end_of_thread(const struct core *core, size_t first)
{
	size_t i = first;

	while (i < core->attribute_count &&
	       core->attributes[i].thread == core->attributes[first].thread)
		i++;
	return i;
}

/* Threads of a pool have mostly all set the same. */
static bool is_same(const struct core *core, size_t a, size_t b, size_t count)
{
	const struct core_attribute *all = core->attributes;

	for (size_t i = 0; i < count; i++)
		if (all[a + i].id != all[b + i].id ||
		    all[a + i].value != all[b + i].value)
			return false;
	return true;
}

static int try_all(struct trial *trial, const struct core *core,
		   struct error *err)
{
	size_t before = 0, before_count = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < core->attribute_count;) {
		size_t end = end_of_thread(core, i);

		if (end - i != before_count ||
		    !is_same(core, before, i, before_count))
			r = try_thread(trial, core, i, end, err);
		before = i;
		before_count = end - i;
		i = end;
	}
	return r;
}

int plan_try(const struct core *core, struct error *err)
{
	const size_t call_max = plan_threads_calls(core);
	const size_t calls_size = call_max * sizeof(struct call);
	const size_t size =
		sizeof(size_t) + calls_size + plan_threads_data(core);
	cleanup_heap const struct core_attribute **items = NULL;
	unsigned char *bytes;
	struct trial trial;
	int r;

	if (core->attribute_count == 0)
		return 0;
	items = calloc(call_max, sizeof(*items));
	bytes = mmap(NULL, size, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!items || bytes == MAP_FAILED)
		return error_system(err, ENOMEM, "cannot try its attributes");
	trial = (struct trial){
		.plan = {.address = (uintptr_t)bytes,
			 .size = size,
			 .bytes = bytes,
			 .calls = (struct call *)(void *)(bytes +
							  sizeof(size_t)),
			 .call_max = call_max,
			 .data = sizeof(size_t) + calls_size,
			 .data_end = size},
		.done = (size_t *)(void *)bytes,
		.items = items,
	};
	r = try_all(&trial, core, err);
	munmap(bytes, size);
	return r;
}
