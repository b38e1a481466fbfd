/*
 * cpu_x86_64.c - what the processor offers to a program
 */
#include <cpuid.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cpu.h"

/* Which word of ours holds which register of which leaf. */
enum {
	WORD_1_ECX,
	WORD_1_EDX,
	WORD_7_EBX,
	WORD_7_ECX,
	WORD_7_EDX,
	WORD_7_1_EAX,
	WORD_D_1_EAX,
	WORD_EXTENDED_ECX,
};

/*
 * @level: the first of enum cpu_level that has it; 0 for none of them
 * @tunable: how glibc calls it (sysdeps/x86/cpu-tunables.c), if a function of
 *	glibc is chosen by it
 */
/* clang-format off */
static const struct {
	unsigned char word;
	unsigned char bit;
	unsigned char level;
	const char *name;
	const char *tunable;
} features[] = {
	{WORD_1_ECX, 0, 2, "SSE3", "SSE3"},
	{WORD_1_ECX, 1, 0, "PCLMULQDQ", NULL},
	{WORD_1_ECX, 9, 2, "SSSE3", "SSSE3"},
	{WORD_1_ECX, 12, 3, "FMA", "FMA"},
	{WORD_1_ECX, 13, 2, "CMPXCHG16B", NULL},
	{WORD_1_ECX, 19, 2, "SSE4.1", "SSE4_1"},
	{WORD_1_ECX, 20, 2, "SSE4.2", "SSE4_2"},
	{WORD_1_ECX, 22, 3, "MOVBE", "MOVBE"},
	{WORD_1_ECX, 23, 2, "POPCNT", "POPCNT"},
	{WORD_1_ECX, 25, 0, "AES", NULL},
	{WORD_1_ECX, 26, 3, "XSAVE", "XSAVE"},
	{WORD_1_ECX, 27, 3, "OSXSAVE", NULL},
	{WORD_1_ECX, 28, 3, "AVX", "AVX"},
	{WORD_1_ECX, 29, 3, "F16C", NULL},
	{WORD_1_ECX, 30, 0, "RDRAND", NULL},
	{WORD_1_EDX, 15, 1, "CMOV", NULL},
	{WORD_1_EDX, 23, 1, "MMX", NULL},
	{WORD_1_EDX, 24, 1, "FXSR", NULL},
	{WORD_1_EDX, 25, 1, "SSE", NULL},
	{WORD_1_EDX, 26, 1, "SSE2", NULL},
	{WORD_7_EBX, 0, 0, "FSGSBASE", NULL},
	{WORD_7_EBX, 3, 3, "BMI1", "BMI1"},
	{WORD_7_EBX, 4, 0, "HLE", NULL},
	{WORD_7_EBX, 5, 3, "AVX2", "AVX2"},
	{WORD_7_EBX, 8, 3, "BMI2", "BMI2"},
	{WORD_7_EBX, 9, 0, "ERMS", "ERMS"},
	{WORD_7_EBX, 11, 0, "RTM", "RTM"},
	{WORD_7_EBX, 16, 4, "AVX-512F", "AVX512F"},
	{WORD_7_EBX, 17, 4, "AVX-512DQ", "AVX512DQ"},
	{WORD_7_EBX, 18, 0, "RDSEED", NULL},
	{WORD_7_EBX, 19, 0, "ADX", NULL},
	{WORD_7_EBX, 21, 0, "AVX-512IFMA", NULL},
	{WORD_7_EBX, 23, 0, "CLFLUSHOPT", NULL},
	{WORD_7_EBX, 24, 0, "CLWB", NULL},
	{WORD_7_EBX, 28, 4, "AVX-512CD", "AVX512CD"},
	{WORD_7_EBX, 29, 0, "SHA", NULL},
	{WORD_7_EBX, 30, 4, "AVX-512BW", "AVX512BW"},
	{WORD_7_EBX, 31, 4, "AVX-512VL", "AVX512VL"},
	{WORD_7_ECX, 1, 0, "AVX-512VBMI", NULL},
	{WORD_7_ECX, 4, 0, "OSPKE", NULL},
	{WORD_7_ECX, 5, 0, "WAITPKG", NULL},
	{WORD_7_ECX, 6, 0, "AVX-512VBMI2", NULL},
	{WORD_7_ECX, 8, 0, "GFNI", NULL},
	{WORD_7_ECX, 9, 0, "VAES", NULL},
	{WORD_7_ECX, 10, 0, "VPCLMULQDQ", NULL},
	{WORD_7_ECX, 11, 0, "AVX-512VNNI", NULL},
	{WORD_7_ECX, 12, 0, "AVX-512BITALG", NULL},
	{WORD_7_ECX, 14, 0, "AVX-512VPOPCNTDQ", NULL},
	{WORD_7_ECX, 22, 0, "RDPID", NULL},
	{WORD_7_ECX, 27, 0, "MOVDIRI", NULL},
	{WORD_7_ECX, 28, 0, "MOVDIR64B", NULL},
	{WORD_7_EDX, 4, 0, "FSRM", "FSRM"},
	{WORD_7_EDX, 8, 0, "AVX-512VP2INTERSECT", NULL},
	{WORD_7_EDX, 14, 0, "SERIALIZE", NULL},
	{WORD_7_EDX, 22, 0, "AMX-BF16", NULL},
	{WORD_7_EDX, 23, 0, "AVX-512FP16", NULL},
	{WORD_7_EDX, 24, 0, "AMX-TILE", NULL},
	{WORD_7_EDX, 25, 0, "AMX-INT8", NULL},
	{WORD_7_1_EAX, 4, 0, "AVX-VNNI", NULL},
	{WORD_7_1_EAX, 5, 0, "AVX-512BF16", NULL},
	{WORD_7_1_EAX, 23, 0, "AVX-IFMA", NULL},
	{WORD_D_1_EAX, 0, 0, "XSAVEOPT", NULL},
	{WORD_D_1_EAX, 1, 4, "XSAVEC", "XSAVEC"},
	{WORD_EXTENDED_ECX, 0, 2, "LAHF", NULL},
	{WORD_EXTENDED_ECX, 5, 3, "LZCNT", "LZCNT"},
	{WORD_EXTENDED_ECX, 6, 0, "SSE4A", NULL},
	{WORD_EXTENDED_ECX, 11, 0, "XOP", NULL},
	{WORD_EXTENDED_ECX, 16, 0, "FMA4", "FMA4"},
	{WORD_EXTENDED_ECX, 21, 0, "TBM", NULL},
};

