/*
 * resource_calls.c - which system calls make something that outlives them
 */
#include "resource_calls.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/close_range.h>
#include <linux/kvm.h>
#include <linux/nsfs.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447 /* since Linux 5.14 */
#endif

static const uint64_t int_bits = 0xffffffff;

/* clang-format off */
#define OPENS(number) {number, RESOURCE_DESCRIPTOR, PLACE_AT_RESULT}
#define COMMAND(command) .test = 1, .mask = int_bits, .value = (command)
#define CONTROLS(request) \
	{SYS_ioctl, RESOURCE_DESCRIPTOR, PLACE_AT_RESULT, COMMAND(request)}
#define LOADS(command) \
	{SYS_bpf, RESOURCE_DESCRIPTOR, PLACE_AT_RESULT, 0, 0, int_bits, command}
/* With a descriptor it only changes what that is for. */
#define RECEIVES_SIGNALS(number) \
	{number, RESOURCE_DESCRIPTOR, PLACE_AT_RESULT, 0, 0, int_bits, int_bits}

const struct resource_call resource_calls[] = {
	OPENS(SYS_open), OPENS(SYS_openat), OPENS(SYS_openat2),
	OPENS(SYS_creat), OPENS(SYS_open_by_handle_at), OPENS(SYS_mq_open),
	OPENS(SYS_socket), OPENS(SYS_accept), OPENS(SYS_accept4),
	OPENS(SYS_eventfd), OPENS(SYS_eventfd2), OPENS(SYS_epoll_create),
	OPENS(SYS_epoll_create1), OPENS(SYS_timerfd_create),
	RECEIVES_SIGNALS(SYS_signalfd), RECEIVES_SIGNALS(SYS_signalfd4),
	OPENS(SYS_inotify_init), OPENS(SYS_inotify_init1),
	OPENS(SYS_fanotify_init),
	OPENS(SYS_memfd_create), OPENS(SYS_memfd_secret),
	OPENS(SYS_userfaultfd), OPENS(SYS_io_uring_setup),
	OPENS(SYS_pidfd_open), OPENS(SYS_pidfd_getfd),
	OPENS(SYS_perf_event_open), OPENS(SYS_fsopen),
	OPENS(SYS_fsmount), OPENS(SYS_fspick), OPENS(SYS_open_tree),
	OPENS(SYS_landlock_create_ruleset),
	LOADS(BPF_MAP_CREATE), LOADS(BPF_PROG_LOAD), LOADS(BPF_OBJ_GET),
	LOADS(BPF_PROG_GET_FD_BY_ID), LOADS(BPF_MAP_GET_FD_BY_ID),
	LOADS(BPF_RAW_TRACEPOINT_OPEN), LOADS(BPF_BTF_LOAD),
	LOADS(BPF_BTF_GET_FD_BY_ID), LOADS(BPF_LINK_CREATE),
	LOADS(BPF_LINK_GET_FD_BY_ID), LOADS(BPF_ENABLE_STATS),
	LOADS(BPF_ITER_CREATE),
	CONTROLS(TIOCGPTPEER), CONTROLS(KVM_CREATE_VM),
	CONTROLS(KVM_CREATE_VCPU), CONTROLS(NS_GET_USERNS),
	CONTROLS(NS_GET_PARENT),
	{SYS_seccomp, RESOURCE_DESCRIPTOR, PLACE_AT_RESULT, 0,
	 .test = 1, .mask = SECCOMP_FILTER_FLAG_NEW_LISTENER,
	 .value = SECCOMP_FILTER_FLAG_NEW_LISTENER},
	OPENS(SYS_dup), OPENS(SYS_dup2), OPENS(SYS_dup3),
	{SYS_fcntl, RESOURCE_DESCRIPTOR, PLACE_AT_RESULT, COMMAND(F_DUPFD)},
	{SYS_fcntl, RESOURCE_DESCRIPTOR, PLACE_AT_RESULT,
	 COMMAND(F_DUPFD_CLOEXEC)},
	{SYS_pipe, RESOURCE_DESCRIPTOR, PLACE_AT_PAIR, 0},
	{SYS_pipe2, RESOURCE_DESCRIPTOR, PLACE_AT_PAIR, 0},
	{SYS_socketpair, RESOURCE_DESCRIPTOR, PLACE_AT_PAIR, 3},
	{SYS_recvmsg, RESOURCE_DESCRIPTOR, PLACE_AT_MESSAGE, 1},
	{SYS_recvmmsg, RESOURCE_DESCRIPTOR, PLACE_AT_MESSAGES, 1},

	{SYS_flock, RESOURCE_LOCK, PLACE_AT_ARGUMENT, 0,
	 .test = 1, .mask = LOCK_UN, .value = 0},
	{SYS_fcntl, RESOURCE_LOCK, PLACE_AT_ARGUMENT, 0, COMMAND(F_SETLK)},
	{SYS_fcntl, RESOURCE_LOCK, PLACE_AT_ARGUMENT, 0, COMMAND(F_SETLKW)},
	{SYS_fcntl, RESOURCE_LOCK, PLACE_AT_ARGUMENT, 0, COMMAND(F_OFD_SETLK)},
	{SYS_fcntl, RESOURCE_LOCK, PLACE_AT_ARGUMENT, 0,
	 COMMAND(F_OFD_SETLKW)},
	{SYS_fcntl, RESOURCE_LOCK, PLACE_AT_ARGUMENT, 0, COMMAND(F_SETLEASE)},

	{SYS_mmap, RESOURCE_MAPPING, PLACE_AT_RESULT, 0,
	 .test = 3, .mask = MAP_SHARED, .value = MAP_SHARED},
	{SYS_shmat, RESOURCE_MAPPING, PLACE_AT_RESULT},
	{SYS_io_setup, RESOURCE_MAPPING, PLACE_AT_LONG, 1},

	{SYS_timer_create, RESOURCE_TIMER, PLACE_AT_INT, 2},

	{SYS_clone, RESOURCE_DESCRIPTOR, PLACE_AT_INT, 2,
	 .test = 0, .mask = CLONE_PIDFD, .value = CLONE_PIDFD},

	{SYS_getrandom, RESOURCE_RANDOMNESS, PLACE_AT_NOTHING},
	{SYS_getpid, RESOURCE_PROCESS_ID, PLACE_AT_NOTHING},
	{SYS_semop, RESOURCE_SEMAPHORE, PLACE_AT_NOTHING},
	{SYS_semtimedop, RESOURCE_SEMAPHORE, PLACE_AT_NOTHING},
};
/* clang-format on */

