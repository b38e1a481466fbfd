/*
 * fitness.c - whether this machine can run what the core holds
 */
#include "fitness.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/attribute.h"
#include "common/cpu.h"
#include "plan.h"

enum {
	GUARD_INSTALL = 102, /* MADV_GUARD_INSTALL */
	MSEAL = 462,
	DROPPABLE = 0x08,	/* MAP_DROPPABLE, Linux 6.11 */
	KEY_RIGHTS = 1 << 9,	/* PKRU in XCR0 */
	TIMER_ID_MAX = 1 << 14, /* two calls for each take a few milliseconds */
};

/*
 * The kernel has the register of protection keys in use in every process.  No
 * image has memory with a key, so it does without where there are none.
 */
static uint64_t needed_sets(const struct core_machine *wanted,
			    const struct core_machine *offered)
{
	return wanted->used & ~(KEY_RIGHTS & ~offered->xcr0);
}

int fitness_compare(const struct core_machine *wanted,
		    const struct core_machine *offered, struct error *err)
{
	const uint64_t needed = needed_sets(wanted, offered);
	const char *missing = cpu_missing_state(needed, offered->xcr0);

	if (missing)
		return error_set(err, FAULT_UNSUPPORTED,
				 "it uses %s state, this CPU has none",
				 missing);
	missing = cpu_missing_feature(wanted->features, offered->features);
	if (missing) {
		error_set(err, FAULT_UNSUPPORTED,
			  "its libraries were chosen for a CPU with %s, this "
			  "one has none",
			  missing);
		error_hint(err, "Capture it with --cpu=LEVEL for the weakest "
				"CPU that is to run it.");
		return -err->code;
	}
	for (size_t i = 2; i < CORE_XSTATE_PARTS; i++)
		if (needed >> i & 1 &&
		    wanted->parts[i].size != offered->parts[i].size)
			return error_set(err, FAULT_UNSUPPORTED,
					 "its register set %zu takes %u bytes, "
					 "that of this CPU %u",
					 i, wanted->parts[i].size,
					 offered->parts[i].size);
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

/* Whether the kernel knows MADV_GUARD_INSTALL, tried on a page of ours. */
static bool has_guards(void)
{
	void *page = mmap(NULL, CORE_PAGE_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool has = page != MAP_FAILED &&
		   madvise(page, CORE_PAGE_SIZE, GUARD_INSTALL) == 0;

	if (page != MAP_FAILED)
		munmap(page, CORE_PAGE_SIZE);
	return has;
}

/* mseal(2) of nothing succeeds wherever there is one. */
static bool has_seals(void)
{
	return syscall(MSEAL, 0, 0, 0) == 0;
}

/* Without its flag a kernel refuses what is neither private nor shared. */
static bool has_droppable(void)
{
	void *page = mmap(NULL, CORE_PAGE_SIZE, PROT_READ | PROT_WRITE,
			  DROPPABLE | MAP_ANONYMOUS, -1, 0);

	if (page != MAP_FAILED)
		munmap(page, CORE_PAGE_SIZE);
	return page != MAP_FAILED;
}

static uint64_t sum_flagged(const struct core *core, uint32_t flag)
{
	uint64_t size = 0;

	for (size_t i = 0; i < core->mapping_count; i++)
		if (core->mappings[i].flags & flag)
			size += core->mappings[i].end - core->mappings[i].start;
	return size;
}

/* With CAP_IPC_LOCK there is no limit; who has it is mostly root. */
static int check_locks(const struct core *core, struct error *err)
{
	const uint64_t wanted = sum_flagged(core, CORE_MAP_LOCKED);
	struct rlimit limit;

	if (wanted == 0 || geteuid() == 0 ||
	    getrlimit(RLIMIT_MEMLOCK, &limit) < 0 || wanted <= limit.rlim_cur)
		return 0;
	error_set(err, FAULT_UNSUPPORTED,
		  "it has %" PRIu64 " KiB of locked memory, the limit here is "
		  "%" PRIu64 " KiB",
		  wanted >> 10, (uint64_t)limit.rlim_cur >> 10);
	error_hint(err, "ulimit -l raises the limit.");
	return -err->code;
}

static int check_memory(const struct core *core, struct error *err)
{
	if (core->guard_count > 0 && !has_guards())
		return error_set(err, FAULT_UNSUPPORTED,
				 "it has guard regions, which this kernel does "
				 "not know (Linux 6.13)");
	if (sum_flagged(core, CORE_MAP_SEALED) > 0 && !has_seals())
		return error_set(err, FAULT_UNSUPPORTED,
				 "it has sealed memory, which this kernel does "
				 "not know (Linux 6.10)");
	if (sum_flagged(core, CORE_MAP_DROPPABLE) > 0 && !has_droppable())
		return error_set(
			err, FAULT_UNSUPPORTED,
			"it has memory that may be dropped, which this "
			"kernel does not know (Linux 6.11)");
	return check_locks(core, err);
}

/* Before Linux 6.15 the ids before the wanted one have to be used up. */
static int check_timers(const struct core *core, struct error *err)
{
	const struct core_timer *last;

	if (core->timer_count == 0 || plan_can_choose_timer_ids())
		return 0;
	last = &core->timers[core->timer_count - 1];
	if (last->kind != CORE_TIMER_POSIX || last->id <= TIMER_ID_MAX)
		return 0;
	error_set(
		err, FAULT_UNSUPPORTED,
		"it has a timer with the id %d, which this kernel cannot give",
		last->id);
	error_hint(err, "Linux 6.15 and newer can.");
	return -err->code;
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

int fitness_check(const struct core *core, struct frame_layout *ret_layout,
		  struct error *err)
{
	struct core_machine here = {0};
	int r;

	cpu_read_features(here.features);
	here.xcr0 = cpu_read_xcr0(here.features);
	cpu_read_parts(core->machine->used & here.xcr0, here.parts);
	ret_layout->xcr0 = here.xcr0;
	memcpy(ret_layout->parts, here.parts, sizeof(here.parts));
	r = fitness_compare(core->machine, &here, err);
	if (r == 0)
		r = check_memory(core, err);
	if (r == 0)
		r = check_timers(core, err);
	if (r == 0)
		r = check_mount(core, err);
	if (r == 0)
		r = check_folder(core, err);
	if (r == 0)
		r = plan_try(core, err);
	return r;
}