static const char *const states[64] = {
	[0] = "x87",		[1] = "SSE",		[2] = "AVX",
	[3] = "MPX bounds",	[4] = "MPX control",	[5] = "AVX-512 mask",
	[6] = "AVX-512 high",	[7] = "AVX-512 upper",	[9] = "PKRU",
	[17] = "AMX config",	[18] = "AMX data",	[19] = "APX",
};
/* clang-format on */

enum {
	AVX_SET = 2, /* its bit in XCR0 */
	FEATURE_COUNT = sizeof(features) / sizeof(*features),
};

/*
 * __get_cpuid_max() and its kin ask for the highest leaf first.  In a virtual
 * machine each CPUID is an exit to the hypervisor and takes microseconds, and
 * every x86-64 processor of the last decade has these leaves; what an older
 * one returns for them instead are features that no image can lack wrongly,
 * as it would have been made by the same rule.
 */
void cpu_read_features(uint32_t ret_words[CORE_CPU_WORDS])
{
	uint32_t words[CORE_CPU_WORDS] = {0};
	uint32_t known[CORE_CPU_WORDS] = {0};
	uint32_t a, b, c, d;

	__cpuid(1, a, b, words[WORD_1_ECX], words[WORD_1_EDX]);
	__cpuid_count(7, 0, a, words[WORD_7_EBX], words[WORD_7_ECX],
		      words[WORD_7_EDX]);
	if (a >= 1)
		__cpuid_count(7, 1, words[WORD_7_1_EAX], b, c, d);
	__cpuid_count(0xd, 1, words[WORD_D_1_EAX], b, c, d);
	__cpuid(0x80000001, a, b, words[WORD_EXTENDED_ECX], d);
	for (size_t i = 0; i < FEATURE_COUNT; i++)
		known[features[i].word] |= (uint32_t)1 << features[i].bit;
	for (size_t i = 0; i < CORE_CPU_WORDS; i++)
		ret_words[i] = words[i] & known[i];
}

uint64_t cpu_read_xcr0(const uint32_t words[CORE_CPU_WORDS])
{
	uint32_t low, high;

	/* Without OSXSAVE the instruction is none. */
	if (!(words[WORD_1_ECX] >> 27 & 1))
		return 3;
	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (uint64_t)high << 32 | low;
}

