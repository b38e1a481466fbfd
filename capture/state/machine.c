/*
 * machine.c - the machine that a core was captured on, and what it needs of one
 */
#include "machine.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

enum {
	XSTATE_HEADER = 512, /* behind what FXSAVE stores */
};

/* The header of an XSAVE area begins with a bit for each set in use. */
static uint64_t used_sets(const struct threads *threads)
{
	uint64_t used = 0;

	for (size_t i = 0; i < threads->count; i++) {
		uint64_t one;

		memcpy(&one, threads->items[i].xstate + XSTATE_HEADER,
		       sizeof(one));
		used |= one;
	}
	return used;
}

struct core_machine machine_describe(const struct threads *threads,
				     enum cpu_level level)
{
	struct core_machine machine = {
		.used = used_sets(threads),
	};
	struct utsname names;

	cpu_read_features(machine.features);
	machine.xcr0 = cpu_read_xcr0(machine.features);
	if (level != CPU_LEVEL_NONE)
		cpu_limit_features(machine.features, level);
	cpu_read_parts(machine.xcr0, machine.parts);
	cpu_read_name(machine.cpu);
	if (uname(&names) == 0)
		snprintf(machine.kernel, sizeof(machine.kernel), "%s %s",
			 names.release, names.version);
	return machine;
}
