/*
 * witness.c - calls that leave no trace in /proc, seen when they are made
 */
#include "witness.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/kcmp.h>
#include <linux/membarrier.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/text.h"
#include "stat_line.h"

enum {
	OPERATIONS_MAX = 500, /* SEMOPM of the kernel */
	/* What glibc's allocator takes at the first malloc(3). */
	ALLOCATOR_BYTES = 8,
};

/* clang-format off */
const struct witness_call witness_calls[] = {
	{SYS_semop, -1, 0},
	{SYS_semtimedop, -1, 0},
	{SYS_getrandom, -1, 0},
	{SYS_getpid, -1, 0},
	{SYS_prctl, 0, PR_SET_NO_NEW_PRIVS},
	{SYS_membarrier, 0, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED},
	{SYS_rt_sigaction, 0, SIGTRAP},
	{SYS_inotify_add_watch, -1, 0},
	{SYS_setsockopt, 2, IP_ADD_MEMBERSHIP},
	{SYS_setsockopt, 2, IP_ADD_SOURCE_MEMBERSHIP},
	{SYS_setsockopt, 2, MCAST_JOIN_GROUP},
	{SYS_setsockopt, 2, MCAST_JOIN_SOURCE_GROUP},
	{SYS_setsockopt, 2, IPV6_JOIN_GROUP},
	{SYS_setsockopt, 2, IPV6_JOIN_ANYCAST},
	{SYS_setsockopt, 2, SO_ATTACH_REUSEPORT_CBPF},
	{SYS_setsockopt, 2, SO_ATTACH_REUSEPORT_EBPF},
	{SYS_fcntl, 1, F_NOTIFY},
	{-1, 0, 0},
};
/* clang-format on */

bool witness_counts_randomness(const uint64_t arguments[6])
{
	return arguments[1] != ALLOCATOR_BYTES || arguments[2] != GRND_NONBLOCK;
}

bool witness_wants(int64_t number, const uint64_t arguments[6])
{
	for (size_t i = 0; witness_calls[i].number >= 0; i++)
		if (witness_calls[i].number == number &&
		    (witness_calls[i].argument < 0 ||
		     (int)arguments[witness_calls[i].argument] ==
			     witness_calls[i].value))
			return true;
	return false;
}

static bool has_undo(const struct tracee *t, uint64_t address, uint64_t count)
{
	struct sembuf operations[OPERATIONS_MAX];
	struct error ignored = {0};

	if (count > OPERATIONS_MAX ||
	    tracee_read(t, address, operations, count * sizeof(*operations),
			&ignored) < 0)
		return false; /* so the call fails */
	for (uint64_t i = 0; i < count; i++)
		if (operations[i].sem_flg & SEM_UNDO)
			return true;
	return false;
}

/* The kernel's form; a null pointer only asks. */
static void see_trap(struct witness *witness, const struct tracee *t,
		     uint64_t address)
{
	struct {
		uint64_t handler;
		uint64_t flags;
		uint64_t restorer;
		uint64_t mask;
	} action;
	struct error ignored = {0};

	if (!address ||
	    tracee_read(t, address, &action, sizeof(action), &ignored) < 0)
		return;
	witness->has_trap = true;
	witness->trap = (struct core_signal){
		.handler = action.handler,
		.flags = action.flags,
		.restorer = action.restorer,
		.mask = action.mask,
	};
}

void witness_mend(const struct witness *witness,
		  struct core_signal signals[CORE_SIGNALS])
{
	struct core_signal *trap = &signals[SIGTRAP - 1];

	if (witness->has_trap && trap->handler == (uintptr_t)SIG_DFL)
		*trap = witness->trap;
}

