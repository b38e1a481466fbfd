/*
 * recorder_x86_64.c - who opens files, recorded by the service itself
 */
#include "recorder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <x86intrin.h>

#include "clock.h"
#include "common/auxv.h"
#include "common/call.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "inferior.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000 /* since Linux 4.17 */
#endif

enum {
	PAGE = 4096,
	SLOT_SIZE = 4096,
	SLOT_STACK = 128,  /* where its bytes of the stack begin */
	CALL_OFFSET = 5,   /* of the syscall instruction in the place */
	STEPS_MAX = 10000, /* more than it takes to leave the page */
};

#define TABLE_SIZE ((uint64_t)RECORDER_SLOTS * SLOT_SIZE)

extern const char recorder_code[], recorder_code_call[], recorder_code_table[],
	recorder_code_stack[], recorder_code_back[], recorder_code_end[];

/* mov $257, %eax; syscall; cmp $-4096, %rax */
static const unsigned char original[RECORDER_PATCH] = {
	0xb8, 0x01, 0x01, 0x00, 0x00, 0x0f, 0x05,
	0x48, 0x3d, 0x00, 0xf0, 0xff, 0xff,
};

/* The registers of a slot, in its order. */
struct slot {
	uint64_t rsp, rbp, rbx, r12, r13, r14, r15;
	uint64_t thread_pointer;
	uint64_t ticks;
	uint64_t rdi, rsi, rdx, rax;
	uint64_t size;
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
	recorder->page = 0x200000000000 + (random & 0x1fffffffffff & ~0xfffULL);
	recorder->table = recorder->page + PAGE;
}

