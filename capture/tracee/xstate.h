/*
 * xstate.h - the XSAVE area of a thread in the form that debuggers expect
 *
 * ptrace(2) gives the area as this processor lays it out (NT_X86_XSTATE).
 * gdb 13 knows only Intel's offsets and goes by the size; AMD's processors
 * leave no room for MPX, so that everything above AVX lies lower, and gdb
 * warns and loses registers.
 */
#ifndef TRACEE_XSTATE_H
#define TRACEE_XSTATE_H

#include <stddef.h>
#include <stdint.h>

#include "common/core_format.h"

enum {
	XSTATE_DEBUG_MAX = 2696, /* through PKRU */
};

/*
 * Lays @area out anew, in which each set lies at its place in @parts.  Returns the size that @ret_area then has; components
 * that gdb does not know are left out.
 */
size_t xstate_for_debuggers(const unsigned char *area, size_t size,
			    const struct core_xstate_part *parts,
			    unsigned char ret_area[XSTATE_DEBUG_MAX]);

#endif
