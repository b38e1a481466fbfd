/*
 * plan.c - a restore, as a list of calls that someone else carries out
 */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "frame.h"
#include "handover.h"
#include "plan_build.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000 /* since Linux 4.17 */
#endif

enum {
	MAP_VDSO = 0x2003, /* ARCH_MAP_VDSO_64 */
	STACK_SIZE = 4096,
	UNMAP_CALLS = 8,
	MAGIC_SIZE = 16,
	/* What the kernel keeps free below what grows down, and more. */
	GAP = 2 << 20,
};

/* The kernel maps nothing above this for a program that did not ask. */
static const uint64_t address_end = 0x7ffffffff000;

static const char failure_start[] =
	"subctx-restore: cannot restore: the kernel refused step ";
static const char failure_middle[] = " with error ";
static const char failure_end[] =
	"\n  hint: --dry-run prints the steps, errno(1) the error.\n";

static size_t in_pages(size_t size)
{
	return (size + CORE_PAGE_SIZE - 1) & ~(size_t)(CORE_PAGE_SIZE - 1);
}

static size_t arguments_size(const struct plan_input *input)
{
	size_t size = 2 * sizeof(uint64_t);

	if (input->argc == 0)
		return 0;
	for (int i = 0; i < input->argc; i++)
		size += sizeof(uint64_t) + strlen(input->argv[i]) + 1;
	return in_pages(size + sizeof(uint64_t));
}

static size_t code_size(void)
{
	size_t run = (size_t)(call_run_end - (const char *)call_run);

	return run + (size_t)(handover_code_end - handover_code);
}

static size_t kept_size(const struct plan_input *input)
{
	return in_pages(MAGIC_SIZE + code_size() + FRAME_ALIGN +
			frame_size(&input->core->threads[0]));
}

static size_t calls_max(const struct core *core)
{
	return UNMAP_CALLS + plan_memory_calls(core) + plan_process_calls(core);
}

static size_t work_size(const struct core *core)
{
	size_t data = plan_process_data(core) + sizeof(struct handover_end) +
		      sizeof(failure_start) + sizeof(failure_middle) +
		      sizeof(failure_end) + 64;

	return in_pages(calls_max(core) * sizeof(struct call) + data +
			STACK_SIZE);
}

size_t plan_region_size(const struct plan_input *input)
{
	return arguments_size(input) + kept_size(input) +
	       input->vdso->patched_size + work_size(input->core);
}

uint64_t plan_find_region(const struct core *core, uint64_t lowest, size_t size)
{
	uint64_t at = lowest;

	for (size_t i = 0; i < core->mapping_count; i++) {
		const struct core_mapping *m = &core->mappings[i];
		uint64_t gap = m->kind == CORE_MAPPING_STACK ? GAP : 0;

		if (m->start >= gap && at + size <= m->start - gap)
			return at;
		if (at < m->end)
			at = m->end;
	}
	return at + size <= address_end ? at : 0;
}

void plan_add(struct plan *plan, struct call call)
{
	assert(plan->call_count < plan->call_max);
	plan->calls[plan->call_count++] = call;
}

uint64_t plan_keep(struct plan *plan, const void *bytes, size_t size)
{
	uint64_t address = plan->address + plan->data;

	assert(size <= plan->data_end - plan->data);
	if (size > 0)
		memcpy(plan->bytes + plan->data, bytes, size);
	plan->data += (size + 7) & ~(size_t)7;
	return address;
}

/* All but the region, which is two calls, whatever there is. */
static void plan_unmap(struct plan *plan)
{
	uint64_t end = plan->address + plan->size;

	plan_add(plan, CALL_GIVES(0, SYS_munmap, 0, plan->address));
	plan_add(plan, CALL_GIVES(0, SYS_munmap, end, address_end - end));
}

/*
 * Asked for an occupied range, or one in which it does not end where it
 * should, the kernel maps its pages elsewhere and reports success; so two
 * attempts to map something there have to fail.
 */
static void plan_vdso(struct plan *plan, const struct vdso_plan *vdso)
{
	const uint64_t flags =
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
	const uint64_t size = vdso->patched_size;

	if (size) {
		memcpy(plan->bytes + plan->work, vdso->patched, size);
		plan_add(plan, CALL_GIVES(vdso->patched_address, SYS_mremap,
					  plan->address + plan->work, size,
					  size, MREMAP_MAYMOVE | MREMAP_FIXED,
					  vdso->patched_address));
		plan_add(plan,
			 CALL_GIVES(0, SYS_mprotect, vdso->patched_address,
				    size, PROT_READ | PROT_EXEC));
	}
	if (!vdso->code)
		return;
	plan_add(plan, CALL_MUST(SYS_arch_prctl, MAP_VDSO, vdso->data));
	plan_add(plan, CALL_GIVES(-EEXIST, SYS_mmap, vdso->data, CORE_PAGE_SIZE,
				  PROT_NONE, flags, -1, 0));
	plan_add(plan, CALL_GIVES(-EEXIST, SYS_mmap, vdso->end - CORE_PAGE_SIZE,
				  CORE_PAGE_SIZE, PROT_NONE, flags, -1, 0));
}

