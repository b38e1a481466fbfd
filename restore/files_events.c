/*
 * files_events.c - eventfd, timerfd, signalfd, epoll, inotify
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "files_kinds.h"

#ifndef IN_MASK_CREATE
#define IN_MASK_CREATE 0x10000000 /* since Linux 4.19 */
#endif

enum {
	NS_PER_S = 1000000000,
	SET_TICKS = 0x40085400, /* TFD_IOC_SET_TICKS, since Linux 3.17 */
	WATCHES_MAX = 1 << 20,
};

/* More than the argument of eventfd2(2) holds is possible. */
static int make_eventfd(const struct core_file *file)
{
	const int flags = file->values[1] ? EFD_SEMAPHORE : 0;
	int fd = eventfd(0, EFD_CLOEXEC | flags);

	if (fd >= 0 && file->values[0] &&
	    write(fd, &file->values[0], sizeof(uint64_t)) < 0)
		return -1;
	return fd;
}

static int make(const struct core_file *file)
{
	switch (file->kind) {
	case CORE_FILE_EVENTFD:
		return make_eventfd(file);
	case CORE_FILE_TIMERFD:
		return timerfd_create((clockid_t)file->values[0], TFD_CLOEXEC);
	case CORE_FILE_SIGNALFD:
		return (int)syscall(SYS_signalfd4, -1, &file->values[0],
				    sizeof(uint64_t), SFD_CLOEXEC);
	case CORE_FILE_EPOLL:
		return epoll_create1(EPOLL_CLOEXEC);
	default:
		return inotify_init1(IN_CLOEXEC);
	}
}

static const char *kind_name(const struct core_file *file)
{
	static const char *const names[CORE_FILE_KINDS] = {
		[CORE_FILE_EVENTFD] = "an eventfd",
		[CORE_FILE_TIMERFD] = "a timerfd",
		[CORE_FILE_SIGNALFD] = "a signalfd",
		[CORE_FILE_EPOLL] = "an epoll",
		[CORE_FILE_INOTIFY] = "an inotify",
	};

	return names[file->kind];
}

int file_make_event(struct files *files, uint32_t index, struct error *err)
{
	const struct core_file *file = &files->core->files[index];

	files->fds[index] = make(file);
	if (files->fds[index] < 0 ||
	    fcntl(files->fds[index], F_SETFL, (int)file->flags) < 0)
		return error_system(err, errno, "cannot make %s",
				    kind_name(file));
	return 0;
}

static struct timespec as_time(uint64_t ns)
{
	return (struct timespec){(time_t)(ns / NS_PER_S),
				 (long)(ns % NS_PER_S)};
}

int file_arm_timer(const struct files *files, uint32_t index, int fd,
		   struct error *err)
{
	const struct core_file *file = &files->core->files[index];
	const struct itimerspec spec = {
		.it_value = as_time(file->values[2]),
		.it_interval = as_time(file->values[3]),
	};

	if (timerfd_settime(fd, (int)file->values[4], &spec, NULL) < 0)
		return error_system(err, errno, "cannot set a timerfd");
	if (file->values[1] && ioctl(fd, SET_TICKS, &file->values[1]) < 0)
		return error_system(err, errno,
				    "cannot set the ticks of a timerfd");
	return 0;
}

static int watch_descriptor(const struct core_watch *watch, int fd,
			    struct error *err)
{
	struct epoll_event event = {
		.events = watch->events,
		.data.u64 = watch->data,
	};

	if (epoll_ctl(fd, EPOLL_CTL_ADD, (int)watch->target, &event) == 0)
		return 0;
	error_system(err, errno, "cannot have epoll watch fd %u",
		     watch->target);
	if (err->code == EPERM)
		error_hint(err, "It is a file or a device that is always "
				"ready; the service had a pipe, socket or "
				"terminal there.");
	return -err->code;
}

/* Numbers of watches are given one after the other; those between are used up. */
static int watch_path(const struct files *files, const struct core_watch *watch,
		      int fd, struct error *err)
{
	const char *path = files->core->names + watch->name;
	struct stat status;
	int number = 0;

	if (stat(path, &status) < 0)
		return error_system(err, errno, "cannot watch '%s'", path);
	if (status.st_dev != watch->device || status.st_ino != watch->inode)
		return error_set(err, FAULT_UNSUPPORTED,
				 "cannot watch '%s': it is not the file of the "
				 "capture any more",
				 path);
	for (int i = 0; i < WATCHES_MAX; i++) {
		number = inotify_add_watch(fd, path, watch->events);
		if (number < 0)
			return error_system(err, errno, "cannot watch '%s'",
					    path);
		if (number >= (int)watch->target)
			break;
		inotify_rm_watch(fd, number);
	}
	if (number != (int)watch->target)
		return error_set(err, FAULT_SYSTEM,
				 "cannot watch '%s': the kernel numbers it %d, "
				 "not %u",
				 path, number, watch->target);
	return 0;
}

/* Of the watches that were used up it has events, which nobody is to see. */
static void forget_events(int fd)
{
	char events[4096];
	const int flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	while (read(fd, events, sizeof(events)) > 0)
		;
	fcntl(fd, F_SETFL, flags);
}

int file_watch(const struct files *files, const struct core_watch *watch,
	       int fd, struct error *err)
{
	int r;

	if (files->core->files[watch->file].kind == CORE_FILE_EPOLL)
		return watch_descriptor(watch, fd, err);
	r = watch_path(files, watch, fd, err);
	forget_events(fd);
	return r;
}

/*
 * No number is given twice, so those that were are used up; on a file that is not
 * watched already (IN_MASK_CREATE, since Linux 4.19), or none.
 */
void file_use_up(const struct files *files, uint32_t index, int fd)
{
	static const char *const paths[] = {"/", "/proc", "/dev"};
	const int highest = (int)files->core->files[index].values[0];
	int number = 0;

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		while (number < highest) {
			number = inotify_add_watch(
				fd, paths[i], IN_DELETE_SELF | IN_MASK_CREATE);
			if (number < 0)
				break;
			inotify_rm_watch(fd, number);
		}
	}
	forget_events(fd);
}
