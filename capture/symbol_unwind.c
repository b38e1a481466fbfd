/*
 * symbol_unwind.c - the calls that a saved stack is of
 *
 * libdwfl asks for registers and memory through callbacks, so it does not matter
 * that the thread has gone on since; libunwind has them only for a thread that
 * is stopped.
 */
#include <string.h>

#include "symbol_dwfl.h"

enum {
	/* In DWARF's order for x86-64: 16 general registers, and the pc. */
	REGISTERS = 17,
	ONLY_THREAD = 1,
};

static pid_t next_thread(Dwfl *dwfl, void *context, void **ret_argument)
{
	(void)dwfl;
	if (*ret_argument)
		return 0;
	*ret_argument = context;
	return ONLY_THREAD;
}

static bool get_thread(Dwfl *dwfl, pid_t tid, void *context,
		       void **ret_argument)
{
	(void)dwfl;
	*ret_argument = context;
	return tid == ONLY_THREAD;
}

static bool is_on_stack(const struct saved_stack *stack, uint64_t address)
{
	const uint64_t from = stack->registers.rsp;

	return address >= from && address - from < (uint64_t)8 << 20;
}

static bool read_memory(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *ret_word,
			void *context)
{
	const struct symbols *symbols = context;
	struct error ignored = {0};
	uint64_t word;

	(void)dwfl;
	if (!saved_stack_read(symbols->stack, address, &word) &&
	    (is_on_stack(symbols->stack, address) ||
	     tracee_read(symbols->tracee, address, &word, sizeof(word),
			 &ignored) < 0))
		return false;
	*ret_word = word;
	return true;
}

static bool set_registers(Dwfl_Thread *thread, void *context)
{
	const struct symbols *symbols = context;
	const struct user_regs_struct *r = &symbols->stack->registers;
	const Dwarf_Word values[REGISTERS] = {
		r->rax, r->rdx, r->rcx, r->rbx, r->rsi, r->rdi,
		r->rbp, r->rsp, r->r8,	r->r9,	r->r10, r->r11,
		r->r12, r->r13, r->r14, r->r15, r->rip,
	};

	return dwfl_thread_state_registers(thread, 0, REGISTERS, values);
}

static const Dwfl_Thread_Callbacks thread_callbacks = {
	.next_thread = next_thread,
	.get_thread = get_thread,
	.memory_read = read_memory,
	.set_initial_registers = set_registers,
};

static int take_frame(Dwfl_Frame *frame, void *context)
{
	struct backtrace *backtrace = context;
	Dwarf_Addr pc;
	bool is_exact;

	if (!dwfl_frame_pc(frame, &pc, &is_exact) || pc == 0 ||
	    backtrace->count == BACKTRACE_MAX)
		return DWARF_CB_ABORT;
	backtrace->frames[backtrace->count++] =
		(struct backtrace_frame){pc, is_exact};
	return DWARF_CB_OK;
}

void symbols_unwind(struct symbols *symbols, const struct tracee *t,
		    const struct saved_stack *stack,
		    struct backtrace *ret_backtrace)
{
	*ret_backtrace = (struct backtrace){0};
	symbols->stack = stack;
	symbols->tracee = t;
	if (!symbols->can_unwind)
		symbols->can_unwind =
			dwfl_attach_state(symbols->dwfl, NULL, t->pid,
					  &thread_callbacks, symbols);
	if (symbols->can_unwind)
		dwfl_getthread_frames(symbols->dwfl, ONLY_THREAD, take_frame,
				      ret_backtrace);
}
