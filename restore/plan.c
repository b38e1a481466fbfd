/*
 * plan.c - a restore, as a list of calls that someone else carries out
 */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "handover.h"
#include "plan_build.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000 /* since Linux 4.17 */
#endif

enum {
	MAP_VDSO = 0x2003, /* ARCH_MAP_VDSO_64 */
	STACK_SIZE = 512,  /* the handover pushes a few words */
	STACK_ALIGN = 16,
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
	const struct core *core = input->core;
	size_t size = MAGIC_SIZE + code_size();

	for (size_t i = 0; i < core->thread_count; i++)
		size += FRAME_ALIGN +
			frame_size(core->xstate +
					   core->threads[i].xstate_offset,
				   input->layout);
	/* A frame that is swapped out is read up to the kernel's own size. */
	return in_pages(size + core->threads[0].xstate_size);
}

static size_t calls_max(const struct plan_input *input)
{
	const struct core *core = input->core;

	return UNMAP_CALLS + plan_memory_calls(core) +
	       plan_prefetch_calls(input) + plan_threads_calls(core) +
	       plan_timers_calls(input) + plan_process_calls(core);
}

/* Data and stack, before the calls, so that few pages are touched of all. */
static size_t data_size(const struct plan_input *input)
{
	const struct core *core = input->core;
	const size_t per_thread = sizeof(uint64_t) + sizeof(uint32_t);
	size_t size = plan_threads_data(core) + plan_timers_data(core) +
		      plan_process_data(core) + sizeof(struct handover_end) +
		      core->thread_count * per_thread + sizeof(failure_start) +
		      sizeof(failure_middle) + sizeof(failure_end) + 64 +
		      STACK_SIZE;

	return (size + STACK_ALIGN - 1) & ~(size_t)(STACK_ALIGN - 1);
}

size_t plan_region_size(const struct plan_input *input)
{
	return arguments_size(input) + kept_size(input) +
	       input->vdso->patched_size +
	       in_pages(data_size(input) +
			calls_max(input) * sizeof(struct call));
}

uint64_t plan_find_region(const struct core *core, uint64_t lowest, size_t size)
{
	uint64_t at = lowest;

	for (size_t i = 0; i < core->mapping_count; i++) {
		const struct core_mapping *m = &core->mappings[i];
		uint64_t gap = m->kind == CORE_MAPPING_STACK ? GAP : 0;

		if (m->start >= gap && at + size <= m->start - gap)
			return at;
		/* Apart, so that what stays is a mapping of its own. */
		if (at < m->end + CORE_PAGE_SIZE)
			at = m->end + CORE_PAGE_SIZE;
	}
	return at + size <= address_end ? at : 0;
}

void plan_add(struct plan *plan, struct call call)
{
	assert(plan->call_count < plan->call_max);
	plan->calls[plan->call_count++] = call;
}

static void reserve_data(struct plan *plan, size_t size)
{
	const size_t padded = (size + 7) & ~(size_t)7;

	assert(padded <= plan->data_end - plan->data);
	plan->data += padded;
}

uint64_t plan_keep(struct plan *plan, const void *bytes, size_t size)
{
	const size_t at = plan->data;

	reserve_data(plan, size);
	if (size > 0)
		memcpy(plan->bytes + at, bytes, size);
	return plan->address + at;
}

uint64_t plan_call_address(const struct plan *plan, size_t ahead)
{
	const unsigned char *calls = (const unsigned char *)plan->calls;

	return plan->address + (uint64_t)(calls - plan->bytes) +
	       (plan->call_count + ahead) * sizeof(struct call);
}

