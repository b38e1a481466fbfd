/*
 * carry_event.c - what waits for something: eventfd, timerfd, signalfd, epoll,
 * inotify
 *
 * All that is needed stands in /proc/PID/fdinfo (proc_pid_fdinfo(5)).
 */
#include <inttypes.h>
#include <linux/kcmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "carry.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "common/text.h"
#include "inotify_paths.h"
#include "open_file.h"

enum {
	GET_PARAMETERS = (int)0x80088a02, /* EPIOCGPARAMS, since Linux 6.9 */
	NS_PER_S = 1000000000,
};

/* @what stands there as a number of one of the kinds of text.h. */
static bool read_number(const struct open_file *file, const char *key,
			bool (*take)(const char **text, uint64_t *ret_value),
			uint64_t *ret_value)
{
	const char *at = fdinfo_find(file->fdinfo, key);

	return at && take(&at, ret_value);
}

static bool unreadable(struct carried *carried)
{
	return carried_refuse(carried, "This kernel does not show its state; "
				       "make it after the ready point.");
}

/* Whether it is a semaphore is shown since Linux 6.5. */
static bool take_eventfd(struct carried *carried, const struct open_file *file,
			 struct core_file *to)
{
	to->kind = CORE_FILE_EVENTFD;
	if (!read_number(file, "eventfd-count:", take_hex, &to->values[0]) ||
	    !read_number(file, "eventfd-semaphore:", take_decimal,
			 &to->values[1]))
		return unreadable(carried);
	return true;
}

static uint64_t as_ns(const struct timespec *time)
{
	return (uint64_t)time->tv_sec * NS_PER_S + (uint64_t)time->tv_nsec;
}

/*
 * Ticks of an interval are added up when it is asked for its time, and by fdinfo
 * not at all (timerfd_show()); so it is asked, until none has come in between.
 */
static bool ask_ticks(const struct open_file *file, struct itimerspec *ret_spec,
		      uint64_t *ret_ticks)
{
	cleanup_heap char *text = NULL;
	struct open_file now = *file;

	if (timerfd_gettime(file->copy, ret_spec) < 0 ||
	    io_read_filef(&text, NULL, "/proc/%d/fdinfo/%d", file->pid,
			  file->fd) < 0)
		return false;
	now.fdinfo = text;
	return read_number(&now, "ticks:", take_decimal, ret_ticks);
}

static bool read_timer(const struct open_file *file, struct core_file *to)
{
	struct itimerspec spec;
	uint64_t before;

	do {
		if (!ask_ticks(file, &spec, &before) ||
		    !ask_ticks(file, &spec, &to->values[1]))
			return false;
	} while (before != to->values[1]);
	to->values[2] = as_ns(&spec.it_value);
	to->values[3] = as_ns(&spec.it_interval);
	return true;
}

/*
 * What remains is known, whatever was set.  A time on a clock is due at that
 * time in every restore.
 */
static bool take_timerfd(struct carried *carried, const struct open_file *file,
			 struct core_file *to)
{
	struct timespec now;

	to->kind = CORE_FILE_TIMERFD;
	if (!read_number(file, "clockid:", take_decimal, &to->values[0]) ||
	    !read_number(file, "settime flags:", take_octal, &to->values[4]) ||
	    file->copy < 0 || !read_timer(file, to))
		return unreadable(carried);
	if (to->values[2] == 0 || !(to->values[4] & TFD_TIMER_ABSTIME))
		return true;
	if (clock_gettime((clockid_t)to->values[0], &now) < 0)
		return unreadable(carried);
	to->values[2] += as_ns(&now);
	return true;
}

static bool take_signalfd(struct carried *carried, const struct open_file *file,
			  struct core_file *to)
{
	to->kind = CORE_FILE_SIGNALFD;
	if (!read_number(file, "sigmask:", take_hex, &to->values[0]))
		return unreadable(carried);
	return true;
}

/* "tfd:  5 events:  19 data:  5  pos:0 ino:c sdev:f" */
static bool read_target(const char *at, struct core_watch *ret_watch)
{
	uint64_t target, events, data;

	skip_blanks(&at);
	if (!take_decimal(&at, &target))
		return false;
	skip_blanks(&at);
	if (!take_word(&at, "events:"))
		return false;
	skip_blanks(&at);
	if (!take_hex(&at, &events))
		return false;
	skip_blanks(&at);
	if (!take_word(&at, "data:"))
		return false;
	skip_blanks(&at);
	if (!take_hex(&at, &data))
		return false;
	*ret_watch = (struct core_watch){
		.target = (uint32_t)target,
		.events = (uint32_t)events,
		.data = data,
	};
	return true;
}

