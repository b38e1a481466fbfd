/*
 * recorder_x86_64.c - who opens files, recorded by the service itself
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <x86intrin.h>

#include "capture/clock.h"
#include "capture/ready/call_filter.h"
#include "capture/state/stat_line.h"
#include "capture/tracee/inferior.h"
#include "common/auxv.h"
#include "common/call.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "common/text.h"
#include "recorder_table.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000 /* since Linux 4.17 */
#endif

enum {
	GAP = 64 << 20, /* for the scratch of inferior.h */
	ORIGINAL_MAX = 15,
	PREFIX_SIZE = 8, /* bytes, in both templates */
	NOP = 0x90,
};

/*
 * What libc calls with.  All of it up to the end of the first RECORDER_PATCH bytes
 * is done by our code, and whatever follows it again.
 * @size: bytes that are compared
 * @call_end: where the call returns to
 * @has_prefix: the template's prefix is part of it
 */
static const struct pattern {
	unsigned char bytes[ORIGINAL_MAX];
	size_t size;
	size_t call_end;
	bool has_prefix;
} patterns[] = {
	/* mov $257, %eax; syscall; cmp $-4096, %rax */
	{{0xb8, 0x01, 0x01, 0x00, 0x00, 0x0f, 0x05, 0x48, 0x3d, 0x00, 0xf0,
	  0xff, 0xff},
	 13,
	 7,
	 false},
	/* mov $257, %eax; mov %rdi, %rsi; mov $-100, %edi; syscall */
	{{0xb8, 0x01, 0x01, 0x00, 0x00, 0x48, 0x89, 0xfe, 0xbf, 0x9c, 0xff,
	  0xff, 0xff, 0x0f, 0x05},
	 15,
	 15,
	 true},
};

const unsigned char *recorder_original(const struct recorder_site *site)
{
	return patterns[site->has_prefix].bytes;
}

uint64_t recorder_ticks(void)
{
	return __rdtsc();
}

/*
 * Between programs, which lie above, and what has fixed addresses, below; sanitizers
 * leave it free, too.
 */
void recorder_init(struct recorder *recorder)
{
	uint64_t random = 0;

	*recorder = (struct recorder){0};
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return;
	recorder->page =
		0x400000000000 + (random & 0x0fffffffffff &
				  ~(uint64_t)(CALL_FILTER_EXCEPTED - 1));
	recorder->scratch = recorder->page + RECORDER_PAGE;
	recorder->stopped = recorder->page + GAP;
	recorder->table = recorder->stopped + RECORDER_PAGE;
}

void recorder_forget(struct recorder *recorder)
{
	recorder->is_mapped = false;
	recorder->site_count = 0;
	recorder->sharer_count = 0;
}

void recorder_deinit(struct recorder *recorder)
{
	free(recorder->sharers);
	*recorder = (struct recorder){0};
}

/* Where it began, below the strings that the kernel has put there. */
static uint64_t start_of_stack(const struct tracee *t)
{
	cleanup_heap char *stat = NULL;
	const char *at;
	uint64_t start = 0;

	if (io_read_filef(&stat, NULL, "/proc/%d/stat", t->pid) < 0)
		return 0;
	at = stat_field(stat, STAT_START_STACK);
	return at && take_decimal(&at, &start) ? start : 0;
}

/* The main stack grows down from there, if it is one of our size at all. */
static uint64_t stack_end(const struct tracee *t)
{
	const uint64_t start = start_of_stack(t);
	cleanup_heap char *text = NULL;
	struct mapping_list list = {0};
	struct error ignored = {0};
	uint64_t end = 0;

	if (io_read_filef(&text, NULL, "/proc/%d/maps", t->pid) < 0 ||
	    mapping_list_parse(&list, take_pointer(&text), &ignored) < 0)
		return 0;
	for (size_t i = 0; i < list.count; i++) {
		const struct mapping *m = &list.items[i];

		if (strcmp(m->name, "[stack]") == 0)
			end = m->start < start && start < m->end ? start
								 : m->end;
	}
	mapping_list_deinit(&list);
	return end;
}

/* Calls that a thread that stands in one makes in between. */
static int make_calls(struct tracee *t, pid_t tid, struct call *calls,
		      size_t count, struct error *err)
{
	cleanup_heap char *auxv = NULL;
	struct inferior inferior = {0};
	size_t size;
	int r = io_read_filef(&auxv, &size, "/proc/%d/auxv", t->pid);

	if (r == 0)
		r = tracee_leave_call(t, tid, err);
	if (r == 0)
		r = inferior_open(&inferior, t, tid,
				  auxv_find(auxv, size, AT_SYSINFO_EHDR), count,
				  RECORDER_PAGE, err);
	if (r < 0)
		return r;
	r = inferior_run(&inferior, tid, calls, count, err);
	if (inferior_close(&inferior, tid, err) < 0)
		r = -err->code;
	return r;
}

