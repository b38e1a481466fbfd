/*
 * blame.c - who made what a finding is about, for people
 */
#include "blame.h"

#include <inttypes.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "audit.h"
#include "common/cleanup.h"
#include "common/io.h"

static const char by_ring[] =
	"no call that is followed made it; an io_uring may have";
static const char by_nobody[] = "no call that is followed made it";

void blame_free(struct blame *blame)
{
	if (!blame)
		return;
	for (size_t i = 0; i < blame->frame_count; i++)
		free(blame->frames[i].functions);
	free(blame->frames);
	free(blame->call);
	free(blame);
}

const char *blame_next_function(const char *function)
{
	return function + strlen(function) + 1;
}

/* All that is in one frame, one behind the other. */
static void describe_frame(struct symbols *symbols,
			   const struct backtrace_frame *from,
			   struct blame_frame *to)
{
	char texts[SYMBOL_INLINED_MAX][SYMBOL_TEXT_MAX];
	size_t count = symbols_describe_frame(symbols, from, texts);
	size_t used = 0;

	to->address = from->address;
	to->functions = malloc(count * SYMBOL_TEXT_MAX);
	if (!to->functions)
		return;
	to->function_count = count;
	for (size_t i = 0; i < count; i++) {
		const size_t size = strlen(texts[i]) + 1;

		memcpy(to->functions + used, texts[i], size);
		used += size;
	}
}

/* What is below main() is the same for everybody. */
static bool is_main(const struct blame_frame *frame)
{
	const char *function = frame->functions;

	for (size_t i = 1; i < frame->function_count; i++)
		function = blame_next_function(function);
	return frame->function_count > 0 && strncmp(function, "main ", 5) == 0;
}

static void take_frames(struct blame *blame, struct symbols *symbols,
			const struct blamer *blamer,
			const struct saved_stack *stack)
{
	struct backtrace backtrace;

	symbols_unwind(symbols, blamer->tracee, stack, &backtrace);
	blame->frames = calloc(backtrace.count + 1, sizeof(*blame->frames));
	for (size_t i = 0; blame->frames && i < backtrace.count; i++) {
		struct blame_frame *frame = &blame->frames[i];

		describe_frame(symbols, &backtrace.frames[i], frame);
		blame->frame_count++;
		if (is_main(frame))
			break;
	}
}

static void read_comm(struct blame *blame)
{
	cleanup_heap char *text = NULL;

	if (io_read_filef(&text, NULL, "/proc/%d/comm", blame->tid) == 0)
		snprintf(blame->comm, sizeof(blame->comm), "%.*s",
			 (int)strcspn(text, "\n"), text);
}

static int copied_fd(const struct origin *origin)
{
	const bool is_copy =
		origin->call == SYS_dup || origin->call == SYS_dup2 ||
		origin->call == SYS_dup3 || origin->call == SYS_fcntl;

	return is_copy && origin->kind == RESOURCE_DESCRIPTOR
		       ? (int)origin->first_argument
		       : -1;
}

static struct blame *blame_make(const struct blamer *blamer,
				struct symbols *symbols,
				const struct origin *origin)
{
	struct blame *blame = calloc(1, sizeof(*blame));

	if (!blame)
		return NULL;
	blame->event = origin->event;
	blame->tid = origin->tid;
	blame->ms = origin->ms;
	blame->copied = copied_fd(origin);
	memcpy(blame->comm, origin->comm, sizeof(blame->comm));
	if (!blame->comm[0])
		read_comm(blame);
	blame->call = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE,
						       (int)origin->call);
	if (symbols)
		take_frames(blame, symbols, blamer, &origin->stack);
	return blame;
}

static struct blame *blame_nobody(const struct blamer *blamer)
{
	struct blame *blame = calloc(1, sizeof(*blame));

	if (blame)
		blame->copied = -1;
	if (blame)
		blame->unknown = blamer->unseen		     ? blamer->unseen
				 : blamer->origins->has_ring ? by_ring
							     : by_nobody;
	return blame;
}

static bool is_of_interest(const struct finding *f, bool all)
{
	if (f->kind == RESOURCE_NONE)
		return false;
	return all || f->verdict == VERDICT_REFUSED ||
	       f->verdict == VERDICT_NOTED;
}

void blame_audit(const struct blamer *blamer, struct audit *audit, bool all)
{
	struct symbols *symbols = NULL;
	struct error ignored = {0};

	for (size_t i = 0; i < audit->count; i++) {
		struct finding *f = &audit->items[i];
		const struct origin *origin;

		if (!is_of_interest(f, all))
			continue;
		if (!symbols)
			symbols_open(&symbols, blamer->tracee->pid, &ignored);
		origin = origins_find(blamer->origins, f->kind, f->id);
		/* The standard streams are the caller's. */
		if (origin)
			f->blame = blame_make(blamer, symbols, origin);
		else if (f->verdict != VERDICT_REBOUND)
			f->blame = blame_nobody(blamer);
	}
	symbols_close(symbols);
}

void blame_story(const struct blamer *blamer, struct blame ***ret_blames,
		 size_t *ret_count)
{
	const struct origins *origins = blamer->origins;
	struct blame **blames =
		calloc(origins->story_count + 1, sizeof(*blames));
	struct symbols *symbols = NULL;
	struct error ignored = {0};
	size_t count = 0;

	if (blames && origins->story_count > 0)
		symbols_open(&symbols, blamer->tracee->pid, &ignored);
	for (size_t i = 0; blames && i < origins->story_count; i++) {
		blames[count] = blame_make(blamer, symbols, &origins->story[i]);
		count += blames[count] != NULL;
	}
	symbols_close(symbols);
	*ret_blames = blames;
	*ret_count = count;
}

void blame_describe(const struct blame *blame, char text[160])
{
	char thread[64] = "a thread that has ended";
	char copy[32] = "";

	if (blame->unknown) {
		snprintf(text, 160, "%s", blame->unknown);
		return;
	}
	if (blame->tid)
		snprintf(thread, sizeof(thread), "thread %d (%s)", blame->tid,
			 blame->comm);
	if (blame->copied >= 0)
		snprintf(copy, sizeof(copy), " of fd %d", blame->copied);
	snprintf(text, 160,
		 "%s(2)%s by %s, %" PRIu64 ".%03" PRIu64 " s after the start",
		 blame->call ? blame->call : "a call", copy, thread,
		 blame->ms / 1000, blame->ms % 1000);
}
