/*
 * frame.h - the signal frame from which a thread goes on
 *
 * rt_sigreturn(2) takes all registers, the extended ones, the signal mask and
 * the alternate stack from a frame on the stack; whoever writes one by hand
 * decides how a thread continues.
 */
#ifndef RESTORE_FRAME_H
#define RESTORE_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "common/core_format.h"

enum {
	FRAME_ALIGN = 64, /* of the XSAVE area, or rt_sigreturn kills */
};

/*
 * How the kernel wants extended registers here.
 * @parts: of the sets in use at least
 */
struct frame_layout {
	uint64_t xcr0;
	struct core_xstate_part parts[CORE_XSTATE_PARTS];
};

/*
 * What a frame takes, from an address aligned to FRAME_ALIGN.
 * @xstate: the thread's XSAVE area
 */
size_t frame_size(const unsigned char *xstate, const struct frame_layout *to);

/*
 * Writes a frame to @bytes, which will lie at @address.  Returns what the stack
 * pointer has to be when rt_sigreturn(2) is called.
 * @from: where the sets lie in @xstate
 */
uint64_t frame_write(unsigned char *bytes, uint64_t address,
		     const struct core_thread *thread,
		     const unsigned char *xstate,
		     const struct core_xstate_part *from,
		     const struct frame_layout *to);

/*
 * Where the frame with stack pointer @frame has the general register at @offset
 * of struct user_regs_struct; 0 for those that no thread chooses.
 */
uint64_t frame_register(uint64_t frame, size_t offset);

#endif
