/*
 * eventfd, timerfd, signalfd, epoll, inotify.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "carries.h"
#include "service.h"

static void keep_counters(void)
{
	int plain = must(eventfd(5, EFD_NONBLOCK));
	int semaphore = must(eventfd(3, EFD_SEMAPHORE | EFD_CLOEXEC));
	int empty = must(eventfd(0, EFD_NONBLOCK));
	uint64_t most = UINT64_MAX - 1;
	int full = must(eventfd(0, 0));
	uint64_t value;

	must((int)write(full, &most, sizeof(most)));

	service_ready();

	carry_check(read(plain, &value, 8) == 8 && value == 5);
	carry_check(read(plain, &value, 8) < 0 && errno == EAGAIN);
	carry_check(read(semaphore, &value, 8) == 8 && value == 1);
	carry_check(read(semaphore, &value, 8) == 8 && value == 1);
	carry_check(fcntl(semaphore, F_GETFD) == FD_CLOEXEC);
	carry_check(read(empty, &value, 8) < 0 && errno == EAGAIN);
	carry_check(read(full, &value, 8) == 8 && value == most);
}

static int make_timer(int clock, int flags, long seconds, long every)
{
	int fd = must(timerfd_create(clock, TFD_NONBLOCK));
	struct itimerspec spec = {.it_value.tv_sec = seconds,
				  .it_interval.tv_sec = every};

	must(timerfd_settime(fd, flags, &spec, NULL));
	return fd;
}

static long left(int fd)
{
	struct itimerspec spec = {0};

	timerfd_gettime(fd, &spec);
	return spec.it_value.tv_sec;
}

static void keep_timers(void)
{
	struct timespec now;
	struct itimerspec soon = {.it_value.tv_nsec = 1000000,
				  .it_interval.tv_nsec = 1000000};
	int relative = make_timer(CLOCK_MONOTONIC, 0, 1000, 0);
	int every = make_timer(CLOCK_BOOTTIME, 0, 500, 60);
	int idle = make_timer(CLOCK_REALTIME, 0, 0, 0);
	int absolute, ticking = must(timerfd_create(CLOCK_MONOTONIC, 0));
	uint64_t ticks;

	clock_gettime(CLOCK_REALTIME, &now);
	absolute = make_timer(CLOCK_REALTIME, TFD_TIMER_ABSTIME,
			      now.tv_sec + 300, 0);
	must(timerfd_settime(ticking, 0, &soon, NULL));
	usleep(20000);

	service_ready();

	carry_check(left(relative) >= 990 && left(relative) < 1000);
	carry_check(left(every) >= 490 && left(every) < 500);
	carry_check(left(idle) == 0);
	carry_check(left(absolute) <= 300);
	carry_check(read(ticking, &ticks, 8) == 8 && ticks >= 10);
	carry_check(read(relative, &ticks, 8) < 0 && errno == EAGAIN);
}

static void keep_signals(void)
{
	struct signalfd_siginfo info;
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN + 3);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = must(signalfd(-1, &set, SFD_NONBLOCK));

	service_ready();

	carry_check(read(fd, &info, sizeof(info)) < 0);
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGRTMIN + 3);
	carry_check(read(fd, &info, sizeof(info)) == sizeof(info) &&
		    info.ssi_signo == SIGUSR1 &&
		    info.ssi_pid == (uint32_t)getpid());
	carry_check(read(fd, &info, sizeof(info)) == sizeof(info) &&
		    (int)info.ssi_signo == SIGRTMIN + 3);
}

static void watch(int epoll, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event event = {.events = events, .data.u64 = data};

	must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
}

/* One in another, with 64 bits of data, edges, and what has fired once. */
static void keep_watches(void)
{
	const uint64_t far = 0xfedcba9876543210;
	int epoll = must(epoll_create1(EPOLL_CLOEXEC));
	int outer = must(epoll_create1(0));
	int one = must(eventfd(1, EFD_NONBLOCK));
	int edge = must(eventfd(0, EFD_NONBLOCK));
	int once = must(eventfd(1, EFD_NONBLOCK));
	int ends[2];
	uint64_t value = 1;
	struct epoll_event event = {0};

	must(pipe(ends));
	watch(epoll, once, EPOLLIN | EPOLLONESHOT, 3);
	must(epoll_wait(epoll, &event, 1, 0));
	watch(epoll, one, EPOLLIN, far);
	watch(epoll, edge, EPOLLIN | EPOLLET, 2);
	watch(epoll, ends[0], EPOLLIN | EPOLLRDHUP, 4);
	watch(outer, epoll, EPOLLIN, 9);

	service_ready();

	carry_check(epoll_wait(outer, &event, 1, 0) == 1 &&
		    event.data.u64 == 9);
	carry_check(epoll_wait(epoll, &event, 1, 0) == 1 &&
		    event.data.u64 == far);
	carry_check(read(one, &value, 8) == 8);
	carry_check(epoll_wait(epoll, &event, 1, 0) == 0);
	carry_check(write(edge, &value, 8) == 8);
	carry_check(epoll_wait(epoll, &event, 1, 0) == 1 &&
		    event.data.u64 == 2);
	carry_check(epoll_wait(epoll, &event, 1, 0) == 0);
	carry_check(write(ends[1], "x", 1) == 1);
	carry_check(epoll_wait(epoll, &event, 1, 0) == 1 &&
		    event.data.u64 == 4 && event.events == EPOLLIN);
	event.events = EPOLLIN;
	carry_check(epoll_ctl(epoll, EPOLL_CTL_MOD, once, &event) == 0);
	carry_check(epoll_ctl(epoll, EPOLL_CTL_DEL, ends[0], NULL) == 0);
}

