/*
 * cpu_x86_64.c - what the processor offers to a program
 */
#include <cpuid.h>
#include <stddef.h>
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

/* clang-format off */
static const struct {
	unsigned char word;
	unsigned char bit;
	const char *name;
} features[] = {
	{WORD_1_ECX, 0, "SSE3"},	 {WORD_1_ECX, 1, "PCLMULQDQ"},
	{WORD_1_ECX, 9, "SSSE3"},	 {WORD_1_ECX, 12, "FMA"},
	{WORD_1_ECX, 13, "CMPXCHG16B"},	 {WORD_1_ECX, 19, "SSE4.1"},
	{WORD_1_ECX, 20, "SSE4.2"},	 {WORD_1_ECX, 22, "MOVBE"},
	{WORD_1_ECX, 23, "POPCNT"},	 {WORD_1_ECX, 25, "AES"},
	{WORD_1_ECX, 26, "XSAVE"},	 {WORD_1_ECX, 27, "OSXSAVE"},
	{WORD_1_ECX, 28, "AVX"},	 {WORD_1_ECX, 29, "F16C"},
	{WORD_1_ECX, 30, "RDRAND"},	 {WORD_1_EDX, 15, "CMOV"},
	{WORD_1_EDX, 23, "MMX"},	 {WORD_1_EDX, 24, "FXSR"},
	{WORD_1_EDX, 25, "SSE"},	 {WORD_1_EDX, 26, "SSE2"},
	{WORD_7_EBX, 0, "FSGSBASE"},	 {WORD_7_EBX, 3, "BMI1"},
	{WORD_7_EBX, 4, "HLE"},		 {WORD_7_EBX, 5, "AVX2"},
	{WORD_7_EBX, 8, "BMI2"},	 {WORD_7_EBX, 9, "ERMS"},
	{WORD_7_EBX, 11, "RTM"},	 {WORD_7_EBX, 16, "AVX-512F"},
	{WORD_7_EBX, 17, "AVX-512DQ"},	 {WORD_7_EBX, 18, "RDSEED"},
	{WORD_7_EBX, 19, "ADX"},	 {WORD_7_EBX, 21, "AVX-512IFMA"},
	{WORD_7_EBX, 23, "CLFLUSHOPT"},	 {WORD_7_EBX, 24, "CLWB"},
	{WORD_7_EBX, 28, "AVX-512CD"},	 {WORD_7_EBX, 29, "SHA"},
	{WORD_7_EBX, 30, "AVX-512BW"},	 {WORD_7_EBX, 31, "AVX-512VL"},
	{WORD_7_ECX, 1, "AVX-512VBMI"},	 {WORD_7_ECX, 4, "OSPKE"},
	{WORD_7_ECX, 5, "WAITPKG"},	 {WORD_7_ECX, 6, "AVX-512VBMI2"},
	{WORD_7_ECX, 8, "GFNI"},	 {WORD_7_ECX, 9, "VAES"},
	{WORD_7_ECX, 10, "VPCLMULQDQ"},	 {WORD_7_ECX, 11, "AVX-512VNNI"},
	{WORD_7_ECX, 12, "AVX-512BITALG"},
	{WORD_7_ECX, 14, "AVX-512VPOPCNTDQ"},
	{WORD_7_ECX, 22, "RDPID"},	 {WORD_7_ECX, 27, "MOVDIRI"},
	{WORD_7_ECX, 28, "MOVDIR64B"},	 {WORD_7_EDX, 4, "FSRM"},
	{WORD_7_EDX, 8, "AVX-512VP2INTERSECT"},
	{WORD_7_EDX, 14, "SERIALIZE"},	 {WORD_7_EDX, 22, "AMX-BF16"},
	{WORD_7_EDX, 23, "AVX-512FP16"}, {WORD_7_EDX, 24, "AMX-TILE"},
	{WORD_7_EDX, 25, "AMX-INT8"},	 {WORD_7_1_EAX, 4, "AVX-VNNI"},
	{WORD_7_1_EAX, 5, "AVX-512BF16"}, {WORD_7_1_EAX, 23, "AVX-IFMA"},
	{WORD_D_1_EAX, 0, "XSAVEOPT"},	 {WORD_D_1_EAX, 1, "XSAVEC"},
	{WORD_EXTENDED_ECX, 0, "LAHF"},	 {WORD_EXTENDED_ECX, 5, "LZCNT"},
	{WORD_EXTENDED_ECX, 6, "SSE4A"}, {WORD_EXTENDED_ECX, 11, "XOP"},
	{WORD_EXTENDED_ECX, 16, "FMA4"}, {WORD_EXTENDED_ECX, 21, "TBM"},
};

static const char *const states[64] = {
	[0] = "x87",		[1] = "SSE",		[2] = "AVX",
	[3] = "MPX bounds",	[4] = "MPX control",	[5] = "AVX-512 mask",
	[6] = "AVX-512 high",	[7] = "AVX-512 upper",	[9] = "PKRU",
	[17] = "AMX config",	[18] = "AMX data",	[19] = "APX",
};
/* clang-format on */

enum {
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

uint64_t cpu_read_xcr0(void)
{
	uint32_t low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (uint64_t)high << 32 | low;
}

/* The first two have their place in what FXSAVE stores. */
void cpu_read_components(
	uint64_t xcr0,
	struct core_xstate_component ret_components[CORE_XSTATE_COMPONENTS])
{
	uint32_t c, d;

	for (uint32_t i = 2; i < CORE_XSTATE_COMPONENTS; i++)
		if (xcr0 >> i & 1)
			__cpuid_count(0xd, i, ret_components[i].size,
				      ret_components[i].offset, c, d);
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