/* Three mappings, two of them in view of the filter, or none. */
static int map_pages(const struct recorder *recorder, struct tracee *t,
		     pid_t tid, struct error *err)
{
	const uint64_t flags = MAP_PRIVATE | MAP_ANONYMOUS |
			       MAP_FIXED_NOREPLACE | MAP_NORESERVE;
	struct call calls[] = {
		CALL_GIVES(recorder->page, SYS_mmap, recorder->page,
			   RECORDER_PAGE, PROT_READ | PROT_EXEC, flags,
			   (uint64_t)-1, 0),
		CALL_GIVES(recorder->stopped, SYS_mmap, recorder->stopped,
			   RECORDER_PAGE, PROT_READ | PROT_EXEC, flags,
			   (uint64_t)-1, 0),
		CALL_GIVES(recorder->table, SYS_mmap, recorder->table,
			   RECORDER_TABLE_SIZE, PROT_READ | PROT_WRITE, flags,
			   (uint64_t)-1, 0),
	};
	const size_t count = sizeof(calls) / sizeof(*calls);
	int r = make_calls(t, tid, calls, count, err);

	for (size_t i = 0; r == 0 && i < count; i++)
		if (calls[i].result != (int64_t)calls[i].arguments[0])
			r = -ENOMEM;
	if (r == 0)
		return 0;
	/* What is there of it is not to stay: munmap(2) wants two arguments. */
	for (size_t i = 0; i < count; i++) {
		struct call undo =
			CALL_GIVES(0, SYS_munmap, calls[i].arguments[0],
				   calls[i].arguments[1]);

		if (calls[i].result == (int64_t)calls[i].arguments[0])
			make_calls(t, tid, &undo, 1, err);
	}
	return r;
}

static uint64_t size_of(const char *start, const char *end)
{
	return (uint64_t)(end - start);
}

/* One of the two templates, and what it is to know at its end. */
struct routine {
	const char *start;
	const char *prefix;
	const char *end;
	const void *facts;
	size_t facts_size;
};

static int write_routine(struct tracee *t, uint64_t address,
			 const struct routine *routine, bool has_prefix,
			 struct error *err)
{
	unsigned char code[RECORDER_COPY];
	const size_t size = size_of(routine->start, routine->end);

	memcpy(code, routine->start, size);
	memcpy(code + size - routine->facts_size, routine->facts,
	       routine->facts_size);
	if (!has_prefix)
		memset(code + size_of(routine->start, routine->prefix), NOP,
		       PREFIX_SIZE);
	return tracee_write(t, address, code, size, err);
}

/* What the second of the patterns has behind it is executed there. */
static uint64_t end_of_patch(const struct recorder_site *site)
{
	const uint64_t end = site->start + RECORDER_PATCH;

	return end > site->back ? end : site->back;
}

static int write_code(const struct recorder *recorder, struct tracee *t,
		      const struct recorder_site *site, struct error *err)
{
	const uint64_t offset =
		(uint64_t)(site - recorder->sites) * RECORDER_COPY;
	const uint64_t code = recorder->page + offset;
	const uint64_t stopped = recorder->stopped + offset;
	const struct recorder_facts facts = {
		.table = recorder->table,
		.stack = stack_end(t),
		.back = end_of_patch(site),
		.returns = site->back,
		.stopped = stopped,
	};
	/* movabs $code, %r11; jmp *%r11 */
	unsigned char patch[RECORDER_PATCH] = {
		[0] = 0x49, [1] = 0xbb, [10] = 0x41, [11] = 0xff, [12] = 0xe3};
	const struct routine routines[] = {
		{recorder_code, recorder_code_prefix, recorder_code_end, &facts,
		 sizeof(facts)},
		{recorder_stopped, recorder_stopped_prefix,
		 recorder_stopped_end, &facts.back, sizeof(facts.back)},
	};
	int r = write_routine(t, code, &routines[0], site->has_prefix, err);

	if (r == 0)
		r = write_routine(t, stopped, &routines[1], site->has_prefix,
				  err);
	memcpy(patch + 2, &code, sizeof(code));
	if (r == 0)
		r = tracee_write(t, site->start, patch, sizeof(patch), err);
	return r;
}

/* Only while there is one thread, so nobody is in between. */
static bool is_alone(const struct tracee *t)
{
	cleanup_heap pid_t *tids = NULL;
	struct error ignored = {0};
	size_t count = 0;

	return tracee_threads(t, &tids, &count, &ignored) == 0 && count == 1;
}

