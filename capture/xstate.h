/*
 * xstate.h - the XSAVE area of a thread in the form that debuggers expect
 *
 * ptrace(2) gives the area as this processor lays it out (NT_X86_XSTATE).
 * gdb 13 knows only Intel's offsets and goes by the size; AMD's processors
 * leave no room for MPX, so that everything above AVX lies lower, and gdb
 * warns and loses registers.
 */
#ifndef CAPTURE_XSTATE_H
#define CAPTURE_XSTATE_H

#include <stddef.h>
#include <stdint.h>

enum {
	XSTATE_DEBUG_MAX = 2696, /* through PKRU */
};

/* Where a component lies in an area; size 0 when there is none. */
struct xstate_part {
	uint32_t offset;
	uint32_t size;
};

/* What this processor says of component @index (CPUID leaf 0xd). */
struct xstate_part xstate_part(int index);

/*
 * Lays @area out anew.  Returns the size that @ret_area then has; components
 * that gdb does not know are left out.
 */
size_t xstate_for_debuggers(const unsigned char *area, size_t size,
			    unsigned char ret_area[XSTATE_DEBUG_MAX]);

#endif
