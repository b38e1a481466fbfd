/*
 * threads.c - the threads of a service, and the calls that they are in
 *
 * Registers, stacks and unwind tables are in the core, or in the files that a
 * thin core and a layer need.  Names and lines mostly are not: they come from the
 * files of the service (modules.h) and from debug files.
 */
#include "threads.h"

#include <elfutils/libdwfl.h>
#include <stdlib.h>
#include <string.h>

#include "capture/blame/debug_file.h"
#include "capture/blame/symbol.h"
#include "common/cleanup.h"
#include "modules.h"
#include "text_json.h"

enum {
	FRAMES_MAX = 256,
};

static const Dwfl_Callbacks callbacks = {
	.find_elf = module_open,
	.find_debuginfo = debug_file_find,
};

/*
 * All stacks as they are walked.
 * @frames: one list for each thread of the core
 * @at: the one of the thread that is walked
 */
struct walk {
	const struct memory *memory;
	struct symbols symbols;
	json_t **frames;
	json_t *at;
};

static json_t *frame_json(const struct symbol *symbol)
{
	json_t *object = json_pack("{s:o, s:b}", "address",
				   address_json(symbol->address), "inlined",
				   symbol->is_inlined);

	if (symbol->function[0])
		json_object_set_new(
			object, "function",
			text_json(symbol->function, strlen(symbol->function)));
	if (symbol->line) {
		json_object_set_new(
			object, "file",
			text_json(symbol->file, strlen(symbol->file)));
		json_object_set_new(object, "line", json_integer(symbol->line));
	}
	if (symbol->module[0]) {
		json_object_set_new(
			object, "module",
			text_json(symbol->module, strlen(symbol->module)));
		json_object_set_new(object, "offset",
				    json_integer((json_int_t)symbol->offset));
	}
	return object;
}

static int add_frame(Dwfl_Frame *frame, void *context)
{
	struct walk *walk = context;
	struct symbol found[SYMBOL_INLINED_MAX];
	struct backtrace_frame place;
	Dwarf_Addr address;
	size_t count;

	if (!dwfl_frame_pc(frame, &address, &place.is_exact))
		return DWARF_CB_ABORT;
	place.address = address;
	count = symbols_find(&walk->symbols, &place, found);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(walk->at, frame_json(&found[i]));
	return json_array_size(walk->at) < FRAMES_MAX ? DWARF_CB_OK
						      : DWARF_CB_ABORT;
}

/* Where a stack cannot be unwound any further its list ends. */
static int walk_thread(Dwfl_Thread *thread, void *context)
{
	struct walk *walk = context;
	const uint32_t tid = (uint32_t)dwfl_thread_tid(thread);

	for (size_t i = 0; i < walk->memory->core->thread_count; i++) {
		if (walk->memory->core->threads[i].tid != tid)
			continue;
		walk->at = walk->frames[i];
		dwfl_thread_getframes(thread, add_frame, walk);
	}
	return DWARF_CB_OK;
}

/* *ret_thread is NULL at first. */
static pid_t next_thread(Dwfl *dwfl, void *context, void **ret_thread)
{
	const struct walk *walk = context;
	const struct core *core = walk->memory->core;
	const struct core_thread *last = *ret_thread;
	const size_t next = last ? (size_t)(last - core->threads) + 1 : 0;

	(void)dwfl;
	if (next == core->thread_count)
		return 0;
	*ret_thread = (void *)(uintptr_t)&core->threads[next];
	return (pid_t)core->threads[next].tid;
}

static bool read_word(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *ret_word,
		      void *context)
{
	const struct walk *walk = context;

	(void)dwfl;
	return memory_read(walk->memory, address, ret_word, sizeof(*ret_word));
}

/* In the order of DWARF: System V ABI, AMD64, figure 3.36. */
static bool set_registers(Dwfl_Thread *thread, void *context)
{
	const struct core_thread *t = context;
	const struct user_regs_struct *r = &t->registers;
	const Dwarf_Word words[] = {
		r->rax, r->rdx, r->rcx, r->rbx, r->rsi, r->rdi,
		r->rbp, r->rsp, r->r8,	r->r9,	r->r10, r->r11,
		r->r12, r->r13, r->r14, r->r15, r->rip,
	};

	return dwfl_thread_state_registers(
		thread, 0, sizeof(words) / sizeof(*words), words);
}

static const Dwfl_Thread_Callbacks thread_callbacks = {
	.next_thread = next_thread,
	.memory_read = read_word,
	.set_initial_registers = set_registers,
};

/* Where libdwfl has no memory, there are threads, but no frames. */
static void walk_all(struct walk *walk, const struct modules *modules)
{
	const struct core *core = walk->memory->core;
	Dwfl *dwfl = dwfl_begin(&callbacks);
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(core->fd, ELF_C_READ_MMAP, NULL);
	walk->symbols.dwfl = dwfl;
	if (dwfl) {
		dwfl_report_begin(dwfl);
		modules_report(modules, dwfl);
		if (dwfl_report_end(dwfl, NULL, NULL) == 0 &&
		    dwfl_attach_state(dwfl, elf, (pid_t)core->image->pid,
				      &thread_callbacks, walk))
			dwfl_getthreads(dwfl, walk_thread, walk);
		dwfl_end(dwfl);
	}
	elf_end(elf);
}

static json_t *thread_json(const struct core *core, size_t i, json_t *frames)
{
	const struct core_thread *t = &core->threads[i];

	return json_pack("{s:i, s:o, s:b, s:b, s:o}", "id", (int)t->tid, "name",
			 text_json(t->comm, strnlen(t->comm, sizeof(t->comm))),
			 "main", i == core->leader, "ready", i == 0, "frames",
			 frames);
}

json_t *threads_json(const struct memory *memory)
{
	const struct core *core = memory->core;
	cleanup_heap json_t **frames =
		calloc(core->thread_count, sizeof(json_t *));
	struct walk walk = {.memory = memory, .frames = frames};
	struct modules modules;
	json_t *list = json_array();

	modules_find(&modules, memory);
	for (size_t i = 0; frames && i < core->thread_count; i++)
		frames[i] = json_array();
	if (frames)
		walk_all(&walk, &modules);
	for (size_t i = 0; frames && i < core->thread_count; i++)
		json_array_append_new(list, thread_json(core, i, frames[i]));
	modules_deinit(&modules);
	return list;
}
