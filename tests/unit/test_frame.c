/*
 * test_frame.c - a frame says what the kernel reads in it
 *
 * The last test has the kernel read one: a child goes on from it.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cpu.h"
#include "restore/frame.h"
#include "tests/expect.h"

TestSuite(frame, .timeout = 10);

enum {
	XSTATE_SIZE = 2696,
	INTEL_SIZE = 2688,
	HEADER_OFFSET = 512,
	ADDRESS = 0x123440,
	/* What of a ucontext the kernel reads, with a mask of eight bytes. */
	CONTEXT_SIZE = 304,
	MASK_OFFSET = 296,
	SOFTWARE_OFFSET = 464, /* of the kernel's words in the area */
	STATES = 0xe7,
};

static struct core_thread make_thread(void)
{
	return (struct core_thread){
		.registers = {.r15 = 15,
			      .r14 = 14,
			      .r13 = 13,
			      .r12 = 12,
			      .rbp = 0xb9,
			      .rbx = 0xb8,
			      .r11 = 11,
			      .r10 = 10,
			      .r9 = 9,
			      .r8 = 8,
			      .rax = 0xa8,
			      .rcx = 0xc8,
			      .rdx = 0xd8,
			      .rsi = 0x51,
			      .rdi = 0xd1,
			      .rip = 0x401000,
			      .eflags = 0x246,
			      .rsp = 0x7fff0000},
		.signal_mask = 0x8000000000000201,
		.stack_pointer = 0x5000,
		.stack_size = 0x2000,
		.stack_flags = 1,
		.xstate_size = XSTATE_SIZE,
	};
}

struct written {
	unsigned char *bytes;
	size_t size;
	size_t context;
};

/* As AMD has them, and Intel: with room for MPX in between. */
static const struct core_xstate_part amd[CORE_XSTATE_PARTS] = {
	[2] = {576, 256},
	[5] = {832, 64},
	[6] = {896, 512},
	[7] = {1408, 1024},
};
static const struct frame_layout intel = {
	.xcr0 = STATES,
	.parts = {[2] = {576, 256},
		  [5] = {1088, 64},
		  [6] = {1152, 512},
		  [7] = {1664, 1024}},
};

static struct written write_with(const struct core_thread *thread,
				 uint64_t used)
{
	unsigned char *xstate = malloc(thread->xstate_size);
	struct written w = {0};

	for (size_t i = 0; i < thread->xstate_size; i++)
		xstate[i] = (unsigned char)(i % 251);
	memcpy(xstate + HEADER_OFFSET, &used, sizeof(used));
	w.size = frame_size(xstate, &intel);
	/* Of just the right size, for the sanitizer to guard. */
	w.bytes = malloc(w.size);
	memset(w.bytes, 0xee, w.size);
	w.context = frame_write(w.bytes, ADDRESS, thread, xstate, amd, &intel) -
		    ADDRESS;
	free(xstate);
	return w;
}

static struct written write_one(const struct core_thread *thread)
{
	return write_with(thread, STATES);
}

Test(frame, context_ends_where_the_frame_does)
{
	/* The last with a set that is not here, and so left out. */
	static const uint64_t used[] = {0,    1,    3,	    7,
					0x27, 0x67, STATES, STATES | 1 << 9};
	static const size_t sizes[] = {576,  576,  576,	 832,
				       1152, 1664, 2688, 2688};

	for (size_t i = 0; i < sizeof(used) / sizeof(*used); i++) {
		const struct core_thread thread = make_thread();
		struct written w = write_with(&thread, used[i]);
		uint32_t magic2;

		cr_expect(w.context + CONTEXT_SIZE == w.size);
		cr_expect(w.context % FRAME_ALIGN == 0);
		cr_expect(w.context >= sizes[i] + sizeof(uint32_t),
			  "the second magic is overwritten");
		memcpy(&magic2, w.bytes + sizes[i], sizeof(magic2));
		cr_expect(magic2 == FP_XSTATE_MAGIC2, "used %#lx",
			  (unsigned long)used[i]);
		free(w.bytes);
	}
}

Test(frame, sets_go_where_this_machine_has_them)
{
	const struct core_thread thread = make_thread();
	struct written w = write_one(&thread);

	for (size_t i = 0; i < SOFTWARE_OFFSET; i++)
		cr_expect(w.bytes[i] == i % 251, "byte %zu", i);
	for (size_t k = 2; k < CORE_XSTATE_PARTS; k++)
		for (size_t i = 0; i < amd[k].size; i++)
			cr_expect(w.bytes[intel.parts[k].offset + i] ==
					  (amd[k].offset + i) % 251,
				  "set %zu, byte %zu", k, i);
	free(w.bytes);
}