/* struct subctx_arguments of subctx.h: a count, and a vector as for main() */
static uint64_t write_arguments(struct plan *plan,
				const struct plan_input *input)
{
	uint64_t *words = (uint64_t *)(void *)plan->bytes;
	size_t text = (3 + (size_t)input->argc) * sizeof(uint64_t);

	if (input->argc == 0)
		return 0;
	words[0] = (uint64_t)input->argc;
	words[1] = plan->address + 2 * sizeof(uint64_t);
	for (int i = 0; i < input->argc; i++) {
		size_t size = strlen(input->argv[i]) + 1;

		words[2 + i] = plan->address + text;
		memcpy(plan->bytes + text, input->argv[i], size);
		text += size;
	}
	return plan->address;
}

/* Magic, code and frame, in the page that stays. */
static void write_kept(struct plan *plan, const struct plan_input *input,
		       const struct core_thread *thread)
{
	const size_t run = (size_t)(call_run_end - (const char *)call_run);
	unsigned char *at = plan->bytes + plan->kept;
	uint64_t frame;

	memcpy(at, CORE_HANDOVER_MAGIC, sizeof(CORE_HANDOVER_MAGIC));
	memcpy(at + MAGIC_SIZE, (const char *)call_run, run);
	memcpy(at + MAGIC_SIZE + run, handover_code, code_size() - run);
	frame = (plan->kept + MAGIC_SIZE + code_size() + FRAME_ALIGN - 1) &
		~(size_t)(FRAME_ALIGN - 1);
	plan->frame =
		frame_write(plan->bytes + frame, plan->address + frame, thread,
			    input->core->xstate + thread->xstate_offset,
			    input->core->machine->xcr0);
}

static void write_end(struct plan *plan)
{
	struct handover_end end = {
		.work = plan->address + plan->work,
		.work_size = plan->size - plan->work,
		.frame = plan->frame,
	};

	end.text[0] = plan_keep(plan, failure_start, sizeof(failure_start));
	end.text[1] = sizeof(failure_start) - 1;
	end.text[2] = plan_keep(plan, failure_middle, sizeof(failure_middle));
	end.text[3] = sizeof(failure_middle) - 1;
	end.text[4] = plan_keep(plan, failure_end, sizeof(failure_end));
	end.text[5] = sizeof(failure_end) - 1;
	plan->end = plan_keep(plan, &end, sizeof(end));
}

/* In the second life the marker returns 1, and the arguments beside it. */
static struct core_thread second_life(const struct plan_input *input,
				      uint64_t arguments)
{
	struct core_thread thread = input->core->threads[0];

	if (thread.signal_mask == input->core->process->inherited_mask)
		thread.signal_mask = input->mask;
	if (input->core->image->ready == CORE_READY_MARKER) {
		thread.registers.rax = 1;
		thread.registers.rdx = arguments;
	}
	return thread;
}

int plan_make(struct plan *ret_plan, const struct plan_input *input,
	      unsigned char *bytes, uint64_t address, struct error *err)
{
	const size_t kept = arguments_size(input);
	const size_t work = kept + kept_size(input);
	const size_t calls = work + input->vdso->patched_size;
	struct plan plan = {
		.address = address,
		.size = plan_region_size(input),
		.bytes = bytes,
		.kept = kept,
		.work = work,
		.calls = (struct call *)(void *)(bytes + calls),
		.call_max = calls_max(input->core),
	};
	struct core_thread thread;

	if (input->argc > 0 && input->core->image->ready != CORE_READY_MARKER) {
		error_set(err, FAULT_USAGE,
			  "nobody would read the arguments: the service was "
			  "not captured at subctx_ready()");
		error_hint(err, "Arguments after '--' are for services that "
				"include subctx.h.");
		return -err->code;
	}
	plan.data = calls + plan.call_max * sizeof(struct call);
	plan.data_end = plan.size - STACK_SIZE;
	thread = second_life(input, write_arguments(&plan, input));
	write_kept(&plan, input, &thread);
	write_end(&plan);
	plan_unmap(&plan);
	plan_vdso(&plan, input->vdso);
	plan_memory(&plan, input);
	plan_process(&plan, input);
	*ret_plan = plan;
	return 0;
}
