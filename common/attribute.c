/*
 * attribute.c - what a process can set about itself with one system call
 */
#include "attribute.h"

#include <stddef.h>
#include <sys/resource.h>
#include <sys/syscall.h>

/* linux/prctl.h and asm/prctl.h, some newer than the headers of Debian 12. */
enum {
	GET_DUMPABLE = 3,
	SET_DUMPABLE = 4,
	SET_PDEATHSIG = 1,
	GET_PDEATHSIG = 2,
	GET_KEEPCAPS = 7,
	SET_KEEPCAPS = 8,
	GET_TIMING = 13,
	GET_TSC = 25,
	SET_TSC = 26,
	GET_SECUREBITS = 27,
	SET_TIMERSLACK = 29,
	GET_TIMERSLACK = 30,
	MCE_KILL = 33,
	MCE_KILL_SET = 1,
	MCE_KILL_GET = 34,
	SET_CHILD_SUBREAPER = 36,
	GET_CHILD_SUBREAPER = 37,
	SET_NO_NEW_PRIVS = 38,
	GET_NO_NEW_PRIVS = 39,
	SET_THP_DISABLE = 41,
	GET_THP_DISABLE = 42,
	GET_SPECULATION_CTRL = 52,
	SET_SPECULATION_CTRL = 53,
	SET_IO_FLUSHER = 57,
	GET_IO_FLUSHER = 58,
	SET_MDWE = 65,
	GET_MDWE = 66,
	SET_MEMORY_MERGE = 67,
	GET_MEMORY_MERGE = 68,
	SCHED_CORE = 62, /* its first command is to get a cookie */
	TIMER_IDS = 77,
	TIMER_IDS_GET = 2,
	ARCH_GET_CPUID_FAULTING = 0x1011,
	ARCH_GET_XCOMP_PERMITTED = 0x1022,
	ARCH_GET_UNTAG_MASK = 0x4001,
	ARCH_SHSTK_FEATURES = 0x5005,
	MEMBARRIER_REGISTRATIONS = 1 << 9,
};

#define PRCTL_RESULT(option) \
	.place = PLACE_RESULT, .get_number = SYS_prctl, .get = {option}
#define PRCTL_INT(option)                                          \
	.place = PLACE_INT, .pointer = 1, .get_number = SYS_prctl, \
	.get = {option}
#define PRCTL_SET(option) .set_number = SYS_prctl, .set = {option}, .value = 1
#define ARCH_LONG(option)                                                \
	.place = PLACE_LONG, .pointer = 1, .get_number = SYS_arch_prctl, \
	.get = {option}
/* What is set is what was read, less the bit that says that it may be. */
#define SPECULATION(which)                                             \
	.place = PLACE_RESULT, .get_number = SYS_prctl,                \
	.get = {GET_SPECULATION_CTRL, which}, .set_number = SYS_prctl, \
	.set = {SET_SPECULATION_CTRL, which}, .value = 2, .of_thread = true
/* By linux/keyctl.h; one that is not there is not made (ENOKEY). */
#define KEYRING(which)                                   \
	.place = PLACE_RESULT, .get_number = SYS_keyctl, \
	.get = {0, (uint64_t)(which)}, .of_thread = true
#define OF_THREAD .of_thread = true