Test(frame, words_of_the_kernel_say_what_the_area_is)
{
	const struct core_thread thread = make_thread();
	struct written w = write_one(&thread);
	struct _fpx_sw_bytes software;
	uint32_t magic2;

	memcpy(&software, w.bytes + SOFTWARE_OFFSET, sizeof(software));
	memcpy(&magic2, w.bytes + INTEL_SIZE, sizeof(magic2));

	cr_expect(software.magic1 == FP_XSTATE_MAGIC1);
	cr_expect(software.xstate_size == INTEL_SIZE);
	cr_expect(software.extended_size == INTEL_SIZE + FP_XSTATE_MAGIC2_SIZE);
	cr_expect(software.xstate_bv == STATES);
	cr_expect(magic2 == FP_XSTATE_MAGIC2);
	free(w.bytes);
}

Test(frame, registers_stand_where_the_kernel_looks)
{
	const struct core_thread thread = make_thread();
	const struct user_regs_struct *r = &thread.registers;
	struct written w = write_one(&thread);
	struct sigcontext context;

	memcpy(&context, w.bytes + w.context + 40, sizeof(context));

	cr_expect(context.r8 == r->r8 && context.r9 == r->r9);
	cr_expect(context.r10 == r->r10 && context.r11 == r->r11);
	cr_expect(context.r12 == r->r12 && context.r13 == r->r13);
	cr_expect(context.r14 == r->r14 && context.r15 == r->r15);
	cr_expect(context.rdi == r->rdi && context.rsi == r->rsi);
	cr_expect(context.rbp == r->rbp && context.rbx == r->rbx);
	cr_expect(context.rdx == r->rdx && context.rax == r->rax);
	cr_expect(context.rcx == r->rcx && context.rsp == r->rsp);
	cr_expect(context.rip == r->rip && context.eflags == r->eflags);
	cr_expect(context.cs == 0x33);
	free(w.bytes);
}

Test(frame, mask_stack_and_area_stand_where_the_kernel_looks)
{
	const struct core_thread thread = make_thread();
	struct written w = write_one(&thread);
	const unsigned char *context = w.bytes + w.context;
	stack_t stack;
	uint64_t mask, area;

	memcpy(&stack, context + 16, sizeof(stack));
	memcpy(&mask, context + MASK_OFFSET, sizeof(mask));
	memcpy(&area, context + 40 + offsetof(struct sigcontext, fpstate),
	       sizeof(area));

	cr_expect((uintptr_t)stack.ss_sp == thread.stack_pointer);
	cr_expect(stack.ss_size == thread.stack_size && stack.ss_flags == 1);
	cr_expect(mask == thread.signal_mask);
	cr_expect(area == ADDRESS);
	free(w.bytes);
}

static _Alignas(FRAME_ALIGN) unsigned char area[65536];
static _Alignas(FRAME_ALIGN) unsigned char frame[65536];
static _Alignas(16) unsigned char stack_of_the_child[65536];
static uint32_t area_size;
static uint64_t area_states;

static void keep_area(int signal, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;
	struct _fpx_sw_bytes software;

	(void)signal;
	(void)info;
	memcpy(&software,
	       (const char *)uc->uc_mcontext.fpregs + SOFTWARE_OFFSET,
	       sizeof(software));
	area_size = software.xstate_size;
	area_states = software.xstate_bv;
	if (area_size <= sizeof(area))
		memcpy(area, uc->uc_mcontext.fpregs, area_size);
}

/* Where the child goes on: its exit status is what it found. */
static __attribute__((noreturn, no_sanitize("address", "undefined"))) void
landed(uint64_t first, uint64_t second)
{
	uint64_t low;
	uint64_t mask = 0;
	int status = 0;

	__asm__ volatile("movq %%xmm7, %0" : "=r"(low));
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, sizeof(mask));
	status |= first == 0x1111 && second == 0x2222 ? 0 : 1;
	status |= low == 0x7777777777777777 ? 0 : 2;
	status |= mask == 0x200 ? 0 : 4;
	_exit(status);
}

static __attribute__((noreturn, no_sanitize("address", "undefined"))) void
go_on_from_a_frame(void)
{
	struct sigaction action = {.sa_sigaction = keep_area,
				   .sa_flags = SA_SIGINFO};
	struct core_thread thread = {.stack_flags = SS_DISABLE,
				     .signal_mask = 0x200};
	struct frame_layout layout = {0};
	uint64_t pointer;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	memset(area + 160 + 7 * 16, 0x77, 16);
	area[512] |= 3;
	thread.xstate_size = area_size;
	thread.registers.rip = (uintptr_t)landed;
	thread.registers.rsp =
		(uintptr_t)stack_of_the_child + sizeof(stack_of_the_child) - 8;
	thread.registers.rdi = 0x1111;
	thread.registers.rsi = 0x2222;
	thread.registers.eflags = 0x202;
	layout.xcr0 = area_states;
	cpu_read_parts(area_states, layout.parts);
	pointer = frame_write(frame, (uintptr_t)frame, &thread, area,
			      layout.parts, &layout);
	__asm__ volatile("mov %0, %%rsp\n\t"
			 "syscall"
			 :
			 : "r"(pointer), "a"(SYS_rt_sigreturn)
			 : "memory");
	__builtin_unreachable();
}

Test(frame, kernel_goes_on_from_it)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		go_on_from_a_frame();
	cr_assert(waitpid(child, &status, 0) == child);

	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		  "wait status %#x", (unsigned)status);
}