void plan_copy_tid(struct plan *plan, uint64_t to, uint32_t thread, size_t size)
{
	plan_add(plan, CALL_TRY(CALL_COPY, to,
				plan->tids + thread * sizeof(uint32_t), size));
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

/* In the second life the marker returns 1, and the arguments beside it. */
static struct core_thread second_life(const struct plan_input *input, size_t i,
				      uint64_t arguments)
{
	struct core_thread thread = input->core->threads[i];

	if (thread.signal_mask == input->core->process->inherited_mask)
		thread.signal_mask = input->mask;
	if (i == 0 && input->core->image->ready == CORE_READY_MARKER) {
		thread.registers.rax = 1;
		thread.registers.rdx = arguments;
	}
	return thread;
}

/* Magic, code and frames, in the pages that stay. */
static void write_kept(struct plan *plan, const struct plan_input *input,
		       uint64_t arguments)
{
	const struct core *core = input->core;
	const size_t run = (size_t)(call_run_end - (const char *)call_run);
	unsigned char *at = plan->bytes + plan->kept;
	uint64_t frame = plan->kept + MAGIC_SIZE + code_size();

	plan->frames = (uint64_t *)(void *)(plan->bytes + plan->data);
	reserve_data(plan, core->thread_count * sizeof(*plan->frames));
	memcpy(at, CORE_HANDOVER_MAGIC, sizeof(CORE_HANDOVER_MAGIC));
	memcpy(at + MAGIC_SIZE, (const char *)call_run, run);
	memcpy(at + MAGIC_SIZE + run, handover_code, code_size() - run);
	for (size_t i = 0; i < core->thread_count; i++) {
		const struct core_thread thread =
			second_life(input, i, arguments);

		const unsigned char *xstate =
			core->xstate + thread.xstate_offset;

		frame = (frame + FRAME_ALIGN - 1) & ~(size_t)(FRAME_ALIGN - 1);
		plan->frames[i] = frame_write(
			plan->bytes + frame, plan->address + frame, &thread,
			xstate, core->machine->parts, input->layout);
		frame += frame_size(xstate, input->layout);
	}
}

/* The id of the leader is known; the kernel fills in those of the others. */
static void write_tids(struct plan *plan, const struct plan_input *input)
{
	const size_t before = plan->data;

	reserve_data(plan, input->core->thread_count * sizeof(uint32_t));
	plan->tids = plan->address + before;
	memcpy(plan->bytes + before + input->core->leader * sizeof(uint32_t),
	       &input->pid, sizeof(input->pid));
}

static void write_end(struct plan *plan, const struct core *core)
{
	struct handover_end end = {
		.work = plan->address + plan->work,
		.work_size = plan->size - plan->work,
		.frame = plan->frames[core->leader],
		.calls =
			(uint64_t)((unsigned char *)plan->calls - plan->bytes) +
			plan->address,
		.late_count = plan->call_count - plan->late,
		.thread_count = (uint32_t)core->thread_count - 1,
		.run = plan->address + plan->kept + MAGIC_SIZE,
	};

	end.late = end.calls + plan->late * sizeof(struct call);
	end.text[0] = plan_keep(plan, failure_start, sizeof(failure_start));
	end.text[1] = sizeof(failure_start) - 1;
	end.text[2] = plan_keep(plan, failure_middle, sizeof(failure_middle));
	end.text[3] = sizeof(failure_middle) - 1;
	end.text[4] = plan_keep(plan, failure_end, sizeof(failure_end));
	end.text[5] = sizeof(failure_end) - 1;
	plan->end = plan_keep(plan, &end, sizeof(end));
}

static int check_arguments(const struct plan_input *input, struct error *err)
{
	if (input->argc == 0 || input->core->image->ready == CORE_READY_MARKER)
		return 0;
	error_set(err, FAULT_USAGE,
		  "nobody would read the arguments: the service was not "
		  "captured at subctx_ready()");
	error_hint(err, "Arguments after '--' are for services that include "
			"subctx.h.");
	return -err->code;
}

int plan_make(struct plan *ret_plan, const struct plan_input *input,
	      unsigned char *bytes, uint64_t address, struct error *err)
{
	const size_t kept = arguments_size(input);
	const size_t work = kept + kept_size(input);
	const size_t data = work + input->vdso->patched_size;
	const size_t calls = data + data_size(input);
	struct plan plan = {
		.address = address,
		.size = plan_region_size(input),
		.bytes = bytes,
		.kept = kept,
		.work = work,
		.calls = (struct call *)(void *)(bytes + calls),
		.call_max = calls_max(input),
		.data = data,
		.data_end = calls - STACK_SIZE,
		.stack = address + calls,
	};
	int r = check_arguments(input, err);

	if (r < 0)
		return r;
	write_kept(&plan, input, write_arguments(&plan, input));
	write_tids(&plan, input);
	plan_unmap(&plan);
	plan_vdso(&plan, input->vdso);
	plan_memory(&plan, input);
	plan_prefetch(&plan, input);
	plan_mm(&plan, input->core);
	plan_signals(&plan, input->core);
	plan_clones(&plan, input);
	plan_process(&plan, input);
	write_end(&plan, input->core);
	*ret_plan = plan;
	return 0;
}
