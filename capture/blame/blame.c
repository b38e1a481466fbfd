/*
 * blame.c - who made what a finding is about
 */
#include "blame.h"

#include <inttypes.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capture/audit.h"
#include "capture/files/open_file.h"
#include "common/cleanup.h"
#include "common/io.h"

static const char by_ring[] = "an io_uring may have made it";
static const char by_many[] =
	"it was opened among thousands, and what was kept of that is lost";
static const char by_child[] = "it is a child's child";
static const char by_mapping[] =
	"private mappings are not followed, nor is mremap(2)";
static const char by_nobody[] = "no call that is followed has made it";

void blame_free(struct blame *blame)
{
	while (blame) {
		struct blame *base = blame->base;

		blame_free(blame->rival);
		call_stack_deinit(&blame->stack);
		free(blame->call);
		free(blame);
		blame = base;
	}
}

/* @eras: the symbols of each, opened when they are first wanted, or NULL */
struct lookup {
	const struct blamer *blamer;
	struct symbols **eras;
};

static struct lookup open_lookup(const struct blamer *blamer)
{
	struct code_history *code = &blamer->origins->code;

	code_history_complete(code, blamer->tracee->pid);
	return (struct lookup){
		.blamer = blamer,
		.eras = calloc(code->end_count + 1, sizeof(struct symbols *)),
	};
}

static void close_lookup(struct lookup *lookup)
{
	const size_t end_count = lookup->blamer->origins->code.end_count;

	for (size_t i = 0; lookup->eras && i <= end_count; i++)
		symbols_close(lookup->eras[i]);
	free(lookup->eras);
}

static struct symbols *open_symbols(struct lookup *lookup, uint64_t ticks)
{
	const struct code_history *code = &lookup->blamer->origins->code;
	const size_t era = code_history_era(code, ticks);
	struct error ignored = {0};

	if (!lookup->eras)
		return NULL;
	if (!lookup->eras[era])
		symbols_open_era(&lookup->eras[era], code, era,
				 lookup->blamer->tracee->pid, &ignored);
	return lookup->eras[era];
}

static void find_names(struct lookup *lookup, const struct origin *origin,
		       struct call_stack *ret_stack)
{
	struct symbols *symbols = origin->event == ORIGIN_RESTORED
					  ? NULL
					  : open_symbols(lookup, origin->ticks);

	if (symbols)
		call_stack_make(ret_stack, symbols, &origin->stack);
}

/* Those that were found early are of a program that is gone. */
static void take_stack(struct lookup *lookup, const struct origin *origin,
		       struct call_stack *ret_stack)
{
	const struct call_stack *names = &origin->names;

	if (!names->items) {
		find_names(lookup, origin, ret_stack);
		return;
	}
	ret_stack->items = calloc(names->count + 1, sizeof(*names->items));
	if (!ret_stack->items)
		return;
	memcpy(ret_stack->items, names->items,
	       names->count * sizeof(*names->items));
	ret_stack->count = names->count;
}

static struct blame *make(struct lookup *lookup, const struct origin *origin)
{
	const bool is_copy =
		origin->kind == RESOURCE_DESCRIPTOR &&
		resource_call_copies(origin->call, origin->arguments);
	struct blame *blame = calloc(1, sizeof(*blame));

	if (!blame)
		return NULL;
	blame->event = origin->event;
	blame->kind = origin->kind;
	blame->tid = origin->tid;
	blame->ms = origin->ms;
	blame->core = lookup->blamer->origins->core;
	blame->copied = is_copy ? (int)origin->arguments[0] : -1;
	memcpy(blame->comm, origin->comm, sizeof(blame->comm));
	blame->call = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE,
						       (int)origin->call);
	take_stack(lookup, origin, &blame->stack);
	return blame;
}

/* With those that it is a copy of, and with its rival. */
static struct blame *make_all(struct lookup *lookup,
			      const struct origin *origin)
{
	struct blame *blame = make(lookup, origin);
	struct blame *last = blame;

	if (blame && origin->rival)
		blame->rival = make(lookup, origin->rival);
	if (origin->kind == RESOURCE_LOCK)
		return blame;
	for (origin = origin->base; last && origin; origin = origin->base) {
		last->base = make(lookup, origin);
		last = last->base;
	}
	return blame;
}

static const char *why_unknown(const struct blamer *blamer,
			       enum resource_kind kind)
{
	if (blamer->unseen)
		return blamer->unseen;
	if (kind == RESOURCE_MAPPING)
		return by_mapping;
	if (kind == RESOURCE_CHILD)
		return by_child;
	if (kind == RESOURCE_DESCRIPTOR && blamer->origins->has_ring)
		return by_ring;
	if (kind == RESOURCE_DESCRIPTOR && blamer->origins->recorder.is_mapped)
		return by_many;
	return by_nobody;
}

static struct blame *make_unknown(const struct blamer *blamer,
				  const struct resource *resource)
{
	struct blame *blame = calloc(1, sizeof(*blame));

	if (!blame)
		return NULL;
	blame->kind = resource->kind;
	blame->copied = -1;
	/* The caller hands on no others (tracee_spawn()). */
	blame->is_inherited = resource->kind == RESOURCE_DESCRIPTOR &&
			      resource->id <= STDERR_FILENO &&
			      !blamer->tracee->attached;
	if (!blame->is_inherited)
		blame->unknown = why_unknown(blamer, resource->kind);
	return blame;
}

