/*
 * xstate_x86_64.c - the XSAVE area of a thread in the form debuggers expect
 */
#include "xstate.h"

#include <string.h>

enum {
	LEGACY_SIZE = 512, /* x87 and SSE */
	HEADER_END = 576,
	XCR0_OFFSET = 464, /* in bytes that the hardware leaves alone */
};

/* gdb's gdbsupport/x86-xstate.h: where Intel's processors put them. */
static const struct {
	int index;
	struct core_xstate_part part;
} expected[] = {
	{2, {576, 256}},  {3, {960, 64}},    {4, {1024, 64}}, {5, {1088, 64}},
	{6, {1152, 512}}, {7, {1664, 1024}}, {9, {2688, 8}},
};

size_t xstate_for_debuggers(const unsigned char *area, size_t size,
			    const struct core_xstate_part *parts,
			    unsigned char ret_area[XSTATE_DEBUG_MAX])
{
	uint64_t known = 3;
	uint64_t xcr0, in_use;
	size_t end = HEADER_END;

	memset(ret_area, 0, XSTATE_DEBUG_MAX);
	memcpy(ret_area, area, HEADER_END);
	memcpy(&xcr0, area + XCR0_OFFSET, sizeof(xcr0));
	memcpy(&in_use, area + LEGACY_SIZE, sizeof(in_use));
	for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++) {
		uint64_t bit = (uint64_t)1 << expected[i].index;
		const struct core_xstate_part to = expected[i].part;
		const struct core_xstate_part from = parts[expected[i].index];

		if (!(xcr0 & bit))
			continue;
		if (from.size != to.size || from.offset + from.size > size)
			continue;
		memcpy(ret_area + to.offset, area + from.offset, to.size);
		known |= bit;
		end = to.offset + to.size;
	}
	xcr0 &= known;
	in_use &= known;
	memcpy(ret_area + XCR0_OFFSET, &xcr0, sizeof(xcr0));
	memcpy(ret_area + LEGACY_SIZE, &in_use, sizeof(in_use));
	return end;
}
