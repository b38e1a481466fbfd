/*
 * resource_calls.c - which system calls make something that outlives them
 */
#include "resource_calls.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447 /* since Linux 5.14 */
#endif

static const uint64_t int_bits = 0xffffffff;

/* clang-format off */
#define OPENS(number) {number, RESOURCE_DESCRIPTOR, PLACE_AT_RESULT}
#define COMMAND(command) .test = 1, .mask = int_bits, .value = (command)

const struct resource_call resource_calls[] = {
	OPENS(SYS_open), OPENS(SYS_openat), OPENS(SYS_openat2),
	OPENS(SYS_creat), OPENS(SYS_open_by_handle_at), OPENS(SYS_mq_open),
	OPENS(SYS_socket), OPENS(SYS_accept), OPENS(SYS_accept4),
	OPENS(SYS_eventfd), OPENS(SYS_eventfd2), OPENS(SYS_epoll_create),
	OPENS(SYS_epoll_create1), OPENS(SYS_timerfd_create),
	OPENS(SYS_signalfd), OPENS(SYS_signalfd4), OPENS(SYS_inotify_init),
	OPENS(SYS_inotify_init1), OPENS(SYS_fanotify_init),
	OPENS(SYS_memfd_create), OPENS(SYS_memfd_secret),
	OPENS(SYS_userfaultfd), OPENS(SYS_io_uring_setup),
	OPENS(SYS_pidfd_open), OPENS(SYS_pidfd_getfd),
	OPENS(SYS_perf_event_open), OPENS(SYS_bpf), OPENS(SYS_fsopen),
	OPENS(SYS_fsmount), OPENS(SYS_fspick), OPENS(SYS_open_tree),
	OPENS(SYS_landlock_create_ruleset),
	OPENS(SYS_dup), OPENS(SYS_dup2), OPENS(SYS_dup3),
	{SYS_fcntl, RESOURCE_DESCRIPTOR, PLACE_AT_RESULT, COMMAND(F_DUPFD)},
	{SYS_fcntl, RESOURCE_DESCRIPTOR, PLACE_AT_RESULT,
	 COMMAND(F_DUPFD_CLOEXEC)},
	{SYS_pipe, RESOURCE_DESCRIPTOR, PLACE_AT_PAIR, 0},
	{SYS_pipe2, RESOURCE_DESCRIPTOR, PLACE_AT_PAIR, 0},
	{SYS_socketpair, RESOURCE_DESCRIPTOR, PLACE_AT_PAIR, 3},
	{SYS_recvmsg, RESOURCE_DESCRIPTOR, PLACE_AT_MESSAGE, 1},
	{SYS_recvmmsg, RESOURCE_DESCRIPTOR, PLACE_AT_MESSAGES, 1},

	{SYS_flock, RESOURCE_LOCK, PLACE_AT_ARGUMENT, 0},
	{SYS_fcntl, RESOURCE_LOCK, PLACE_AT_ARGUMENT, 0, COMMAND(F_SETLK)},
	{SYS_fcntl, RESOURCE_LOCK, PLACE_AT_ARGUMENT, 0, COMMAND(F_SETLKW)},
	{SYS_fcntl, RESOURCE_LOCK, PLACE_AT_ARGUMENT, 0, COMMAND(F_OFD_SETLK)},
	{SYS_fcntl, RESOURCE_LOCK, PLACE_AT_ARGUMENT, 0,
	 COMMAND(F_OFD_SETLKW)},
	{SYS_fcntl, RESOURCE_LOCK, PLACE_AT_ARGUMENT, 0, COMMAND(F_SETLEASE)},

	{SYS_mmap, RESOURCE_MAPPING, PLACE_AT_RESULT, 0,
	 .test = 3, .mask = MAP_SHARED, .value = MAP_SHARED},
	{SYS_shmat, RESOURCE_MAPPING, PLACE_AT_RESULT},
	{SYS_io_setup, RESOURCE_MAPPING, PLACE_AT_INT, 1},

	{SYS_timer_create, RESOURCE_TIMER, PLACE_AT_INT, 2},

	{SYS_getrandom, RESOURCE_RANDOMNESS, PLACE_AT_NOTHING},
	{SYS_semop, RESOURCE_SEMAPHORE, PLACE_AT_NOTHING},
	{SYS_semtimedop, RESOURCE_SEMAPHORE, PLACE_AT_NOTHING},
};
/* clang-format on */

const size_t resource_call_count =
	sizeof(resource_calls) / sizeof(*resource_calls);

const struct resource_call *resource_call_find(int64_t number,
					       const uint64_t arguments[6])
{
	for (size_t i = 0; i < resource_call_count; i++) {
		const struct resource_call *call = &resource_calls[i];

		if (call->number == number &&
		    (arguments[call->test] & call->mask) == call->value)
			return call;
	}
	return NULL;
}

bool resource_call_closes(int64_t number, const uint64_t arguments[6], int fd)
{
	switch (number) {
	case SYS_close:
		return (int)arguments[0] == fd;
	case SYS_dup2:
	case SYS_dup3:
		return (int)arguments[1] == fd;
	case SYS_close_range:
		return (unsigned int)arguments[0] <= (unsigned int)fd &&
		       (unsigned int)arguments[1] >= (unsigned int)fd;
	default:
		return false;
	}
}
