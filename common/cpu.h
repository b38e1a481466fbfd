/*
 * cpu.h - what the processor offers to a program
 *
 * A libc chooses its functions by this once, at the start, so an image can
 * only run where everything is offered that was offered where it was made.
 */
#ifndef COMMON_CPU_H
#define COMMON_CPU_H

#include <stddef.h>
#include <stdint.h>

#include "core_format.h"

/* CPUID words, of which only the features that programs choose by are kept. */
void cpu_read_features(uint32_t ret_words[CORE_CPU_WORDS]);
/*
 * The register sets that the kernel lets XSAVE store (XCR0), or those of FXSAVE
 * on a processor without.  @words: from cpu_read_features()
 */
uint64_t cpu_read_xcr0(const uint32_t words[CORE_CPU_WORDS]);
/*
 * Where XSAVE puts each set of @sets in its standard form, from CPUID 0xd: the
 * makers differ.  The others are left as they are.
 */
void cpu_read_parts(uint64_t sets,
		    struct core_xstate_part ret_parts[CORE_XSTATE_PARTS]);
void cpu_read_name(char ret_name[CORE_CPU_NAME_SIZE]);

/*
 * The name of the first feature in @wanted that @offered lacks, such as
 * "AVX-512F", or NULL.
 */
const char *cpu_missing_feature(const uint32_t wanted[CORE_CPU_WORDS],
				const uint32_t offered[CORE_CPU_WORDS]);
/* The same for bits of XCR0. */
const char *cpu_missing_state(uint64_t wanted, uint64_t offered);

/* The levels of the x86-64 psABI. */
enum cpu_level {
	CPU_LEVEL_NONE, /* whatever there is */
	CPU_LEVEL_1,
	CPU_LEVEL_2, /* SSE4.2 */
	CPU_LEVEL_3, /* AVX2 */
	CPU_LEVEL_4, /* AVX-512 */
};

/* Of "x86-64-v3", or CPU_LEVEL_NONE. */
enum cpu_level cpu_level_by_name(const char *name);

/*
 * Keeps of @words what belongs to @level.  The name of a feature that the level
 * has and @words lack, or NULL.
 */
const char *cpu_limit_features(uint32_t words[CORE_CPU_WORDS],
			       enum cpu_level level);

/*
 * What makes glibc choose for @level when it stands in GLIBC_TUNABLES: the
 * features that it is not to see.
 */
void cpu_level_tunable(enum cpu_level level, char *ret_text, size_t size);
/* The same for OpenSSL, in OPENSSL_ia32cap (OPENSSL_ia32cap(3)). */
void cpu_level_openssl(enum cpu_level level, char *ret_text, size_t size);

#endif