void recorder_forget(struct recorder *recorder)
{
	recorder->site = 0;
	recorder->hits = 0;
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

/* Two mappings at the addresses that the filter knows, or none. */
static int map_pages(const struct recorder *recorder, struct tracee *t,
		     pid_t tid, struct error *err)
{
	const uint64_t flags = MAP_PRIVATE | MAP_ANONYMOUS |
			       MAP_FIXED_NOREPLACE | MAP_NORESERVE;
	struct call calls[] = {
		CALL_GIVES(recorder->page, SYS_mmap, recorder->page, PAGE,
			   PROT_READ | PROT_EXEC, flags, (uint64_t)-1, 0),
		CALL_GIVES(recorder->table, SYS_mmap, recorder->table,
			   TABLE_SIZE, PROT_READ | PROT_WRITE, flags,
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
	if (r == 0 && (calls[0].result != (int64_t)recorder->page ||
		       calls[1].result != (int64_t)recorder->table))
		r = -EEXIST;
	if (inferior_close(&inferior, tid, err) < 0)
		r = -err->code;
	return r;
}

static void fill_in(unsigned char *code, const char *behind, uint64_t value)
{
	memcpy(code + (behind - recorder_code) - sizeof(value), &value,
	       sizeof(value));
}

static int write_code(const struct recorder *recorder, struct tracee *t,
		      uint64_t site, struct error *err)
{
	unsigned char code[PAGE];
	const size_t size = (size_t)(recorder_code_end - recorder_code);
	/* movabs $page, %r11; jmp *%r11 */
	unsigned char patch[RECORDER_PATCH] = {
		[0] = 0x49, [1] = 0xbb, [10] = 0x41, [11] = 0xff, [12] = 0xe3};
	int r;

	memcpy(code, recorder_code, size);
	fill_in(code, recorder_code_table, recorder->table);
	fill_in(code, recorder_code_stack, stack_end(t));
	fill_in(code, recorder_code_back, site + RECORDER_PATCH);
	memcpy(patch + 2, &recorder->page, sizeof(recorder->page));
	r = tracee_write(t, recorder->page, code, size, err);
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
	       memcmp(bytes, original, sizeof(bytes)) == 0;
}

/* What cannot be led away goes on being stopped. */
static bool enter(struct recorder *recorder, struct tracee *t, pid_t tid,
		  uint64_t site)
{
	struct error ignored = {0};
	struct user_regs_struct regs;

	if (!is_alone(t) || !is_known_code(t, site) ||
	    map_pages(recorder, t, tid, &ignored) < 0 ||
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

bool recorder_take_over(struct recorder *recorder, struct tracee *t,
			const struct stop *stop)
{
	struct user_regs_struct regs;
	struct error ignored = {0};
	uint64_t site;

	if (!recorder->page || recorder->site || !t->filtered ||
	    stop->number != SYS_openat ||
	    tracee_registers(t, stop->tid, &regs, &ignored) < 0)
		return false;
	site = regs.rip - 2 - CALL_OFFSET;
	if (site != recorder->candidate)
		recorder->hits = 0;
	recorder->candidate = site;
	if (++recorder->hits < RECORDER_PATIENCE)
		return false;
	recorder->hits = 0;
	return enter(recorder, t, stop->tid, site);
}

static bool is_in_page(const struct recorder *recorder, uint64_t address)
{
	return address >= recorder->page && address < recorder->page + PAGE;
}

/*
 * One that is about to make the call makes it from its own place again; one that
 * has made it is led on until it is back there.
 */
static int lead_out(const struct recorder *recorder, struct tracee *t,
		    pid_t tid, struct error *err)
{
	const uint64_t call =
		recorder->page + (uint64_t)(recorder_code_call - recorder_code);
	struct user_regs_struct regs;
	int r = tracee_registers(t, tid, &regs, err);

	/* Between the two instructions that stand in the place. */
	if (r == 0 && regs.rip == recorder->site + 10) {
		regs.rip = recorder->site;
		return tracee_set_registers(t, tid, &regs, err);
	}
	if (r < 0 || !is_in_page(recorder, regs.rip))
		return r;
	r = tracee_leave_call(t, tid, err);
	for (int i = 0; r == 0 && i < STEPS_MAX; i++) {
		r = tracee_registers(t, tid, &regs, err);
		if (r < 0 || !is_in_page(recorder, regs.rip))
			return r;
		if (regs.rip == call || regs.rip == recorder->page) {
			regs.rip = recorder->site;
			return tracee_set_registers(t, tid, &regs, err);
		}
		r = tracee_step(t, tid, err);
	}
	return r;
}

int recorder_leave(struct recorder *recorder, struct tracee *t,
		   struct error *err)
{
	cleanup_heap pid_t *tids = NULL;
	size_t count = 0;
	int r;

	if (!recorder->site)
		return 0;
	r = tracee_threads(t, &tids, &count, err);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = lead_out(recorder, t, tids[i], err);
	if (r == 0)
		r = tracee_write(t, recorder->site, original, sizeof(original),
				 err);
	return r;
}

/* The counter runs at one rate on all processors (constant_tsc). */
static uint64_t as_ms(const struct recorder *recorder, uint64_t ticks)
{
	const uint64_t ticks_now = recorder_ticks() - recorder->entered_ticks;
	const uint64_t ms_now = clock_now_ms() - recorder->entered_ms;

	if (ticks_now == 0)
		return recorder->entered_ms;
	return recorder->entered_ms +
	       (uint64_t)((double)(ticks - recorder->entered_ticks) *
			  (double)ms_now / (double)ticks_now);
}

bool recorder_read(const struct recorder *recorder, const struct tracee *t,
		   int fd, struct recorded *ret_recorded)
{
	const uint64_t address = recorder->table + (uint64_t)fd * SLOT_SIZE;
	struct recorded recorded = {0};
	struct error ignored = {0};
	struct slot slot;

	if (!recorder->site || fd < 0 || fd >= RECORDER_SLOTS ||
	    tracee_read(t, address, &slot, sizeof(slot), &ignored) < 0 ||
	    slot.rsp == 0 || slot.size > SLOT_SIZE - SLOT_STACK)
		return false;
	recorded.thread_pointer = slot.thread_pointer;
	recorded.ticks = slot.ticks;
	recorded.ms = as_ms(recorder, slot.ticks);
	recorded.stack.registers = (struct user_regs_struct){
		.rip = recorder->site + CALL_OFFSET + 2,
		.rsp = slot.rsp,
		.rbp = slot.rbp,
		.rbx = slot.rbx,
		.r12 = slot.r12,
		.r13 = slot.r13,
		.r14 = slot.r14,
		.r15 = slot.r15,
		.rdi = slot.rdi,
		.rsi = slot.rsi,
		.rdx = slot.rdx,
		.rax = slot.rax,
	};
	recorded.stack.bytes = malloc(slot.size + 1);
	if (!recorded.stack.bytes ||
	    tracee_read(t, address + SLOT_STACK, recorded.stack.bytes,
			slot.size, &ignored) < 0) {
		free(recorded.stack.bytes);
		return false;
	}
	recorded.stack.size = slot.size;
	*ret_recorded = recorded;
	return true;
}

void recorder_hide(const struct recorder *recorder,
		   struct mapping_list *mappings)
{
	const uint64_t end = recorder->table + TABLE_SIZE;
	size_t kept = 0;

	for (size_t i = 0; i < mappings->count; i++) {
		const struct mapping *m = &mappings->items[i];

		if (!recorder->site || m->start < recorder->page ||
		    m->end > end)
			mappings->items[kept++] = *m;
	}
	mappings->count = kept;
}
