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

#include "call_filter.h"
#include "clock.h"
#include "common/auxv.h"
#include "common/call.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "inferior.h"
#include "recorder_table.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000 /* since Linux 4.17 */
#endif

enum {
	PAGE = RECORDER_PAGE,
};

/* mov $257, %eax; syscall; cmp $-4096, %rax */
const unsigned char recorder_original[RECORDER_PATCH] = {
	0xb8, 0x01, 0x01, 0x00, 0x00, 0x0f, 0x05,
	0x48, 0x3d, 0x00, 0xf0, 0xff, 0xff,
};

uint64_t recorder_ticks(void)
{
	return __rdtsc();
}

/* Between programs, which lie above, and what has fixed addresses, below. */
void recorder_init(struct recorder *recorder)
{
	uint64_t random = 0;

	*recorder = (struct recorder){0};
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return;
	recorder->page =
		0x200000000000 + (random & 0x1fffffffffff &
				  ~(uint64_t)(CALL_FILTER_EXCEPTED - 1));
	recorder->stopped = recorder->page + RECORDER_GAP;
	recorder->table = recorder->stopped + RECORDER_PAGE;
}

void recorder_forget(struct recorder *recorder)
{
	recorder->site = 0;
	recorder->hits = 0;
	recorder->sharer_count = 0;
}

void recorder_deinit(struct recorder *recorder)
{
	free(recorder->sharers);
	*recorder = (struct recorder){0};
}

/* The main stack grows down from there, if it is one of our size at all. */
static uint64_t stack_end(const struct tracee *t)
{
	cleanup_heap char *text = NULL;
	struct mapping_list list = {0};
	struct error ignored = {0};
	uint64_t end = 0;

	if (io_read_filef(&text, NULL, "/proc/%d/maps", t->pid) < 0 ||
	    mapping_list_parse(&list, take_pointer(&text), &ignored) < 0)
		return 0;
	for (size_t i = 0; i < list.count; i++)
		if (strcmp(list.items[i].name, "[stack]") == 0)
			end = list.items[i].end;
	mapping_list_deinit(&list);
	return end;
}

/* Three mappings, two of them in view of the filter, or none. */
static int map_pages(const struct recorder *recorder, struct tracee *t,
		     pid_t tid, struct error *err)
{
	const uint64_t flags = MAP_PRIVATE | MAP_ANONYMOUS |
			       MAP_FIXED_NOREPLACE | MAP_NORESERVE;
	struct call calls[] = {
		CALL_GIVES(recorder->page, SYS_mmap, recorder->page, PAGE,
			   PROT_READ | PROT_EXEC, flags, (uint64_t)-1, 0),
		CALL_GIVES(recorder->stopped, SYS_mmap, recorder->stopped, PAGE,
			   PROT_READ | PROT_EXEC, flags, (uint64_t)-1, 0),
		CALL_GIVES(recorder->table, SYS_mmap, recorder->table,
			   RECORDER_TABLE_SIZE, PROT_READ | PROT_WRITE, flags,
			   (uint64_t)-1, 0),
	};
	const size_t count = sizeof(calls) / sizeof(*calls);
	cleanup_heap char *auxv = NULL;
	struct inferior inferior = {0};
	size_t size;
	int r = io_read_filef(&auxv, &size, "/proc/%d/auxv", t->pid);

	if (r == 0)
		r = tracee_leave_call(t, tid, err);
	if (r == 0)
		r = inferior_open(&inferior, t, tid,
				  auxv_find(auxv, size, AT_SYSINFO_EHDR), count,
				  PAGE, err);
	if (r < 0)
		return r;
	r = inferior_run(&inferior, tid, calls, count, err);
	/* Kernels before 4.17 would map them elsewhere. */
	for (size_t i = 0; r == 0 && i < count; i++)
		if (calls[i].result != (int64_t)calls[i].arguments[0])
			r = -EEXIST;
	if (inferior_close(&inferior, tid, err) < 0)
		r = -err->code;
	return r;
}