/* The same number is another option on another level. */
static bool joins(int level, int option)
{
	static const int options[][2] = {
		{IPPROTO_IP, IP_ADD_MEMBERSHIP},
		{IPPROTO_IP, IP_ADD_SOURCE_MEMBERSHIP},
		{IPPROTO_IP, MCAST_JOIN_GROUP},
		{IPPROTO_IP, MCAST_JOIN_SOURCE_GROUP},
		{IPPROTO_IPV6, IPV6_JOIN_GROUP},
		{IPPROTO_IPV6, IPV6_JOIN_ANYCAST},
		{IPPROTO_IPV6, MCAST_JOIN_GROUP},
		{IPPROTO_IPV6, MCAST_JOIN_SOURCE_GROUP},
		{SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF},
		{SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (options[i][0] == level && options[i][1] == option)
			return true;
	return false;
}

void witness_see(struct witness *witness, const struct tracee *t,
		 const struct stop *stop)
{
	const uint64_t *a = stop->arguments;

	switch (stop->number) {
	case SYS_semop:
	case SYS_semtimedop:
		witness->semaphore_undo =
			witness->semaphore_undo || has_undo(t, a[1], a[2]);
		break;
	case SYS_prctl:
		witness->no_new_privs = true;
		break;
	case SYS_membarrier:
		witness->wants_barriers = true;
		break;
	case SYS_rt_sigaction:
		see_trap(witness, t, a[1]);
		break;
	case SYS_getpid:
		witness->pid_asked++;
		break;
	case SYS_fcntl:
		witness->notifies = true;
		break;
	case SYS_setsockopt:
		witness->joined_group |= joins((int)a[1], (int)a[2]);
		break;
	case SYS_inotify_add_watch:
		inotify_paths_see(&witness->watched, t, stop);
		break;
	case SYS_getrandom:
		if (witness_counts_randomness(a))
			witness->random_bytes += a[1];
		break;
	default:
		break;
	}
}

/* semctl(2): the fourth argument is the caller's to declare. */
union semaphore_argument {
	int value;
	struct semid_ds *status;
	struct seminfo *info;
};

static int64_t seconds_of(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec;
}

/* Seconds since the epoch, not more than it is; 0 if that is not known. */
static int64_t start_of(pid_t pid)
{
	const uint64_t ticks = (uint64_t)sysconf(_SC_CLK_TCK);
	cleanup_heap char *stat = NULL;
	const char *at = NULL;
	uint64_t start;

	if (io_read_filef(&stat, NULL, "/proc/%d/stat", pid) == 0)
		at = stat_field(stat, STAT_START_TIME);
	if (!at || !take_decimal(&at, &start))
		return 0;
	return seconds_of(CLOCK_REALTIME) - seconds_of(CLOCK_BOOTTIME) +
	       (int64_t)(start / ticks) - 1;
}

/* Whether a semaphore that we may look at was changed at @since or later. */
static bool are_semaphores_used(int64_t since)
{
	struct seminfo info;
	struct semid_ds status;
	int highest = semctl(0, 0, SEM_INFO,
			     (union semaphore_argument){.info = &info});

	for (int i = 0; i <= highest; i++)
		if (semctl(i, 0, SEM_STAT,
			   (union semaphore_argument){.status = &status}) >=
			    0 &&
		    status.sem_otime != 0 && status.sem_otime >= since)
			return true;
	return false;
}

/*
 * We have no list of operations to be undone, so who compares as equal has none
 * either.  A thread gets one with its first such operation, or when it makes
 * another thread (copy_semundo()), and what is in it nothing shows: of a service
 * with threads it is only told.
 */
static bool may_undo(const struct tracee *t, bool *ret_is_vague)
{
	cleanup_heap pid_t *tids = NULL;
	struct error ignored = {0};
	bool has_list = false;
	size_t count = 0;

	if (tracee_threads(t, &tids, &count, &ignored) < 0)
		return true;
	for (size_t i = 0; i < count; i++)
		has_list |= syscall(SYS_kcmp, getpid(), tids[i], KCMP_SYSVSEM,
				    0, 0) != 0;
	*ret_is_vague = count > 1;
	return has_list && are_semaphores_used(start_of(t->pid));
}

void witness_report(const struct witness *witness, bool was_there,
		    const struct tracee *t, struct audit *audit)
{
	bool is_vague = false;

	if (witness->semaphore_undo || (!was_there && may_undo(t, &is_vague))) {
		audit_add(audit, is_vague ? VERDICT_NOTED : VERDICT_REFUSED,
			  "semaphore",
			  "the service %s System V operations to be undone at "
			  "its end",
			  was_there ? "has" : "may have");
		audit_identify(audit, RESOURCE_SEMAPHORE, 0);
		if (!is_vague)
			audit_remedy(audit,
				     "Use SEM_UNDO after the ready point.");
	}
	if (witness->port_level) {
		audit_add(audit, VERDICT_REFUSED, "I/O ports",
			  "the service may use all of them (iopl)");
		audit_remedy(audit, "Ask for them after the ready point.");
	}
	if (witness->pid_asked) {
		audit_add(audit, VERDICT_NOTED, "process id",
			  "asked for %" PRIu64 " time%s; what was kept of it "
			  "is that of the capture",
			  witness->pid_asked,
			  witness->pid_asked == 1 ? "" : "s");
		audit_identify(audit, RESOURCE_PROCESS_ID, 0);
	}
	if (witness->random_bytes) {
		audit_add(audit, VERDICT_NOTED, "randomness",
			  "%" PRIu64 " bytes from getrandom(2); all restores "
			  "share what was made of them",
			  witness->random_bytes);
		audit_identify(audit, RESOURCE_RANDOMNESS, 0);
	}
}

void witness_deinit(struct witness *witness)
{
	inotify_paths_deinit(&witness->watched);
}

bool witness_is_random_device(const struct tracee *t, uint64_t path)
{
	static const char urandom[] = "/dev/urandom";
	static const char random[] = "/dev/random";
	char text[sizeof(urandom)] = "";

	tracee_read_part(t, path, text, sizeof(text));
	return memcmp(text, urandom, sizeof(urandom)) == 0 ||
	       memcmp(text, random, sizeof(random)) == 0;
}
