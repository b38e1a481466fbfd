/*
 * test_fitness.c - a machine that lacks something is refused by its name
 */
#include <errno.h>

#include "common/attribute.h"
#include "common/cpu.h"
#include "restore/fitness.h"
#include "tests/expect.h"

static void expect_missing(struct core_machine wanted,
			   struct core_machine offered, const char *message)
{
	struct error err = {0};

	cr_expect(fitness_compare(&wanted, &offered, &err) < 0);
	expect_text(err.text, message);
	cr_expect(err.fault == FAULT_UNSUPPORTED);
}

Test(fitness, missing_feature_is_named)
{
	const struct core_machine none = {0};

	/* CPUID 7 EBX 16, 1 ECX 28, 7 EBX 5; words in the order of cpu.h */
	expect_missing((struct core_machine){.features = {[2] = 1 << 16}}, none,
		       "its libraries were chosen for a CPU with AVX-512F, "
		       "this one has none");
	expect_missing((struct core_machine){.features = {[0] = 1 << 28}}, none,
		       "its libraries were chosen for a CPU with AVX, this one "
		       "has none");
	expect_missing(
		(struct core_machine){.features = {[0] = 1, [2] = 1 << 5}},
		(struct core_machine){.features = {[0] = 1, [2] = 1 << 8}},
		"its libraries were chosen for a CPU with AVX2, this one has "
		"none");
}

Test(fitness, missing_register_set_is_named)
{
	const struct core_machine sse = {.xcr0 = 3};

	expect_missing((struct core_machine){.used = 7}, sse,
		       "it uses AVX state, this CPU has none");
	expect_missing((struct core_machine){.used = 0x23}, sse,
		       "it uses AVX-512 mask state, this CPU has none");
	expect_missing((struct core_machine){.used = 3 | 1ULL << 62}, sse,
		       "it uses an unknown state, this CPU has none");
}

Test(fitness, rights_of_protection_keys_are_not_missed)
{
	struct core_machine wanted = {.used = 0x203, .parts[9].size = 8};
	struct core_machine offered = {.xcr0 = 3};
	struct error err = {0};

	cr_expect(fitness_compare(&wanted, &offered, &err) == 0);
	offered.xcr0 = 0x203;
	offered.parts[9].size = 16;
	cr_expect(fitness_compare(&wanted, &offered, &err) < 0);
}

Test(fitness, machine_that_offers_as_much_or_more_will_do)
{
	struct core_machine wanted = {.xcr0 = 3, .features = {1, 2, 4}};
	struct core_machine offered = wanted;
	struct error err = {0};

	cr_expect(fitness_compare(&wanted, &offered, &err) == 0);
	memset(offered.features, 0xff, sizeof(offered.features));
	offered.xcr0 = UINT64_MAX;
	cr_expect(fitness_compare(&wanted, &offered, &err) == 0);
	cr_expect(err.fault == FAULT_NONE);
}

Test(fitness, this_machine_will_do_for_itself)
{
	struct core_machine here = {0};
	struct error err = {0};
	char name[CORE_CPU_NAME_SIZE];

	cpu_read_features(here.features);
	here.xcr0 = cpu_read_xcr0(here.features);
	cpu_read_name(name);

	cr_expect(fitness_compare(&here, &here, &err) == 0, "%s", err.text);
	cr_expect((here.xcr0 & 3) == 3, "every x86-64 has x87 and SSE");
	cr_expect(memchr(name, '\0', sizeof(name)) != NULL);
}

/* A core that fits here, but for what a test changes. */
struct fit {
	struct core_machine machine;
	struct core_thread threads[2];
	struct core_attribute folder;
	struct core core;
};

static void make_fit(struct fit *fit)
{
	*fit = (struct fit){
		.folder = {.id = ATTRIBUTE_WORKING_FOLDER, .value = 1},
		.core = {.fd = -1,
			 .machine = &fit->machine,
			 .threads = fit->threads,
			 .thread_count = 1,
			 .attributes = &fit->folder,
			 .attribute_count = 1,
			 .names = "\0/",
			 .names_size = 3},
	};
}

static void expect_unfit(const struct fit *fit, enum fault fault,
			 const char *message)
{
	struct frame_layout layout;
	struct error err = {0};

	cr_expect(fitness_check(&fit->core, &layout, &err) < 0);
	expect_contains(err.text, message);
	cr_expect(err.fault == fault);
}

Test(fitness, core_that_fits_is_taken)
{
	struct frame_layout layout;
	struct error err = {0};
	struct fit fit;

	make_fit(&fit);

	cr_expect(fitness_check(&fit.core, &layout, &err) == 0, "%s", err.text);
}

Test(fitness, register_sets_of_another_size_are_refused)
{
	uint32_t features[CORE_CPU_WORDS];
	struct fit fit;

	make_fit(&fit);
	cpu_read_features(features);
	if (!(cpu_read_xcr0(features) & 4))
		cr_skip("this processor has no AVX");
	fit.machine.used = 7;
	fit.machine.parts[2].size = 128;

	expect_unfit(
		&fit, FAULT_UNSUPPORTED,
		"its register set 2 takes 128 bytes, that of this CPU 256");
}

/* An image without AVX-512 runs also where there is none. */
Test(fitness, only_what_is_in_use_is_wanted)
{
	struct core_machine wanted = {.xcr0 = UINT64_MAX, .used = 3};
	struct core_machine offered = {.xcr0 = 3};
	struct error err = {0};

	cr_expect(fitness_compare(&wanted, &offered, &err) == 0);
}

Test(fitness, missing_folder_is_named)
{
	struct fit fit;

	make_fit(&fit);
	fit.core.names = "\0/nonexistent";
	fit.core.names_size = 14;
	expect_unfit(&fit, FAULT_SYSTEM,
		     "cannot change to its folder '/nonexistent': No such file "
		     "or directory");
}
