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

/* What a frame takes, from an address aligned to FRAME_ALIGN. */
size_t frame_size(const struct core_thread *thread);

/*
 * Writes a frame to @bytes, which will lie at @address.  Returns what the stack
 * pointer has to be when rt_sigreturn(2) is called.
 */
uint64_t frame_write(unsigned char *bytes, uint64_t address,
		     const struct core_thread *thread,
		     const unsigned char *xstate, uint64_t xcr0);

/*
 * Where the frame with stack pointer @frame has the general register at @offset
 * of struct user_regs_struct; 0 for those that no thread chooses.
 */
uint64_t frame_register(uint64_t frame, size_t offset);

#endif
