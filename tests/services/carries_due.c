/*
 * What is due, and who is told.
 *
 * A timer that has expired is readable at once and only then; a signal that
 * waits is read from its signalfd; an epoll tells each number that it was given
 * its own data, however deep it is nested; a watch for one event ends with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
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

static int make_timer(int clock, int flags, struct itimerspec spec)
{
	int fd = must(timerfd_create(clock, TFD_NONBLOCK));

	must(timerfd_settime(fd, flags, &spec, NULL));
	return fd;
}

static uint64_t ticks_of(int fd)
{
	uint64_t ticks = 0;

	return read(fd, &ticks, sizeof(ticks)) == sizeof(ticks) ? ticks : 0;
}

static void keep_expired(void)
{
	const struct itimerspec now = {.it_value.tv_nsec = 1};
	struct itimerspec every = {.it_interval.tv_sec = 1};
	struct itimerspec soon = {0};
	struct timespec time;
	int relative, absolute, often, coming;
	struct pollfd ready;

	clock_gettime(CLOCK_REALTIME, &time);
	every.it_value.tv_sec = time.tv_sec - 3;
	clock_gettime(CLOCK_MONOTONIC, &soon.it_value);
	soon.it_value.tv_sec++;
	relative = make_timer(CLOCK_MONOTONIC, 0, now);
	absolute = make_timer(CLOCK_REALTIME, TFD_TIMER_ABSTIME, now);
	often = make_timer(CLOCK_REALTIME,
			   TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, every);
	coming = make_timer(CLOCK_MONOTONIC, TFD_TIMER_ABSTIME, soon);
	usleep(10000);

	service_ready();

	carry_check(ticks_of(relative) == 1 && ticks_of(relative) == 0);
	carry_check(ticks_of(absolute) == 1 && ticks_of(absolute) == 0);
	carry_check(ticks_of(often) >= 3);
	ready = (struct pollfd){.fd = coming, .events = POLLIN};
	carry_check(poll(&ready, 1, 5000) == 1);
	clock_gettime(CLOCK_MONOTONIC, &time);
	carry_check(time.tv_sec > soon.it_value.tv_sec ||
		    (time.tv_sec == soon.it_value.tv_sec &&
		     time.tv_nsec >= soon.it_value.tv_nsec));
	carry_check(ticks_of(coming) == 1);
}

static void keep_waiting_signals(void)
{
	struct signalfd_siginfo info;
	union sigval value = {.sival_int = 42};
	sigset_t set;
	int fd, twin;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigdelset(&set, SIGUSR2);
	fd = must(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
	twin = must(dup(fd));
	must(sigqueue(getpid(), SIGRTMIN, value));
	value.sival_int++;
	must(sigqueue(getpid(), SIGRTMIN, value));
	must(kill(getpid(), SIGUSR2));

	service_ready();

	carry_check(read(fd, &info, sizeof(info)) == sizeof(info) &&
		    (int)info.ssi_signo == SIGRTMIN && info.ssi_int == 42);
	carry_check(read(twin, &info, sizeof(info)) == sizeof(info) &&
		    info.ssi_int == 43);
	carry_check(read(fd, &info, sizeof(info)) < 0 && errno == EAGAIN);
	sigaddset(&set, SIGUSR2);
	must(signalfd(fd, &set, 0));
	carry_check(read(twin, &info, sizeof(info)) == sizeof(info) &&
		    info.ssi_signo == SIGUSR2);
}

static void watch(int epoll, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event event = {.events = events, .data.u64 = data};

	must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
}

/* One open file under two numbers; and a chain of as many as there may be. */
static void keep_relations(void)
{
	int chain[4];
	int fd = must(eventfd(0, EFD_NONBLOCK));
	int high = must(fcntl(fd, F_DUPFD, 500));
	struct epoll_event events[4] = {0};
	uint64_t sum = 0, one = 1;

	for (int i = 0; i < 4; i++)
		chain[i] = must(epoll_create1(0));
	watch(chain[0], fd, EPOLLIN, 1);
	watch(chain[0], high, EPOLLIN | EPOLLEXCLUSIVE, 1ULL << 40);
	for (int i = 1; i < 4; i++)
		watch(chain[i], chain[i - 1], EPOLLIN, (uint64_t)i);

	service_ready();

	carry_check(epoll_wait(chain[3], events, 4, 0) == 0);
	carry_check(write(fd, &one, 8) == 8);
	carry_check(epoll_wait(chain[3], events, 4, 0) == 1 &&
		    events[0].data.u64 == 3);
	carry_check(epoll_wait(chain[0], events, 4, 0) == 2);
	sum = events[0].data.u64 + events[1].data.u64;
	carry_check(sum == (1ULL << 40) + 1);
	carry_check(epoll_ctl(chain[0], EPOLL_CTL_DEL, fd, NULL) == 0);
	carry_check(epoll_wait(chain[0], events, 4, 0) == 1 &&
		    events[0].data.u64 == 1ULL << 40);
	carry_check(epoll_ctl(chain[0], EPOLL_CTL_ADD, fd, events) == 0);
}

static void keep_one_shot(void)
{
	union {
		struct inotify_event event;
		char bytes[4096];
	} got = {0};
	int fd = must(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
	int watched;

	mkdir("shot", 0755);
	watched = must(inotify_add_watch(
		fd, "shot", IN_CREATE | IN_ONESHOT | IN_EXCL_UNLINK));
	inotify_add_watch(fd, "shot", IN_DELETE | IN_ONESHOT | IN_MASK_ADD);
	unlink("shot/first");
	inotify_rm_watch(fd, watched);
	watched = must(inotify_add_watch(fd, "shot", IN_CREATE | IN_ONESHOT));
	while (read(fd, got.bytes, sizeof(got)) > 0)
		;

	service_ready();

	unlink("shot/first");
	close(open("shot/first", O_CREAT | O_RDWR, 0644));
	carry_check(read(fd, got.bytes, sizeof(got)) > 0 &&
		    got.event.wd == watched && got.event.mask == IN_CREATE);
	unlink("shot/first");
	close(open("shot/first", O_CREAT | O_RDWR, 0644));
	carry_check(read(fd, got.bytes, sizeof(got)) < 0);
	carry_check(inotify_rm_watch(fd, watched) < 0);
}

static const struct carry_case items[] = {
	{"timerfd:expired", keep_expired},
	{"signalfd:waiting", keep_waiting_signals},
	{"epoll,eventfd:related", keep_relations},
	{"inotify:one_shot", keep_one_shot},
};

const struct carry_cases due_cases = CASES(items);
