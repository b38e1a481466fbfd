/*
 * fitness.c - whether this machine can run what the core holds
 */
#include "fitness.h"

#include <cpuid.h>
#include <errno.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/attribute.h"
#include "common/cpu.h"

int fitness_compare(const struct core_machine *wanted,
		    const struct core_machine *offered, struct error *err)
{
	const char *missing = cpu_missing_state(wanted->xcr0, offered->xcr0);

	if (missing)
		return error_set(err, FAULT_UNSUPPORTED,
				 "it uses %s state, this CPU has none",
				 missing);
	missing = cpu_missing_feature(wanted->features, offered->features);
	if (missing)
		return error_set(err, FAULT_UNSUPPORTED,
				 "its libraries were chosen for a CPU with %s, "
				 "this one has none",
				 missing);
	return 0;
}

/* The layout of XSAVE areas differs between makers, not only their contents. */
static int check_xstate(const struct core *core, struct error *err)
{
	uint32_t a, size, c, d;

	__cpuid_count(0xd, 0, a, size, c, d);
	for (size_t i = 0; i < core->thread_count; i++)
		if (core->threads[i].xstate_size != size)
			return error_set(err, FAULT_UNSUPPORTED,
					 "its register sets take %u bytes, "
					 "those of this CPU %u",
					 core->threads[i].xstate_size, size);
	return 0;
}

static int check_folder(const struct core *core, struct error *err)
{
	for (size_t i = 0; i < core->attribute_count; i++) {
		const struct core_attribute *a = &core->attributes[i];

		if (a->id != ATTRIBUTE_WORKING_FOLDER)
			continue;
		if (access(core->names + a->value, X_OK) < 0)
			return error_system(err, errno,
					    "cannot change to its folder '%s'",
					    core->names + a->value);
	}
	return 0;
}

/* Its code is mapped from the core, which the kernel then refuses. */
static int check_mount(const struct core *core, struct error *err)
{
	struct statvfs status;

	if (fstatvfs(core->fd, &status) < 0 || !(status.f_flag & ST_NOEXEC))
		return 0;
	error_set(err, FAULT_UNSUPPORTED,
		  "it lies on a file system that is mounted noexec");
	error_hint(err, "Copy the core to another one.");
	return -err->code;
}

int fitness_check(const struct core *core, struct error *err)
{
	struct core_machine here = {.xcr0 = cpu_read_xcr0()};
	int r;

	cpu_read_features(here.features);
	r = fitness_compare(core->machine, &here, err);
	if (r == 0)
		r = check_xstate(core, err);
	if (r == 0)
		r = check_mount(core, err);
	if (r == 0)
		r = check_folder(core, err);
	return r;
}
