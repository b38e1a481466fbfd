/*
 * cpu.h - what the processor offers to a program
 *
 * A libc chooses its functions by this once, at the start, so an image can
 * only run where everything is offered that was offered where it was made.
 */
#ifndef COMMON_CPU_H
#define COMMON_CPU_H

#include <stdint.h>

#include "core_format.h"

/* CPUID words, of which only the features that programs choose by are kept. */
void cpu_read_features(uint32_t ret_words[CORE_CPU_WORDS]);
/* The register sets that the kernel lets XSAVE store (XCR0). */
uint64_t cpu_read_xcr0(void);
/* Where XSAVE puts the sets of @xcr0 in its standard form (CPUID 0xd). */
void cpu_read_components(
	uint64_t xcr0,
	struct core_xstate_component ret_components[CORE_XSTATE_COMPONENTS]);
void cpu_read_name(char ret_name[CORE_CPU_NAME_SIZE]);

/*
 * The name of the first feature in @wanted that @offered lacks, such as
 * "AVX-512F", or NULL.
 */
const char *cpu_missing_feature(const uint32_t wanted[CORE_CPU_WORDS],
				const uint32_t offered[CORE_CPU_WORDS]);
/* The same for bits of XCR0. */
const char *cpu_missing_state(uint64_t wanted, uint64_t offered);

#endif
