/*
 * handover.c - carrying out a plan
 */
#include "handover.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000 /* since Linux 4.17 */
#endif

enum {
	/* Below every program, above what the kernel denies. */
	LOWEST = 1 << 20,
	MAGIC_SIZE = 16,
};

static_assert(offsetof(struct handover_end, frame) == 16, "in the assembly");
static_assert(offsetof(struct handover_end, text) == 24, "in the assembly");
static_assert(offsetof(struct handover_end, calls) == 72, "in the assembly");
static_assert(offsetof(struct handover_end, late) == 80, "in the assembly");
static_assert(offsetof(struct handover_end, run) == 96, "in the assembly");
static_assert(offsetof(struct handover_end, thread_count) == 104,
	      "in the assembly");
static_assert(offsetof(struct handover_end, left) == 116, "in the assembly");
static_assert(offsetof(struct handover_thread, frame) == 16, "in the assembly");

static uint64_t code_address(const struct plan *plan)
{
	return plan->address + plan->kept + MAGIC_SIZE +
	       (uint64_t)(call_run_end - (const char *)call_run);
}

uint64_t handover_thread_address(const struct plan *plan)
{
	return code_address(plan) + (uint64_t)(handover_thread - handover_code);
}

/* What is free in the image may still be taken by ourselves. */
int handover_map(const struct core *core, size_t size,
		 unsigned char **ret_bytes, struct error *err)
{
	uint64_t at = LOWEST;

	while ((at = plan_find_region(core, at, size))) {
		void *bytes = mmap(
			(void *)(uintptr_t)at, size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
			0);

		if (bytes != MAP_FAILED) {
			*ret_bytes = bytes;
			return 0;
		}
		if (errno != EEXIST && errno != EPERM)
			return error_system(err, errno,
					    "cannot map %zu bytes for the "
					    "handover",
					    size);
		at += LOWEST;
	}
	return error_set(err, FAULT_SYSTEM,
			 "there is no room for the handover between the "
			 "mappings of the image");
}

int handover_run(const struct plan *plan, struct error *err)
{
	const uint64_t all = UINT64_MAX;
	const uint64_t kept = plan->address + plan->kept;
	const int patching = plan->is_patched ? PROT_WRITE : 0;

	if (mprotect((void *)(uintptr_t)kept, plan->work - plan->kept,
		     PROT_READ | PROT_EXEC | patching) < 0)
		return error_system(err, errno,
				    "cannot make the handover "
				    "page executable");
	/* From here on no handler of ours can run. */
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof(all));
	__asm__ volatile(
		"mov %[stack], %%r8\n\t"
		"jmp *%[code]"
		:
		: [code] "a"(code_address(plan)), [stack] "r"(plan->stack),
		  "D"(plan->calls), "S"(plan->early), "d"(plan->end),
		  "c"(kept + MAGIC_SIZE)
		: "r8", "memory");
	__builtin_unreachable();
}
