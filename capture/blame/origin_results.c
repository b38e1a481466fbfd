/*
 * origin_results.c - what a call has made, which it says in many ways
 */
#include "origin_results.h"

#include <fcntl.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capture/state/witness.h"
#include "origin_list.h"

enum {
	CONTROL_MAX = 4096,  /* bytes of control data; SCM_MAX_FD needs 1028 */
	MESSAGES_MAX = 1024, /* UIO_MAXIOV, which the kernel cuts at, too */
	/* linux/io_uring.h: IORING_SETUP_REGISTERED_FD_ONLY, Linux 6.5 */
	RING_REGISTERED = 1 << 15,
};

/* What is being taken. */
struct results {
	struct origins *origins;
	const struct tracee *tracee;
	struct origin *pending;
};

static bool read_memory(const struct results *results, uint64_t address,
			void *bytes, size_t size)
{
	struct error ignored = {0};

	return tracee_read(results->tracee, address, bytes, size, &ignored) ==
	       0;
}

static void keep(const struct results *results, enum resource_kind kind,
		 int64_t id)
{
	origins_keep(results->origins, results->pending, kind, id);
}

static void keep_ints(const struct results *results, enum resource_kind kind,
		      uint64_t address, size_t count)
{
	int ids[2];

	if (!read_memory(results, address, ids, count * sizeof(*ids)))
		return;
	for (size_t i = 0; i < count; i++)
		keep(results, kind, ids[i]);
}

static void keep_long(const struct results *results, enum resource_kind kind,
		      uint64_t address)
{
	int64_t id;

	if (read_memory(results, address, &id, sizeof(id)))
		keep(results, kind, id);
}

/* The first two members of struct clone_args, which have been there always. */
static void keep_pidfd(const struct results *results, uint64_t address)
{
	struct {
		uint64_t flags;
		uint64_t pidfd;
	} arguments;

	if (read_memory(results, address, &arguments, sizeof(arguments)) &&
	    arguments.flags & CLONE_PIDFD)
		keep_ints(results, RESOURCE_DESCRIPTOR, arguments.pidfd, 1);
}

/* Descriptors that came with a message, as the kernel has laid them out. */
static void keep_message(const struct results *results, uint64_t address)
{
	_Alignas(struct cmsghdr) char control[CONTROL_MAX];
	struct msghdr message;

	if (!read_memory(results, address, &message, sizeof(message)) ||
	    message.msg_controllen > sizeof(control) ||
	    !read_memory(results, (uintptr_t)message.msg_control, control,
			 message.msg_controllen))
		return;
	message.msg_control = control;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c;
	     c = CMSG_NXTHDR(&message, c)) {
		const size_t room = (size_t)(control + message.msg_controllen -
					     (char *)CMSG_DATA(c));
		size_t size = c->cmsg_len < CMSG_LEN(0)
				      ? 0
				      : c->cmsg_len - CMSG_LEN(0);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size = size < room ? size : room;
		for (size_t i = 0; i + sizeof(int) <= size; i += sizeof(int)) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i, sizeof(fd));
			keep(results, RESOURCE_DESCRIPTOR, fd);
		}
	}
}

static void keep_messages(const struct results *results, uint64_t address,
			  int64_t count)
{
	for (int64_t i = 0; i < count && i < MESSAGES_MAX; i++)
		keep_message(results,
			     address + (uint64_t)i * sizeof(struct mmsghdr));
}

/* Giving a lock up succeeds, too. */
static bool takes_lock(const struct results *results)
{
	const struct origin *pending = results->pending;
	short type;

	if (pending->call != SYS_fcntl)
		return true;
	if ((int)pending->arguments[1] == F_SETLEASE)
		return (int)pending->arguments[2] != F_UNLCK;
	return read_memory(results, pending->arguments[2], &type,
			   sizeof(type)) &&
	       type != F_UNLCK;
}

/* The number of a ring may be one of its own kind. */
static bool is_registered_ring(const struct results *results)
{
	const struct origin *pending = results->pending;
	struct io_uring_params params;

	return pending->call == SYS_io_uring_setup &&
	       read_memory(results, pending->arguments[1], &params,
			   sizeof(params)) &&
	       params.flags & RING_REGISTERED;
}

static void take_row(const struct results *results,
		     const struct resource_call *row, int64_t result)
{
	const uint64_t argument = results->pending->arguments[row->argument];

	if ((row->kind == RESOURCE_LOCK && !takes_lock(results)) ||
	    is_registered_ring(results))
		return;
	switch (row->place) {
	case PLACE_AT_RESULT:
		keep(results, row->kind, result);
		break;
	case PLACE_AT_ARGUMENT:
		keep(results, row->kind, (int)argument);
		break;
	case PLACE_AT_INT:
		keep_ints(results, row->kind, argument, 1);
		break;
	case PLACE_AT_LONG:
		keep_long(results, row->kind, argument);
		break;
	case PLACE_AT_PAIR:
		keep_ints(results, row->kind, argument, 2);
		break;
	case PLACE_AT_MESSAGE:
		keep_message(results, argument);
		break;
	case PLACE_AT_MESSAGES:
		keep_messages(results, argument, result);
		break;
	case PLACE_AT_NOTHING:
		keep(results, row->kind, 0);
		break;
	}
}

/* Of the devices that give randomness the first is told. */
static void see_random_device(const struct results *results)
{
	const struct origin *pending = results->pending;
	const bool is_at = pending->call == SYS_openat;

	if ((is_at || pending->call == SYS_open) &&
	    !origin_list_at(&results->origins->made, RESOURCE_RANDOMNESS,
			    RANDOM_DEVICE) &&
	    witness_is_random_device(results->tracee,
				     pending->arguments[is_at]))
		keep(results, RESOURCE_RANDOMNESS, RANDOM_DEVICE);
}

void origin_results_take(struct origins *origins, const struct tracee *t,
			 struct origin *pending, int64_t result)
{
	const struct results results = {origins, t, pending};
	const struct resource_call *row =
		resource_call_find(pending->call, pending->arguments);

	if (row)
		take_row(&results, row, result);
	see_random_device(&results);
	origins->has_ring |= pending->call == SYS_io_uring_setup;
}

void origin_results_child(struct origins *origins, const struct tracee *t,
			  struct origin *pending, pid_t child)
{
	const struct results results = {origins, t, pending};

	keep(&results, RESOURCE_CHILD, child);
	if (pending->call == SYS_clone3)
		keep_pidfd(&results, pending->arguments[0]);
}