/* That of AVX is the same everywhere (Intel SDM vol. 1, 13.4.3). */
void cpu_read_parts(uint64_t sets,
		    struct core_xstate_part ret_parts[CORE_XSTATE_PARTS])
{
	uint32_t c, d;

	if (sets & 1 << AVX_SET)
		ret_parts[AVX_SET] = (struct core_xstate_part){
			.offset = CORE_XSTATE_MIN, .size = 256};
	for (uint32_t i = AVX_SET + 1; i < CORE_XSTATE_PARTS; i++)
		if (sets >> i & 1)
			__cpuid_count(0xd, i, ret_parts[i].size,
				      ret_parts[i].offset, c, d);
}

void cpu_read_name(char ret_name[CORE_CPU_NAME_SIZE])
{
	uint32_t words[12];

	for (uint32_t i = 0; i < 3; i++)
		__cpuid(0x80000002 + i, words[i * 4], words[i * 4 + 1],
			words[i * 4 + 2], words[i * 4 + 3]);
	memcpy(ret_name, words, CORE_CPU_NAME_SIZE);
	ret_name[CORE_CPU_NAME_SIZE - 1] = '\0';
}

const char *cpu_missing_feature(const uint32_t wanted[CORE_CPU_WORDS],
				const uint32_t offered[CORE_CPU_WORDS])
{
	for (size_t i = 0; i < FEATURE_COUNT; i++) {
		uint32_t missing =
			wanted[features[i].word] & ~offered[features[i].word];

		if (missing >> features[i].bit & 1)
			return features[i].name;
	}
	return NULL;
}

const char *cpu_missing_state(uint64_t wanted, uint64_t offered)
{
	uint64_t missing = wanted & ~offered;

	for (size_t i = 0; i < 64; i++)
		if (missing >> i & 1)
			return states[i] ? states[i] : "an unknown";
	return NULL;
}

enum cpu_level cpu_level_by_name(const char *name)
{
	static const char *const names[] = {"x86-64", "x86-64-v2", "x86-64-v3",
					    "x86-64-v4"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(name, names[i]) == 0)
			return CPU_LEVEL_1 + (enum cpu_level)i;
	return CPU_LEVEL_NONE;
}

static bool is_of_level(size_t feature, enum cpu_level level)
{
	return features[feature].level != 0 &&
	       features[feature].level <= (unsigned char)level;
}

const char *cpu_limit_features(uint32_t words[CORE_CPU_WORDS],
			       enum cpu_level level)
{
	uint32_t kept[CORE_CPU_WORDS] = {0};
	const char *missing = NULL;

	for (size_t i = 0; i < FEATURE_COUNT; i++) {
		const uint32_t bit = (uint32_t)1 << features[i].bit;

		if (!is_of_level(i, level))
			continue;
		kept[features[i].word] |= words[features[i].word] & bit;
		if (!missing && !(words[features[i].word] & bit))
			missing = features[i].name;
	}
	memcpy(words, kept, sizeof(kept));
	return missing;
}

void cpu_level_tunable(enum cpu_level level, char *ret_text, size_t size)
{
	size_t used = (size_t)snprintf(ret_text, size, "glibc.cpu.hwcaps");
	char mark = '=';

	for (size_t i = 0; i < FEATURE_COUNT; i++) {
		if (is_of_level(i, level) || !features[i].tunable)
			continue;
		used += (size_t)snprintf(ret_text + used, size - used, "%c-%s",
					 mark, features[i].tunable);
		mark = ',';
		if (used >= size)
			return;
	}
	/* Not a feature, but a preference that glibc has made of one. */
	if (level < CPU_LEVEL_3)
		snprintf(ret_text + used, size - used,
			 ",-AVX_Fast_Unaligned_Load");
}

void cpu_level_openssl(enum cpu_level level, char *ret_text, size_t size)
{
	uint32_t hidden[CORE_CPU_WORDS] = {0};

	for (size_t i = 0; i < FEATURE_COUNT; i++)
		if (!is_of_level(i, level))
			hidden[features[i].word] |= (uint32_t)1
						    << features[i].bit;
	snprintf(ret_text, size,
		 "~0x%" PRIx32 "%08" PRIx32 ":~0x%" PRIx32 "%08" PRIx32,
		 hidden[WORD_1_ECX], hidden[WORD_1_EDX], hidden[WORD_7_ECX],
		 hidden[WORD_7_EBX]);
}