static const struct attribute attributes[ATTRIBUTE_FIXED_COUNT] = {
	[ATTRIBUTE_DUMPABLE] = {"dumpable flag", PRCTL_RESULT(GET_DUMPABLE),
				PRCTL_SET(SET_DUMPABLE), .once = true},
	[ATTRIBUTE_PARENT_DEATH_SIGNAL] = {"parent death signal",
					   PRCTL_INT(GET_PDEATHSIG),
					   PRCTL_SET(SET_PDEATHSIG), OF_THREAD},
	[ATTRIBUTE_KEEP_CAPS] = {"keep-capabilities flag",
				 PRCTL_RESULT(GET_KEEPCAPS),
				 PRCTL_SET(SET_KEEPCAPS), OF_THREAD},
	[ATTRIBUTE_TIMING] = {"process timing method",
			      PRCTL_RESULT(GET_TIMING)},
	[ATTRIBUTE_TSC] = {"access to the time stamp counter",
			   PRCTL_INT(GET_TSC), PRCTL_SET(SET_TSC), OF_THREAD},
	[ATTRIBUTE_SECUREBITS] = {"secure bits", PRCTL_RESULT(GET_SECUREBITS),
				  OF_THREAD},
	[ATTRIBUTE_TIMER_SLACK] = {"timer slack", PRCTL_RESULT(GET_TIMERSLACK),
				   PRCTL_SET(SET_TIMERSLACK), OF_THREAD},
	[ATTRIBUTE_MCE_KILL] = {"machine check policy",
				PRCTL_RESULT(MCE_KILL_GET),
				.set_number = SYS_prctl,
				.set = {MCE_KILL, MCE_KILL_SET}, .value = 2,
				OF_THREAD},
	[ATTRIBUTE_SUBREAPER] = {"child subreaper flag",
				 PRCTL_INT(GET_CHILD_SUBREAPER),
				 PRCTL_SET(SET_CHILD_SUBREAPER)},
	[ATTRIBUTE_THP_DISABLE] = {"transparent huge page switch",
				   PRCTL_RESULT(GET_THP_DISABLE),
				   PRCTL_SET(SET_THP_DISABLE)},
	[ATTRIBUTE_SPECULATION_STORE] = {"store bypass mitigation",
					 SPECULATION(0)},
	[ATTRIBUTE_SPECULATION_BRANCH] = {"indirect branch mitigation",
					  SPECULATION(1)},
	[ATTRIBUTE_IO_FLUSHER] = {"I/O flusher flag",
				  PRCTL_RESULT(GET_IO_FLUSHER),
				  PRCTL_SET(SET_IO_FLUSHER), OF_THREAD},
	[ATTRIBUTE_MEMORY_MERGE] = {"memory merge flag",
				    PRCTL_RESULT(GET_MEMORY_MERGE),
				    PRCTL_SET(SET_MEMORY_MERGE)},
	[ATTRIBUTE_CPUID] = {"permission to execute cpuid",
			     .place = PLACE_RESULT,
			     .get_number = SYS_arch_prctl,
			     .get = {ARCH_GET_CPUID_FAULTING}, OF_THREAD},
	[ATTRIBUTE_TAGGED_ADDRESSES] = {"linear address masking",
					ARCH_LONG(ARCH_GET_UNTAG_MASK)},
	[ATTRIBUTE_SHADOW_STACK] = {"shadow stack",
				    ARCH_LONG(ARCH_SHSTK_FEATURES), OF_THREAD},
	[ATTRIBUTE_XCOMP_PERMISSION] = {"permission for large register sets",
					ARCH_LONG(ARCH_GET_XCOMP_PERMITTED)},
	/* Set one command at a time, by whoever makes the calls. */
	[ATTRIBUTE_MEMBARRIER] = {"membarrier registration",
				  .place = PLACE_RESULT,
				  .get_number = SYS_membarrier,
				  .get = {MEMBARRIER_REGISTRATIONS}},
	/* Nothing to read gives 0; anything else, EFAULT for want of room. */
	[ATTRIBUTE_DESCRIPTOR_TABLE] = {"local descriptor table",
					.place = PLACE_RESULT,
					.get_number = SYS_modify_ldt,
					.get = {0, 0, 8}},
	[ATTRIBUTE_IO_PRIORITY] = {"I/O priority", .place = PLACE_RESULT,
				   .get_number = SYS_ioprio_get, .get = {1, 0},
				   .set_number = SYS_ioprio_set, .set = {1, 0},
				   .value = 2, OF_THREAD},
	[ATTRIBUTE_PERSONALITY] = {"personality", .place = PLACE_RESULT,
				   .get_number = SYS_personality,
				   .get = {0xffffffff},
				   .set_number = SYS_personality, .value = 0,
				   OF_THREAD},
	[ATTRIBUTE_UMASK] = {"umask", .place = PLACE_NOWHERE,
			     .set_number = SYS_umask, .value = 0},
	[ATTRIBUTE_LOCK_FUTURE] = {"lock of future memory",
				   .place = PLACE_NOWHERE,
				   .set_number = SYS_mlockall, .value = 0,
				   .once = true},
	[ATTRIBUTE_NO_NEW_PRIVS] = {"no_new_privs flag",
				    PRCTL_RESULT(GET_NO_NEW_PRIVS),
				    PRCTL_SET(SET_NO_NEW_PRIVS), OF_THREAD,
				    .once = true},
	[ATTRIBUTE_MDWE] = {"refusal of writable code", PRCTL_RESULT(GET_MDWE),
			    PRCTL_SET(SET_MDWE), .once = true},
	[ATTRIBUTE_THREAD_KEYRING] = {"thread keyring", KEYRING(-1)},
	[ATTRIBUTE_PROCESS_KEYRING] = {"process keyring", KEYRING(-2)},
	[ATTRIBUTE_SESSION_KEYRING] = {"session keyring", KEYRING(-3)},
	[ATTRIBUTE_SCHEDULING_COOKIE] = {"core scheduling cookie",
					 .place = PLACE_LONG, .pointer = 4,
					 .get_number = SYS_prctl,
					 .get = {SCHED_CORE}, OF_THREAD},
	/* Late, as timers are made with ids, and that is switched off. */
	[ATTRIBUTE_TIMER_IDS] = {"choice of timer ids", .place = PLACE_RESULT,
				 .get_number = SYS_prctl,
				 .get = {TIMER_IDS, TIMER_IDS_GET},
				 PRCTL_SET(TIMER_IDS), .once = true},
};