/* An event loop that waits for its input and something else. */
static void keep_watch_of_stream(void)
{
	int epoll = must(epoll_create1(0));
	struct epoll_event event = {0};
	char byte;

	watch(epoll, STDIN_FILENO, EPOLLIN, 7);

	service_ready();

	carry_check(epoll_wait(epoll, &event, 1, 5000) == 1 &&
		    event.data.u64 == 7);
	carry_check(read(STDIN_FILENO, &byte, 1) >= 0);
}

static void keep_paths(void)
{
	union {
		struct inotify_event event;
		char bytes[4096];
	} got = {0};
	int fd = must(inotify_init1(IN_NONBLOCK));
	int folder, file;

	mkdir("watched", 0755);
	close(must(open("watched/file", O_CREAT | O_RDWR, 0644)));
	inotify_rm_watch(fd, must(inotify_add_watch(fd, "/etc", IN_CREATE)));
	while (read(fd, got.bytes, sizeof(got)) > 0)
		;
	folder = must(inotify_add_watch(fd, "watched", IN_CREATE | IN_DELETE));
	file = must(inotify_add_watch(fd, "watched/file", IN_MODIFY));

	service_ready();

	unlink("watched/new");
	carry_check(folder == 2 && file == 3);
	while (read(fd, got.bytes, sizeof(got)) > 0)
		;
	close(open("watched/new", O_CREAT | O_RDWR, 0644));
	carry_check(read(fd, got.bytes, sizeof(got)) > 0 &&
		    got.event.wd == folder &&
		    strcmp(got.event.name, "new") == 0);
	truncate("watched/file", 3);
	truncate("watched/file", 0);
	carry_check(read(fd, got.bytes, sizeof(got)) > 0 &&
		    got.event.wd == file);
	carry_check(inotify_rm_watch(fd, file) == 0);
}

static const struct carry_case items[] = {
	{"eventfd", keep_counters},	 {"timerfd", keep_timers},
	{"signalfd", keep_signals},	 {"epoll,eventfd,pipe", keep_watches},
	{"epoll", keep_watch_of_stream}, {"inotify", keep_paths},
};

const struct carry_cases event_cases = CASES(items);
