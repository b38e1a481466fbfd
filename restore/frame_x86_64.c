/*
 * frame_x86_64.c - the signal frame from which a thread goes on
 *
 *	address          XSAVE area, 64-byte aligned, with as much as is in use;
 *	                 the kernel's words in the bytes 464-511 say how large
 *	                 it is, one more word follows it
 *	+ area, rounded  struct ucontext      <- the stack pointer
 *
 * Without its words the kernel takes the area for a bare FXSAVE one, and
 * everything above SSE is lost without a word (restore_fpregs_from_user(),
 * check_xstate_in_sigframe()).
 */
#include "frame.h"

#include <assert.h>
#include <string.h>

enum {
	FP_XSTATE_MAGIC1_WORD = 0x46505853,
	FP_XSTATE_MAGIC2_WORD = 0x46505845,
	SOFTWARE_BYTES = 464,
	HEADER = 512,
	UC_FP_XSTATE = 1,
	UC_SIGCONTEXT_SS = 2,
	UC_STRICT_RESTORE_SS = 4,
	USER_CS = 0x33,
	USER_SS = 0x2b,
};

/* struct ucontext of asm-generic/ucontext.h with asm/sigcontext.h in it. */
struct kernel_ucontext {
	uint64_t flags;
	uint64_t link;
	uint64_t stack_pointer;
	uint32_t stack_flags;
	uint32_t padding;
	uint64_t stack_size;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, eflags;
	uint16_t cs, gs, fs, ss;
	uint64_t err, trapno, oldmask, cr2, fpstate;
	uint64_t reserved[8];
	uint64_t mask;
};

static_assert(sizeof(struct kernel_ucontext) == 304, "layout of the kernel");

/* asm/sigcontext.h: struct _fpx_sw_bytes */
struct software_bytes {
	uint32_t magic1;
	uint32_t extended_size;
	uint64_t features;
	uint32_t size;
	uint32_t padding[7];
};

static_assert(sizeof(struct software_bytes) == 48, "layout of the kernel");

/* Of those that there are here; what cannot be missed has been looked for. */
static uint64_t used_sets(const unsigned char *xstate,
			  const struct frame_layout *to)
{
	uint64_t used;

	memcpy(&used, xstate + HEADER, sizeof(used));
	return used & to->xcr0;
}

/* Up to the last set that is in use; the kernel takes any size from its own. */
static size_t xstate_size(uint64_t used, const struct core_xstate_part *parts)
{
	size_t size = CORE_XSTATE_MIN;

	for (size_t i = 2; i < CORE_XSTATE_PARTS; i++)
		if (used >> i & 1 && size < parts[i].offset + parts[i].size)
			size = parts[i].offset + parts[i].size;
	return size;
}

static size_t area_size(uint64_t used, const struct core_xstate_part *parts)
{
	return (xstate_size(used, parts) + sizeof(uint32_t) + FRAME_ALIGN - 1) &
	       ~(size_t)(FRAME_ALIGN - 1);
}

size_t frame_size(const unsigned char *xstate, const struct frame_layout *to)
{
	return area_size(used_sets(xstate, to), to->parts) +
	       sizeof(struct kernel_ucontext);
}

/* Each set from where one machine has it to where the other looks for it. */
static void write_area(unsigned char *bytes, const unsigned char *xstate,
		       const struct core_xstate_part *from,
		       const struct frame_layout *to)
{
	const uint64_t used = used_sets(xstate, to);
	const uint32_t size = (uint32_t)xstate_size(used, to->parts);
	const struct software_bytes software = {
		.magic1 = FP_XSTATE_MAGIC1_WORD,
		.extended_size = size + (uint32_t)sizeof(uint32_t),
		.features = to->xcr0,
		.size = size,
	};
	const uint32_t magic2 = FP_XSTATE_MAGIC2_WORD;

	memset(bytes, 0, size);
	memcpy(bytes, xstate, SOFTWARE_BYTES);
	memcpy(bytes + SOFTWARE_BYTES, &software, sizeof(software));
	memcpy(bytes + HEADER, &used, sizeof(used));
	for (size_t i = 2; i < CORE_XSTATE_PARTS; i++)
		if (used >> i & 1)
			memcpy(bytes + to->parts[i].offset,
			       xstate + from[i].offset, to->parts[i].size);
	memcpy(bytes + size, &magic2, sizeof(magic2));
}

uint64_t frame_write(unsigned char *bytes, uint64_t address,
		     const struct core_thread *thread,
		     const unsigned char *xstate,
		     const struct core_xstate_part *from,
		     const struct frame_layout *to)
{
	const struct user_regs_struct *r = &thread->registers;
	const size_t context = area_size(used_sets(xstate, to), to->parts);
	const struct kernel_ucontext uc = {
		.flags = UC_FP_XSTATE | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS,
		.stack_pointer = thread->stack_pointer,
		.stack_flags = thread->stack_flags,
		.stack_size = thread->stack_size,
		.r8 = r->r8,
		.r9 = r->r9,
		.r10 = r->r10,
		.r11 = r->r11,
		.r12 = r->r12,
		.r13 = r->r13,
		.r14 = r->r14,
		.r15 = r->r15,
		.rdi = r->rdi,
		.rsi = r->rsi,
		.rbp = r->rbp,
		.rbx = r->rbx,
		.rdx = r->rdx,
		.rax = r->rax,
		.rcx = r->rcx,
		.rsp = r->rsp,
		.rip = r->rip,
		.eflags = r->eflags,
		.cs = USER_CS,
		.ss = USER_SS,
		.fpstate = address,
		.mask = thread->signal_mask,
	};

	assert(address % FRAME_ALIGN == 0);
	write_area(bytes, xstate, from, to);
	memcpy(bytes + context, &uc, sizeof(uc));
	return address + context;
}

uint64_t frame_register(uint64_t frame, size_t offset)
{
	/* clang-format off */
#define AT(name) \
	{ offsetof(struct user_regs_struct, name), \
	  offsetof(struct kernel_ucontext, name) }
	/* clang-format on */
	static const struct {
		size_t from;
		size_t to;
	} registers[] = {
		AT(r8),	 AT(r9),  AT(r10), AT(r11), AT(r12), AT(r13),
		AT(r14), AT(r15), AT(rdi), AT(rsi), AT(rbp), AT(rbx),
		AT(rdx), AT(rax), AT(rcx), AT(rsp),
	};

	for (size_t i = 0; i < sizeof(registers) / sizeof(*registers); i++)
		if (registers[i].from == offset)
			return frame + registers[i].to;
	return 0;
}