static const char *const limit_names[][2] = {
	{"soft limit on CPU time", "hard limit on CPU time"},
	{"soft limit on file size", "hard limit on file size"},
	{"soft limit on data", "hard limit on data"},
	{"soft limit on the stack", "hard limit on the stack"},
	{"soft limit on core files", "hard limit on core files"},
	{"soft limit on resident memory", "hard limit on resident memory"},
	{"soft limit on processes", "hard limit on processes"},
	{"soft limit on open files", "hard limit on open files"},
	{"soft limit on locked memory", "hard limit on locked memory"},
	{"soft limit on address space", "hard limit on address space"},
	{"soft limit on file locks", "hard limit on file locks"},
	{"soft limit on pending signals", "hard limit on pending signals"},
	{"soft limit on message queues", "hard limit on message queues"},
	{"soft limit on niceness", "hard limit on niceness"},
	{"soft limit on real-time priority",
	 "hard limit on real-time priority"},
	{"soft limit on real-time run time",
	 "hard limit on real-time run time"},
};

static_assert(sizeof(limit_names) / sizeof(*limit_names) == RLIM_NLIMITS,
	      "a name for each limit");

const struct attribute *attribute_find(uint32_t id)
{
	if (id == ATTRIBUTE_NONE || id >= ATTRIBUTE_FIXED_COUNT)
		return NULL;
	return &attributes[id];
}

const char *attribute_name(uint32_t id)
{
	static const char *const streams[] = {
		"flags of standard input",
		"flags of standard output",
		"flags of standard error",
	};
	static const char *const closing[] = {
		"close-on-exec flag of standard input",
		"close-on-exec flag of standard output",
		"close-on-exec flag of standard error",
	};
	const struct attribute *a = attribute_find(id);

	if (a)
		return a->name;
	if (id >= ATTRIBUTE_LIMIT_SOFT &&
	    id < ATTRIBUTE_LIMIT_SOFT + RLIM_NLIMITS)
		return limit_names[id - ATTRIBUTE_LIMIT_SOFT][0];
	if (id >= ATTRIBUTE_LIMIT_HARD &&
	    id < ATTRIBUTE_LIMIT_HARD + RLIM_NLIMITS)
		return limit_names[id - ATTRIBUTE_LIMIT_HARD][1];
	if (id >= ATTRIBUTE_STREAM_FLAGS && id < ATTRIBUTE_STREAM_FLAGS + 3)
		return streams[id - ATTRIBUTE_STREAM_FLAGS];
	if (id >= ATTRIBUTE_STREAM_CLOSES && id < ATTRIBUTE_STREAM_CLOSES + 3)
		return closing[id - ATTRIBUTE_STREAM_CLOSES];
	if (id == ATTRIBUTE_WORKING_FOLDER)
		return "working folder";
	if (id == ATTRIBUTE_CORE_FILTER)
		return "core dump filter";
	if (id == ATTRIBUTE_OOM_ADJUST)
		return "OOM score";
	if (id >= ATTRIBUTE_SCHEDULING &&
	    id < ATTRIBUTE_SCHEDULING + SCHEDULING_WORDS)
		return "scheduling";
	if (id == ATTRIBUTE_MEMORY_POLICY || id == ATTRIBUTE_MEMORY_POLICY + 1)
		return "memory policy";
	if (id >= ATTRIBUTE_CPUS && id < ATTRIBUTE_CPUS + CPU_MASK_WORDS)
		return "CPU affinity";
	if (id >= ATTRIBUTE_TERMINAL &&
	    id < ATTRIBUTE_TERMINAL + TERMINAL_WORDS)
		return "settings of the terminal";
	return "unknown attribute";
}

/* The row, if it is read with a call and of the kind that is asked for. */
static const struct attribute *find_readable(uint32_t id, bool of_thread)
{
	const struct attribute *a = attribute_find(id);

	if (!a || a->place == PLACE_NOWHERE || a->of_thread != of_thread)
		return NULL;
	return a;
}

bool attribute_is_read(uint32_t id, bool of_thread)
{
	return find_readable(id, of_thread) != NULL;
}

struct call attribute_question(uint32_t id, bool of_thread, uint64_t answer)
{
	const struct attribute *a = find_readable(id, of_thread);
	struct call call = CALL_TRY(a ? a->get_number : SYS_getpid);

	for (int i = 0; a && i < CALL_ARGUMENTS; i++)
		call.arguments[i] = a->get[i];
	if (a && (a->place == PLACE_INT || a->place == PLACE_LONG))
		call.arguments[a->pointer] = answer;
	return call;
}

int64_t attribute_answer(uint32_t id, bool of_thread, const struct call *call,
			 uint64_t answer)
{
	const struct attribute *a = find_readable(id, of_thread);

	if (!a)
		return 0;
	/* modify_ldt(2) leaves the upper half of an error as it is. */
	if (call->result < 0 || a->place == PLACE_RESULT)
		return (int32_t)call->result;
	if (a->place == PLACE_INT)
		return (int32_t)answer;
	return (int64_t)answer;
}

struct call attribute_set(const struct attribute *a, uint64_t value)
{
	struct call call = CALL_MUST(a->set_number);

	for (int i = 0; i < CALL_ARGUMENTS; i++)
		call.arguments[i] = a->set[i];
	call.arguments[a->value] = value;
	return call;
}
