/*
 * saved_backtrace_x86_64.c - the calls that a saved stack is of, as addresses
 *
 * libdwfl is told of a process with a single thread, whose memory is the copy.
 */
#include "saved_backtrace.h"

#include <elfutils/libdwfl.h>
#include <string.h>

static const pid_t the_thread = 1;

static pid_t next_thread(Dwfl *dwfl, void *context, void **thread_context)
{
	(void)dwfl;
	if (*thread_context == context)
		return 0;
	*thread_context = context;
	return the_thread;
}

static bool read_memory(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *ret_word,
			void *context)
{
	const struct symbols *symbols = context;

	(void)dwfl;
	return saved_stack_read(symbols->unwound, address, ret_word);
}

/* In the order of DWARF; the last is the return address, or where it is. */
static bool set_registers(Dwfl_Thread *thread, void *context)
{
	const struct symbols *symbols = context;
	const struct user_regs_struct *r = &symbols->unwound->registers;
	const Dwarf_Word values[] = {
		r->rax, r->rdx, r->rcx, r->rbx, r->rsi, r->rdi,
		r->rbp, r->rsp, r->r8,	r->r9,	r->r10, r->r11,
		r->r12, r->r13, r->r14, r->r15, r->rip,
	};

	return dwfl_thread_state_registers(
		thread, 0, sizeof(values) / sizeof(*values), values);
}

static const Dwfl_Thread_Callbacks callbacks = {
	.next_thread = next_thread,
	.memory_read = read_memory,
	.set_initial_registers = set_registers,
};

/*
 * Code of a file that is not there any more says nothing about its caller,
 * whom libdwfl would guess by the frame pointer.
 */
static bool is_kept(Dwfl_Frame *frame, Dwarf_Addr inside)
{
	Dwfl_Module *module = dwfl_addrmodule(
		dwfl_thread_dwfl(dwfl_frame_thread(frame)), inside);
	const char *name = module ? dwfl_module_info(module, NULL, NULL, NULL,
						     NULL, NULL, NULL, NULL)
				  : "";

	return !strstr(name, SYMBOLS_DELETED);
}

static int keep_frame(Dwfl_Frame *frame, void *context)
{
	struct backtrace *backtrace = context;
	Dwarf_Addr address;
	bool is_exact;

	if (!dwfl_frame_pc(frame, &address, &is_exact) || !address)
		return DWARF_CB_ABORT;
	backtrace->frames[backtrace->count++] =
		(struct backtrace_frame){address, is_exact};
	return backtrace->count < BACKTRACE_MAX &&
			       is_kept(frame, address - !is_exact)
		       ? DWARF_CB_OK
		       : DWARF_CB_ABORT;
}

void saved_backtrace_take(struct backtrace *ret_backtrace,
			  struct symbols *symbols,
			  const struct saved_stack *stack)
{
	*ret_backtrace = (struct backtrace){0};
	symbols->unwound = stack;
	/* Once; it stays attached. */
	if (dwfl_pid(symbols->dwfl) == the_thread ||
	    dwfl_attach_state(symbols->dwfl, NULL, the_thread, &callbacks,
			      symbols))
		dwfl_getthread_frames(symbols->dwfl, the_thread, keep_frame,
				      ret_backtrace);
	symbols->unwound = NULL;
}
