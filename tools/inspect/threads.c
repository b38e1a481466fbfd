/*
 * threads.c - the threads of a service, and the calls that they are in
 *
 * Registers, stacks and unwind tables are in the core, as all of the memory is.
 * Names and lines are not: they come from the files of the service, which count
 * only when their build ID is that of the core, and from debug files.
 */
#include "threads.h"

#include <elfutils/libdwfl.h>
#include <string.h>

#include "capture/debug_file.h"
#include "capture/symbol.h"
#include "text_json.h"

enum {
	FRAMES_MAX = 256,
};

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = debug_file_find,
};

/* The core as libdwfl sees it. */
struct view {
	Elf *elf;
	struct symbols symbols;
};

/* One stack as it is walked. */
struct walk {
	struct symbols *symbols;
	json_t *frames;
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
	count = symbols_find(walk->symbols, &place, found);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(walk->frames, frame_json(&found[i]));
	return json_array_size(walk->frames) < FRAMES_MAX ? DWARF_CB_OK
							  : DWARF_CB_ABORT;
}

/* Where a stack cannot be unwound any further the list ends. */
static json_t *frames_json(struct view *view, uint32_t tid)
{
	struct walk walk = {&view->symbols, json_array()};

	if (view->symbols.dwfl)
		dwfl_getthread_frames(view->symbols.dwfl, (pid_t)tid, add_frame,
				      &walk);
	return walk.frames;
}

/* Without it there are threads, but no frames. */
static void open_view(struct view *view, int fd)
{
	Dwfl *dwfl = NULL;

	elf_version(EV_CURRENT);
	view->elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (view->elf)
		dwfl = dwfl_begin(&callbacks);
	if (!dwfl)
		return;
	if (dwfl_core_file_report(dwfl, view->elf, NULL) < 0 ||
	    dwfl_report_end(dwfl, NULL, NULL) != 0 ||
	    dwfl_core_file_attach(dwfl, view->elf) < 0)
		dwfl_end(dwfl);
	else
		view->symbols.dwfl = dwfl;
}

static void close_view(struct view *view)
{
	if (view->symbols.dwfl)
		dwfl_end(view->symbols.dwfl);
	elf_end(view->elf);
}

json_t *threads_json(const struct core *core, int fd)
{
	struct view view = {0};
	json_t *list = json_array();

	open_view(&view, fd);
	for (size_t i = 0; i < core->thread_count; i++) {
		const struct core_thread *t = &core->threads[i];
		json_t *object = json_pack(
			"{s:i, s:o, s:b, s:b, s:o}", "id", (int)t->tid, "name",
			text_json(t->comm, strnlen(t->comm, sizeof(t->comm))),
			"main", i == core->leader, "ready", i == 0, "frames",
			frames_json(&view, t->tid));

		json_array_append_new(list, object);
	}
	close_view(&view);
	return list;
}