/*
 * A number may have been closed, or used again, while the open file that was
 * registered under it lives on behind another one.
 */
static bool is_still_target(const struct carried *carried,
			    const struct open_file *file, uint32_t index,
			    const struct core_watch *watch)
{
	struct kcmp_epoll_slot slot = {
		.efd = (uint32_t)file->fd,
		.tfd = watch->target,
	};

	for (size_t i = 0; i < carried->watch_count; i++)
		slot.toff += carried->watches[i].file == index &&
			     carried->watches[i].target == watch->target;
	return syscall(SYS_kcmp, file->pid, file->pid, KCMP_EPOLL_TFD,
		       watch->target, &slot) == 0;
}

static bool take_epoll(struct carried *carried, const struct open_file *file,
		       struct core_file *to)
{
	const uint32_t index = (uint32_t)carried->file_count;
	uint64_t parameters[2] = {0};

	to->kind = CORE_FILE_EPOLL;
	if (file->copy >= 0 &&
	    ioctl(file->copy, GET_PARAMETERS, parameters) == 0 &&
	    (parameters[0] || parameters[1]))
		return carried_refuse(carried, "Set its busy polling after the "
					       "ready point.");
	for (const char *at = file->fdinfo; *at; skip_line(&at)) {
		const char *line = at;
		struct core_watch watch;

		if (!take_word(&line, "tfd:"))
			continue;
		if (!read_target(line, &watch))
			return unreadable(carried);
		watch.file = index;
		if (!is_still_target(carried, file, index, &watch))
			return carried_refuse(
				carried,
				"It watches what was fd %u, which is closed or "
				"another one now; remove that from it.",
				watch.target);
		carried_add_watch(carried, watch);
	}
	return true;
}

/* "inotify wd:2 ino:1 sdev:fe00001 mask:100 ignored_mask:0 fhandle-..." */
static bool read_watch(const char *at, struct core_watch *ret_watch)
{
	uint64_t number, inode, device, mask;

	if (!take_hex(&at, &number) || !take_word(&at, " ino:") ||
	    !take_hex(&at, &inode) || !take_word(&at, " sdev:") ||
	    !take_hex(&at, &device) || !take_word(&at, " mask:") ||
	    !take_hex(&at, &mask))
		return false;
	/* As the kernel has device numbers: 12 bits and 20. */
	*ret_watch = (struct core_watch){
		.target = (uint32_t)number,
		.events = (uint32_t)mask,
		.device = makedev(device >> 20, device & 0xfffff),
		.inode = inode,
	};
	return true;
}

/* The kernel numbers them as they are added. */
static int by_number(const void *a, const void *b)
{
	const struct core_watch *one = a;
	const struct core_watch *other = b;

	return one->target < other->target ? -1 : one->target > other->target;
}

static bool take_inotify(struct carried *carried, const struct open_file *file,
			 struct core_file *to)
{
	const size_t first = carried->watch_count;
	int unread = 0;

	to->kind = CORE_FILE_INOTIFY;
	to->values[0] = carried->watched ? carried->watched->count : 0;
	if (file->copy < 0 || ioctl(file->copy, FIONREAD, &unread) < 0 ||
	    unread > 0)
		return carried_refuse(carried, "Read its events before the "
					       "ready point.");
	for (const char *at = file->fdinfo; *at; skip_line(&at)) {
		const char *line = at;
		const char *path;
		struct core_watch watch;

		if (!take_word(&line, "inotify wd:"))
			continue;
		if (!read_watch(line, &watch))
			return unreadable(carried);
		path = inotify_paths_find(carried->watched, watch.device,
					  watch.inode);
		if (!path)
			return carried_refuse(
				carried,
				"The path of its watch %u is not known; add "
				"that after the ready point.",
				watch.target);
		watch.file = (uint32_t)carried->file_count;
		watch.name = carried_add_name(carried, path);
		carried_add_watch(carried, watch);
	}
	qsort(carried->watches + first, carried->watch_count - first,
	      sizeof(*carried->watches), by_number);
	return true;
}

const struct carrier carrier_eventfd = {"eventfd", false, take_eventfd};
const struct carrier carrier_timerfd = {"timerfd", false, take_timerfd};
const struct carrier carrier_signalfd = {"signalfd", false, take_signalfd};
const struct carrier carrier_epoll = {"epoll", false, take_epoll};
const struct carrier carrier_inotify = {"inotify", false, take_inotify};