const size_t resource_call_count =
	sizeof(resource_calls) / sizeof(*resource_calls);

static bool fits(const struct resource_call *call, int64_t number,
		 const uint64_t arguments[6])
{
	return call->number == number &&
	       (arguments[call->test] & call->mask) == call->value;
}

const struct resource_call *resource_call_find(int64_t number,
					       const uint64_t arguments[6])
{
	for (size_t i = 0; i < resource_call_count; i++)
		if (fits(&resource_calls[i], number, arguments))
			return &resource_calls[i];
	return NULL;
}

bool resource_call_closes(int64_t number, const uint64_t arguments[6], int fd)
{
	switch (number) {
	case SYS_close:
		return (int)arguments[0] == fd;
	case SYS_dup2:
	case SYS_dup3:
		return (int)arguments[1] == fd && (int)arguments[0] != fd;
	case SYS_close_range:
		return (unsigned int)arguments[0] <= (unsigned int)fd &&
		       (unsigned int)arguments[1] >= (unsigned int)fd &&
		       !(arguments[2] & CLOSE_RANGE_CLOEXEC);
	default:
		return false;
	}
}

bool resource_call_copies(int64_t number, const uint64_t arguments[6])
{
	switch (number) {
	case SYS_dup:
	case SYS_dup2:
	case SYS_dup3:
		return true;
	case SYS_fcntl:
		return (int)arguments[1] == F_DUPFD ||
		       (int)arguments[1] == F_DUPFD_CLOEXEC;
	default:
		return false;
	}
}
