/*
 * backtrace.c - the calls that a thread is in, or was in, as addresses
 *
 * For a stack that was saved, registers and memory come from the copy.  Where
 * the unwind information of a module is, libunwind finds out from a process
 * that stands still (_UPT_find_proc_info()), which it reads with accessors of
 * its own: code and unwind information have not changed since.
 */
#include "backtrace.h"

#include <errno.h>
#include <libunwind-ptrace.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/mapping.h"

/*
 * A signal handler returns to "mov $15,%rax; syscall", which is how gdb knows
 * it, too.  unw_is_signal_frame() is no help: libunwind 1.6 says it of the
 * frame behind.
 */
static bool is_trampoline(unw_addr_space_t space, void *context,
			  unw_word_t address)
{
	unw_accessors_t *accessors = unw_get_accessors(space);
	unw_word_t move, call;

	return accessors->access_mem(space, address, &move, 0, context) == 0 &&
	       accessors->access_mem(space, address + sizeof(move), &call, 0,
				     context) == 0 &&
	       move == 0x0f0000000fc0c748 && (call & 0xff) == 0x05;
}

static void walk(struct backtrace *backtrace, unw_cursor_t *cursor,
		 unw_addr_space_t space, void *context)
{
	bool is_interrupted = true;

	do {
		unw_word_t address;
		bool is_signal;

		if (unw_get_reg(cursor, UNW_REG_IP, &address) < 0 || !address)
			return;
		is_signal = is_trampoline(space, context, address);
		backtrace->frames[backtrace->count++] =
			(struct backtrace_frame){address,
						 is_interrupted || is_signal};
		is_interrupted = is_signal;
	} while (backtrace->count < BACKTRACE_MAX && unw_step(cursor) > 0);
}

static int take(struct backtrace *ret_backtrace, unw_addr_space_t space,
		void *context, pid_t tid, struct error *err)
{
	struct backtrace backtrace = {0};
	unw_cursor_t cursor;

	if (!space || !context)
		return error_system(err, ENOMEM, "cannot unwind thread %d",
				    tid);
	unw_set_caching_policy(space, UNW_CACHE_GLOBAL);
	if (unw_init_remote(&cursor, space, context) != 0)
		return error_system(err, ESRCH, "cannot unwind thread %d", tid);
	walk(&backtrace, &cursor, space, context);
	*ret_backtrace = backtrace;
	return 0;
}

int backtrace_take(struct backtrace *ret_backtrace, pid_t tid,
		   struct error *err)
{
	unw_addr_space_t space = unw_create_addr_space(&_UPT_accessors, 0);
	void *context = _UPT_create(tid);
	int r = take(ret_backtrace, space, context, tid, err);

	if (context)
		_UPT_destroy(context);
	if (space)
		unw_destroy_addr_space(space);
	return r;
}

/*
 * @space, @context: libunwind's own view of the process as it is now
 * @stack_end: up to there memory is of the stack, and no longer what it was
 */
struct saved_view {
	unw_addr_space_t space;
	void *context;
	const struct tracee *tracee;
	const struct saved_stack *stack;
	uint64_t stack_end;
};

static int find_unwind_info(unw_addr_space_t space, unw_word_t address,
			    unw_proc_info_t *ret_info, int needs_info,
			    void *context)
{
	const struct saved_view *view = context;

	(void)space;
	return _UPT_find_proc_info(view->space, address, ret_info, needs_info,
				   view->context);
}

static void put_unwind_info(unw_addr_space_t space, unw_proc_info_t *info,
			    void *context)
{
	const struct saved_view *view = context;

	(void)space;
	_UPT_put_unwind_info(view->space, info, view->context);
}

/* Code that a process registers itself (_U_dyn_register()) nobody has. */
static int get_dynamic_info(unw_addr_space_t space, unw_word_t *ret_address,
			    void *context)
{
	(void)space;
	(void)ret_address;
	(void)context;
	return -UNW_ENOINFO;
}

/* A copy that is not full ends where the stack does. */
static uint64_t find_stack_end(const struct tracee *t,
			       const struct saved_stack *stack)
{
	const uint64_t from = stack->registers.rsp;
	cleanup(mapping_list_deinit) struct mapping_list list = {0};
	const struct mapping *mapping = NULL;
	struct error ignored = {0};
	char *text = NULL;

	if (stack->size == SAVED_STACK_MAX &&
	    io_read_filef(&text, NULL, "/proc/%d/maps", t->pid) == 0 &&
	    mapping_list_parse(&list, text, &ignored) == 0)
		mapping = mapping_list_find(&list, from);
	return mapping ? mapping->end : from + stack->size;
}