/*
 * What cannot be led away goes on being stopped.  The code wants a thread pointer,
 * which the loader sets up late.
 */
static bool lead_away(struct recorder *recorder, struct tracee *t, pid_t tid,
		      struct user_regs_struct *regs, struct recorder_site *site)
{
	struct error ignored = {0};

	if (!regs->fs_base || !is_alone(t) || recorder_is_shared(recorder))
		return false;
	if (!recorder->is_mapped && map_pages(recorder, t, tid, &ignored) < 0) {
		recorder->page = 0;
		return false;
	}
	if (!recorder->is_mapped) {
		recorder->is_mapped = true;
		recorder->entered_ms = clock_now_ms();
		recorder->entered_ticks = recorder_ticks();
	}
	if (tracee_leave_call(t, tid, &ignored) < 0 ||
	    tracee_registers(t, tid, regs, &ignored) < 0)
		return false;
	regs->rip = site->start;
	if (site->has_prefix)
		regs->rdi = regs->rsi;
	site->is_led = write_code(recorder, t, site, &ignored) == 0 &&
		       tracee_set_registers(t, tid, regs, &ignored) == 0;
	return site->is_led;
}

/* Calls on other stacks than the main one are recorded, too, from now on. */
static void record_everywhere(const struct recorder *recorder, struct tracee *t,
			      size_t i)
{
	const uint64_t yes = 1;
	struct error ignored = {0};

	tracee_write(t,
		     recorder->page + i * RECORDER_COPY +
			     size_of(recorder_code, recorder_code_facts) +
			     offsetof(struct recorder_facts, everywhere),
		     &yes, sizeof(yes), &ignored);
}

static bool is_pattern(const struct tracee *t, const struct pattern *pattern,
		       uint64_t start)
{
	unsigned char bytes[ORIGINAL_MAX];
	struct error ignored = {0};

	return tracee_read(t, start, bytes, pattern->size, &ignored) == 0 &&
	       memcmp(bytes, pattern->bytes, pattern->size) == 0;
}

/* The site that a call returns to, added if it is one that can be led away. */
static struct recorder_site *find_site(struct recorder *recorder,
				       const struct tracee *t, uint64_t back)
{
	for (size_t i = 0; i < recorder->site_count; i++)
		if (recorder->sites[i].back == back)
			return &recorder->sites[i];
	for (size_t i = 0; recorder->site_count < RECORDER_SITES &&
			   i < sizeof(patterns) / sizeof(*patterns);
	     i++) {
		struct recorder_site *site =
			&recorder->sites[recorder->site_count];

		if (!is_pattern(t, &patterns[i], back - patterns[i].call_end))
			continue;
		*site = (struct recorder_site){
			.start = back - patterns[i].call_end,
			.back = back,
			.has_prefix = patterns[i].has_prefix,
		};
		recorder->site_count++;
		return site;
	}
	return NULL;
}

bool recorder_take_over(struct recorder *recorder, struct tracee *t,
			const struct stop *stop)
{
	struct user_regs_struct regs;
	struct error ignored = {0};
	struct recorder_site *site;

	if (!recorder->page || !t->filtered || stop->number != SYS_openat ||
	    tracee_registers(t, stop->tid, &regs, &ignored) < 0)
		return false;
	recorder_mend(recorder, &regs);
	site = find_site(recorder, t, regs.rip);
	if (!site)
		return false;
	site->hits++;
	if (site->is_led && site->hits == RECORDER_PATIENCE_ELSEWHERE)
		record_everywhere(recorder, t,
				  (size_t)(site - recorder->sites));
	if (site->is_led || site->hits % RECORDER_PATIENCE != 0)
		return false;
	return lead_away(recorder, t, stop->tid, &regs, site);
}

bool recorder_retire(struct recorder *recorder, struct tracee *t, pid_t tid)
{
	struct error ignored = {0};
	struct call calls[] = {
		CALL_GIVES(0, SYS_munmap, recorder->page, RECORDER_PAGE),
		CALL_GIVES(0, SYS_munmap, recorder->stopped, RECORDER_PAGE),
		CALL_GIVES(0, SYS_munmap, recorder->table, RECORDER_TABLE_SIZE),
	};

	if (!recorder->is_mapped || !is_alone(t) ||
	    recorder_is_shared(recorder) ||
	    recorder_leave(recorder, t, &ignored) < 0 ||
	    make_calls(t, tid, calls, sizeof(calls) / sizeof(*calls),
		       &ignored) < 0)
		return false;
	recorder_forget(recorder);
	recorder->page = 0;
	return true;
}