static void blame_resource(struct lookup *lookup, struct resource *resource)
{
	const struct origins *origins = lookup->blamer->origins;
	const struct origin *origin =
		origins_find(origins, resource->kind, resource->id);

	if (!origin) {
		resource->blame = make_unknown(lookup->blamer, resource);
		return;
	}
	resource->blame = make_all(lookup, origin);
	if (resource->blame)
		resource->blame->is_doubtful =
			origins->has_ring &&
			resource->kind == RESOURCE_DESCRIPTOR &&
			origin->call != SYS_io_uring_setup;
}

static bool is_of_interest(const struct finding *f, bool all)
{
	return all || f->verdict == VERDICT_REFUSED ||
	       f->verdict == VERDICT_NOTED;
}

void blame_audit(const struct blamer *blamer, struct audit *audit, bool all)
{
	struct lookup lookup = open_lookup(blamer);

	for (size_t i = 0; i < audit->count; i++) {
		struct finding *f = &audit->items[i];

		for (size_t k = 0;
		     is_of_interest(f, all) && k < f->resource_count; k++)
			blame_resource(&lookup, &f->resources[k]);
	}
	close_lookup(&lookup);
}

void blame_story(const struct blamer *blamer, struct blame ***ret_blames,
		 size_t *ret_count)
{
	const struct origin_list *story = &blamer->origins->story;
	struct blame **blames = calloc(story->count + 1, sizeof(*blames));
	struct lookup lookup = open_lookup(blamer);
	size_t count = 0;

	for (size_t i = 0; blames && i < story->count; i++) {
		blames[count] = make(&lookup, story->items[i]);
		count += blames[count] != NULL;
	}
	close_lookup(&lookup);
	*ret_blames = blames;
	*ret_count = count;
}

static bool stays_open(const struct tracee *t, int64_t fd)
{
	struct open_file file = {0};
	cleanup_heap char *fdinfo = NULL;

	return io_read_filef(&fdinfo, NULL, "/proc/%d/fdinfo/%lld", t->pid,
			     (long long)fd) == 0 &&
	       open_file_parse(&file, fdinfo) && !file.close_on_exec;
}

static void name_early(struct lookup *lookup, struct origin *origin)
{
	if (!origin->names.items)
		find_names(lookup, origin, &origin->names);
}

void blame_before_exec(const struct blamer *blamer)
{
	const struct origins *origins = blamer->origins;
	struct lookup lookup = open_lookup(blamer);

	for (size_t i = 0; i < origins->story.count; i++)
		name_early(&lookup, origins->story.items[i]);
	for (size_t i = 0; i < origins->made.count; i++) {
		struct origin *origin = origins->made.items[i];

		if (!origin_outlasts_exec(origin, blamer->tracee, stays_open))
			continue;
		if (origin->rival)
			name_early(&lookup, origin->rival);
		for (; origin; origin = origin->base)
			name_early(&lookup, origin);
	}
	close_lookup(&lookup);
}

static const char *verb(const struct blame *blame)
{
	static const char *const verbs[] = {
		[RESOURCE_NONE] = "done",
		[RESOURCE_DESCRIPTOR] = "opened",
		[RESOURCE_LOCK] = "locked",
		[RESOURCE_MAPPING] = "mapped",
		[RESOURCE_TIMER] = "made",
		[RESOURCE_CHILD] = "started",
		[RESOURCE_RANDOMNESS] = "taken",
		[RESOURCE_SEMAPHORE] = "changed",
		[RESOURCE_PROCESS_ID] = "asked for",
	};

	if (blame->event == ORIGIN_ENDED)
		return "closed";
	if (blame->event == ORIGIN_EXECUTED)
		return "closed on exec";
	return verbs[blame->kind];
}

void blame_describe(const struct blame *blame, char text[BLAME_TEXT_MAX])
{
	char thread[64] = "a thread that has ended";
	char what[48];

	if (blame->is_inherited) {
		snprintf(text, BLAME_TEXT_MAX, "inherited from the caller");
		return;
	}
	if (blame->unknown) {
		snprintf(text, BLAME_TEXT_MAX,
			 "how it came to be was not seen: %s", blame->unknown);
		return;
	}
	if (blame->event == ORIGIN_RESTORED) {
		snprintf(text, BLAME_TEXT_MAX, "%s by the restore of '%s'",
			 verb(blame), blame->core);
		return;
	}
	if (blame->tid)
		snprintf(thread, sizeof(thread), "thread %d (%s)", blame->tid,
			 blame->comm);
	snprintf(what, sizeof(what), "%s", verb(blame));
	if (blame->copied >= 0 && blame->event == ORIGIN_MADE)
		snprintf(what, sizeof(what), "copied from fd %d",
			 blame->copied);
	snprintf(text, BLAME_TEXT_MAX,
		 "%s %" PRIu64 ".%02" PRIu64
		 " s after the start by %s in %s(2)",
		 what, blame->ms / 1000, blame->ms % 1000 / 10, thread,
		 blame->call ? blame->call : "a system call");
}