static int write_code(const struct recorder *recorder, struct tracee *t,
		      uint64_t site, struct error *err)
{
	const struct recorder_facts facts = {
		.table = recorder->table,
		.stack = stack_end(t),
		.back = site + RECORDER_PATCH,
		.stopped = recorder->stopped,
	};
	const uint64_t end_of_stopped =
		recorder->stopped +
		(uint64_t)(recorder_stopped_end - recorder_stopped);
	/* movabs $page, %r11; jmp *%r11 */
	unsigned char patch[RECORDER_PATCH] = {
		[0] = 0x49, [1] = 0xbb, [10] = 0x41, [11] = 0xff, [12] = 0xe3};
	int r = tracee_write(t, recorder->page, recorder_code,
			     (size_t)(recorder_code_end - recorder_code), err);

	memcpy(patch + 2, &recorder->page, sizeof(recorder->page));
	if (r == 0)
		r = tracee_write(t, recorder_facts_address(recorder), &facts,
				 sizeof(facts), err);
	if (r == 0)
		r = tracee_write(
			t, recorder->stopped, recorder_stopped,
			(size_t)(recorder_stopped_end - recorder_stopped), err);
	if (r == 0)
		r = tracee_write(t, end_of_stopped - sizeof(facts.back),
				 &facts.back, sizeof(facts.back), err);
	if (r == 0)
		r = tracee_write(t, site, patch, sizeof(patch), err);
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

static bool is_known_code(const struct tracee *t, uint64_t site)
{
	unsigned char bytes[RECORDER_PATCH];
	struct error ignored = {0};

	return tracee_read(t, site, bytes, sizeof(bytes), &ignored) == 0 &&
	       memcmp(bytes, recorder_original, sizeof(bytes)) == 0;
}

/* What cannot be led away goes on being stopped. */
static bool enter(struct recorder *recorder, struct tracee *t, pid_t tid,
		  uint64_t site)
{
	struct error ignored = {0};
	struct user_regs_struct regs;

	if (!is_alone(t) || map_pages(recorder, t, tid, &ignored) < 0 ||
	    write_code(recorder, t, site, &ignored) < 0 ||
	    tracee_registers(t, tid, &regs, &ignored) < 0)
		return false;
	regs.rip = site;
	if (tracee_set_registers(t, tid, &regs, &ignored) < 0)
		return false;
	recorder->site = site;
	recorder->entered_ms = clock_now_ms();
	recorder->entered_ticks = recorder_ticks();
	return true;
}

/* Calls on other stacks than the main one are recorded, too, from now on. */
static void record_everywhere(const struct recorder *recorder, struct tracee *t)
{
	const uint64_t yes = 1;
	struct error ignored = {0};

	tracee_write(t,
		     recorder_facts_address(recorder) +
			     offsetof(struct recorder_facts, everywhere),
		     &yes, sizeof(yes), &ignored);
}

bool recorder_take_over(struct recorder *recorder, struct tracee *t,
			const struct stop *stop)
{
	struct user_regs_struct regs;
	struct error ignored = {0};
	uint64_t site;

	if (!recorder->page || !t->filtered || stop->number != SYS_openat ||
	    recorder_is_shared(recorder) ||
	    tracee_registers(t, stop->tid, &regs, &ignored) < 0)
		return false;
	if (recorder->site) {
		if (regs.rip - recorder->stopped < PAGE &&
		    ++recorder->hits == RECORDER_PATIENCE_ELSEWHERE)
			record_everywhere(recorder, t);
		return false;
	}
	site = regs.rip - RECORDER_CALL_END;
	if (site != recorder->candidate) {
		recorder->candidate = site;
		recorder->is_known = is_known_code(t, site);
		recorder->hits = 0;
	}
	if (!recorder->is_known || ++recorder->hits < RECORDER_PATIENCE)
		return false;
	recorder->hits = 0;
	return enter(recorder, t, stop->tid, site);
}