static bool is_stack(const struct saved_view *view, uint64_t address)
{
	return address >= view->stack->registers.rsp &&
	       address < view->stack_end;
}

static int access_memory(unw_addr_space_t space, unw_word_t address,
			 unw_word_t *word, int is_write, void *context)
{
	const struct saved_view *view = context;
	struct error ignored = {0};
	uint64_t read;

	(void)space;
	if (is_write)
		return -UNW_EINVAL;
	if (!saved_stack_read(view->stack, address, &read) &&
	    (is_stack(view, address) ||
	     tracee_read(view->tracee, address, &read, sizeof(read), &ignored) <
		     0))
		return -UNW_EINVAL;
	*word = read;
	return 0;
}

static int access_register(unw_addr_space_t space, unw_regnum_t number,
			   unw_word_t *value, int is_write, void *context)
{
	const struct saved_view *view = context;
	const struct user_regs_struct *r = &view->stack->registers;
	const unw_word_t values[] = {
		[UNW_X86_64_RAX] = r->rax, [UNW_X86_64_RDX] = r->rdx,
		[UNW_X86_64_RCX] = r->rcx, [UNW_X86_64_RBX] = r->rbx,
		[UNW_X86_64_RSI] = r->rsi, [UNW_X86_64_RDI] = r->rdi,
		[UNW_X86_64_RBP] = r->rbp, [UNW_X86_64_RSP] = r->rsp,
		[UNW_X86_64_R8] = r->r8,   [UNW_X86_64_R9] = r->r9,
		[UNW_X86_64_R10] = r->r10, [UNW_X86_64_R11] = r->r11,
		[UNW_X86_64_R12] = r->r12, [UNW_X86_64_R13] = r->r13,
		[UNW_X86_64_R14] = r->r14, [UNW_X86_64_R15] = r->r15,
		[UNW_X86_64_RIP] = r->rip,
	};

	(void)space;
	if (is_write || number < 0 ||
	    (size_t)number >= sizeof(values) / sizeof(*values))
		return -UNW_EBADREG;
	*value = values[number];
	return 0;
}

static int access_float(unw_addr_space_t space, unw_regnum_t number,
			unw_fpreg_t *value, int is_write, void *context)
{
	(void)space;
	(void)number;
	(void)value;
	(void)is_write;
	(void)context;
	return -UNW_EBADREG;
}

static int resume(unw_addr_space_t space, unw_cursor_t *cursor, void *context)
{
	(void)space;
	(void)cursor;
	(void)context;
	return -UNW_EINVAL;
}

static int get_name(unw_addr_space_t space, unw_word_t address, char *name,
		    size_t size, unw_word_t *ret_offset, void *context)
{
	(void)space;
	(void)address;
	(void)name;
	(void)size;
	(void)ret_offset;
	(void)context;
	return -UNW_ENOINFO;
}

int backtrace_take_saved(struct backtrace *ret_backtrace,
			 const struct tracee *t, pid_t tid,
			 const struct saved_stack *stack, struct error *err)
{
	unw_accessors_t accessors = {
		.find_proc_info = find_unwind_info,
		.put_unwind_info = put_unwind_info,
		.get_dyn_info_list_addr = get_dynamic_info,
		.access_mem = access_memory,
		.access_reg = access_register,
		.access_fpreg = access_float,
		.resume = resume,
		.get_proc_name = get_name,
	};
	struct saved_view view = {
		.space = unw_create_addr_space(&_UPT_accessors, 0),
		.context = _UPT_create(tid),
		.tracee = t,
		.stack = stack,
		.stack_end = find_stack_end(t, stack),
	};
	unw_addr_space_t space = unw_create_addr_space(&accessors, 0);
	int r;

	if (view.space)
		unw_set_caching_policy(view.space, UNW_CACHE_GLOBAL);
	r = view.space && view.context
		    ? take(ret_backtrace, space, &view, tid, err)
		    : error_system(err, ENOMEM, "cannot unwind thread %d", tid);
	if (space)
		unw_destroy_addr_space(space);
	if (view.context)
		_UPT_destroy(view.context);
	if (view.space)
		unw_destroy_addr_space(view.space);
	return r;
}
