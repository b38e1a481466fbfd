/*
 * test_xstate.c - register sets stand where gdb looks for them
 */
#include <cpuid.h>
#include <stdint.h>

#include "capture/tracee/xstate.h"
#include "common/cpu.h"
#include "tests/expect.h"

enum {
	AREA_MAX = 16384,
	XCR0_OFFSET = 464,
	IN_USE_OFFSET = 512,
};

/* gdb's gdbsupport/x86-xstate.h */
static const struct {
	int index;
	uint32_t offset;
	uint32_t size;
} wanted[] = {
	{2, 576, 256},	 {5, 1088, 64}, {6, 1152, 512},
	{7, 1664, 1024}, {9, 2688, 8},
};

static unsigned char area[AREA_MAX];
static unsigned char laid_out[XSTATE_DEBUG_MAX];
static struct core_xstate_part parts[CORE_XSTATE_PARTS];

static uint64_t own_xcr0(void)
{
	uint32_t features[CORE_CPU_WORDS];

	cpu_read_features(features);
	return cpu_read_xcr0(features);
}

/* An area of this processor in which each component has its index as bytes. */
static size_t make_area(uint64_t xcr0, uint64_t in_use)
{
	uint32_t a, size, c, d;

	__cpuid_count(0xd, 0, a, size, c, d);
	cr_assert(size <= AREA_MAX);
	memset(area, 0xee, sizeof(area));
	cpu_read_parts(xcr0, parts);
	for (int i = 2; i < 20; i++) {
		if (xcr0 >> i & 1)
			memset(area + parts[i].offset, i, parts[i].size);
	}
	memcpy(area + XCR0_OFFSET, &xcr0, sizeof(xcr0));
	memcpy(area + IN_USE_OFFSET, &in_use, sizeof(in_use));
	return size;
}

static uint64_t word_at(size_t offset)
{
	uint64_t word;

	memcpy(&word, laid_out + offset, sizeof(word));
	return word;
}

/* The register sets that both this processor and gdb know. */
static uint64_t known(void)
{
	uint64_t bits = 3;

	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		bits |= (uint64_t)1 << wanted[i].index;
	return bits & own_xcr0();
}

Test(xstate, each_part_stands_where_gdb_looks)
{
	const uint64_t xcr0 = own_xcr0();
	size_t end = 576;
	size_t size;

	size = xstate_for_debuggers(area, make_area(xcr0, xcr0), parts,
				    laid_out);

	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		if (!(xcr0 >> wanted[i].index & 1))
			continue;
		for (size_t j = 0; j < wanted[i].size; j++)
			cr_assert(laid_out[wanted[i].offset + j] ==
					  wanted[i].index,
				  "part %d, byte %zu", wanted[i].index, j);
		end = wanted[i].offset + wanted[i].size;
	}
	cr_expect(size == end, "%zu, not %zu", size, end);
}

Test(xstate, old_registers_are_kept)
{
	const uint64_t xcr0 = own_xcr0();

	xstate_for_debuggers(area, make_area(xcr0, xcr0), parts, laid_out);

	cr_expect(memcmp(laid_out, area, XCR0_OFFSET) == 0);
	cr_expect(memcmp(laid_out + 520, area + 520, 56) == 0);
}

Test(xstate, what_is_not_offered_is_not_there)
{
	const size_t size = make_area(3, 3);

	cr_expect(xstate_for_debuggers(area, size, parts, laid_out) == 576);

	for (size_t i = 576; i < XSTATE_DEBUG_MAX; i++)
		cr_assert(laid_out[i] == 0, "byte %zu", i);
	cr_expect(word_at(XCR0_OFFSET) == 3 && word_at(IN_USE_OFFSET) == 3);
}

Test(xstate, sets_that_gdb_does_not_know_are_left_out)
{
	const uint64_t xcr0 = own_xcr0();
	const size_t size = make_area(xcr0, UINT64_MAX);
	const uint64_t more = xcr0 | 1ULL << 19 | 1ULL << 18 | 1ULL << 63;

	memcpy(area + XCR0_OFFSET, &more, sizeof(more));
	xstate_for_debuggers(area, size, parts, laid_out);

	cr_expect((word_at(XCR0_OFFSET) & ~(uint64_t)0x18) == known());
	cr_expect((word_at(IN_USE_OFFSET) & ~(uint64_t)0x2ff) == 0);
}

Test(xstate, part_that_the_area_is_too_short_for_is_left_out)
{
	const uint64_t xcr0 = own_xcr0();

	if (!(xcr0 & 4))
		cr_skip("this processor has no AVX");
	make_area(xcr0, xcr0);

	cr_expect(xstate_for_debuggers(area, 576, parts, laid_out) == 576);

	cr_expect(word_at(XCR0_OFFSET) == 3 && word_at(IN_USE_OFFSET) == 3);
}

Test(xstate, only_parts_that_are_asked_for_are_read)
{
	struct core_xstate_part read[CORE_XSTATE_PARTS] = {0};

	cpu_read_parts(3 | 1ULL << 62, read);
	for (size_t i = 0; i < CORE_XSTATE_PARTS; i++)
		cr_expect(read[i].size == 0);
	cpu_read_parts(own_xcr0() & 4, read);
	if (own_xcr0() & 4)
		cr_expect(read[2].size == 256 && read[2].offset == 576);
}
