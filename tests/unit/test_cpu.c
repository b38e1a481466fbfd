/*
 * test_cpu.c - levels of CPUs, and what keeps libraries within one
 */
#include <stdlib.h>

#include "common/cpu.h"
#include "tests/expect.h"

Test(cpu, levels_are_known_by_their_names)
{
	cr_expect(cpu_level_by_name("x86-64") == CPU_LEVEL_1);
	cr_expect(cpu_level_by_name("x86-64-v2") == CPU_LEVEL_2);
	cr_expect(cpu_level_by_name("x86-64-v3") == CPU_LEVEL_3);
	cr_expect(cpu_level_by_name("x86-64-v4") == CPU_LEVEL_4);
	cr_expect(cpu_level_by_name("x86-64-v5") == CPU_LEVEL_NONE);
	cr_expect(cpu_level_by_name("") == CPU_LEVEL_NONE);
}

Test(cpu, first_feature_that_is_missing_is_named)
{
	uint32_t none[CORE_CPU_WORDS] = {0};
	uint32_t all[CORE_CPU_WORDS];

	memset(all, 0xff, sizeof(all));
	expect_text(cpu_limit_features(none, CPU_LEVEL_1), "CMOV");
	cr_expect(cpu_limit_features(all, CPU_LEVEL_4) == NULL);
}

Test(cpu, what_is_kept_grows_with_the_level)
{
	uint32_t before[CORE_CPU_WORDS] = {0};

	for (enum cpu_level i = CPU_LEVEL_1; i <= CPU_LEVEL_4; i++) {
		uint32_t words[CORE_CPU_WORDS];

		memset(words, 0xff, sizeof(words));
		cpu_limit_features(words, i);
		cr_expect(cpu_missing_feature(before, words) == NULL);
		cr_expect(cpu_missing_feature(words, before) != NULL);
		memcpy(before, words, sizeof(before));
	}
}

Test(cpu, glibc_is_told_what_not_to_see)
{
	char text[1024];

	cpu_level_tunable(CPU_LEVEL_2, text, sizeof(text));
	cr_expect(strncmp(text, "glibc.cpu.hwcaps=-", 18) == 0, "%s", text);
	expect_contains(text, "-AVX2,");
	expect_contains(text, "-AVX512F,");
	cr_expect(!strstr(text, "SSE4_2"), "%s", text);
	cpu_level_tunable(CPU_LEVEL_3, text, sizeof(text));
	cr_expect(!strstr(text, "AVX2"), "%s", text);
	expect_contains(text, "-AVX512F,");
}

/* OPENSSL_ia32cap(3): 1 ECX : 1 EDX, and 7 ECX : 7 EBX, to be cleared. */
Test(cpu, openssl_is_told_what_not_to_see)
{
	unsigned long long first, second;
	char text[128];
	char *end;

	cpu_level_openssl(CPU_LEVEL_2, text, sizeof(text));
	cr_assert(text[0] == '~', "%s", text);
	first = strtoull(text + 1, &end, 16);
	cr_assert(strncmp(end, ":~", 2) == 0, "%s", text);
	second = strtoull(end + 2, &end, 16);
	cr_expect(first >> 60 & 1, "AVX");
	cr_expect(!(first >> 41 & 1), "SSSE3 stays");
	cr_expect(second >> 5 & 1, "AVX2");
	cr_expect(second >> 16 & 1, "AVX-512F");
}
