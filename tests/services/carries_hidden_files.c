/*
 * What the kernel hardly shows of pipes, files, memfds and watches.
 *
 * All of it can be seen by who asks for it, or while it is done.  It comes back
 * or is refused by name; a service must not find out by itself that it is gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "carries.h"
#include "service.h"

enum {
	PAGE = 4096,
	SET_PARAMETERS = 0x40088a01, /* EPIOCSPARAMS, since Linux 6.9 */
	GET_PARAMETERS = 0x80088a02,
};

static volatile sig_atomic_t notified;

static void notice(int number)
{
	notified = number;
}

/* Who is to be sent which signal, before anybody has asked for signals. */
static void keep_owners(void)
{
	int ends[2];
	int file = must(open("/etc/passwd", O_RDONLY));

	must(pipe(ends));
	must(fcntl(ends[0], F_SETOWN, getpid()));
	must(fcntl(ends[0], F_SETSIG, SIGUSR1));
	must(fcntl(file, F_SETSIG, SIGUSR2));
	signal(SIGUSR1, notice);

	service_ready();

	carry_check(fcntl(ends[0], F_GETSIG) == SIGUSR1);
	carry_check(fcntl(file, F_GETSIG) == SIGUSR2);
	carry_check(fcntl(ends[0], F_SETFL, O_ASYNC) == 0);
	carry_check(write(ends[1], "x", 1) == 1);
	usleep(10000);
	carry_check(notified == SIGUSR1);
}

/* The older way to watch a folder. */
static void keep_notified(void)
{
	int fd;

	mkdir("noticed", 0755);
	unlink("noticed/file");
	fd = must(open("noticed", O_RDONLY));
	signal(SIGUSR1, notice);
	must(fcntl(fd, F_SETSIG, SIGUSR1));
	must(fcntl(fd, F_NOTIFY, DN_CREATE | DN_MULTISHOT));

	service_ready();

	notified = 0;
	unlink("noticed/file");
	close(open("noticed/file", O_CREAT | O_RDWR, 0644));
	usleep(10000);
	carry_check(notified == SIGUSR1);
}

/* They were packets when they were written, and are so when they are read. */
static void keep_packets(void)
{
	char text[8];
	int ends[2];

	must(pipe2(ends, O_DIRECT | O_NONBLOCK));
	must((int)write(ends[1], "one", 3));
	must((int)write(ends[1], "two", 3));
	must(fcntl(ends[1], F_SETFL, O_NONBLOCK));

	service_ready();

	carry_check(read(ends[0], text, 8) == 3);
	carry_check(read(ends[0], text, 8) == 3);
}

/* Until it is written, a private page shows what is written to the memfd. */
static void keep_private_view(void)
{
	int fd = must(memfd_create("viewed", 0));
	char *view;

	must(ftruncate(fd, 2 * PAGE));
	view = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	view[0] = 'm';

	service_ready();

	carry_check(pwrite(fd, "f", 1, 0) == 1 && view[0] == 'm');
	carry_check(pwrite(fd, "f", 1, PAGE) == 1 && view[PAGE] == 'f');
}

/* Who has mapped it before may write; nobody may from then on. */
static void keep_future_seal(void)
{
	int fd = must(memfd_create("sealed", MFD_ALLOW_SEALING));
	char *bytes;

	must(ftruncate(fd, PAGE));
	bytes = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));

	service_ready();

	bytes[0] = 'x';
	carry_check(pwrite(fd, "y", 1, 0) < 0 && errno == EPERM);
	carry_check(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			 0) == MAP_FAILED);
}

/* A page in a terabyte of nothing, which must cost no more than a page. */
static void keep_far_page(void)
{
	const off_t size = (off_t)1 << 40;
	int fd = must(memfd_create("sparse", 0));
	struct stat status;
	char text[4] = "";

	must(ftruncate(fd, size));
	must((int)pwrite(fd, "far", 3, size / 2));

	service_ready();

	carry_check(pread(fd, text, 3, size / 2) == 3 &&
		    strcmp(text, "far") == 0);
	carry_check(fstat(fd, &status) == 0 && status.st_size == size);
	carry_check(status.st_blocks < 1024);
}

/* The kernel does not use numbers again, and a service may rely on that. */
static void keep_used_numbers(void)
{
	char events[PAGE];
	int fd = must(inotify_init1(IN_NONBLOCK));
	int highest;

	must(inotify_add_watch(fd, "/etc", IN_CREATE));
	highest = must(inotify_add_watch(fd, "/usr", IN_CREATE));
	must(inotify_rm_watch(fd, highest));
	while (read(fd, events, sizeof(events)) > 0)
		;

	service_ready();

	carry_check(inotify_add_watch(fd, "/tmp", IN_CREATE) > highest);
}

struct parameters {
	uint32_t busy_poll_us;
	uint16_t busy_poll_budget;
	uint8_t prefer_busy_poll;
	uint8_t padding;
};

static void keep_parameters(void)
{
	struct parameters set = {100, 8, 0, 0}, got = {0};
	int fd = must(epoll_create1(0));

	must(ioctl(fd, SET_PARAMETERS, &set));

	service_ready();

	carry_check(ioctl(fd, GET_PARAMETERS, &got) == 0 &&
		    memcmp(&got, &set, sizeof(got)) == 0);
}

static const struct carry_case items[] = {
	{"pipe,file:owners", keep_owners},
	{"directory:notified", keep_notified},
	{"pipe:packets", keep_packets},
	{"memfd:private", keep_private_view},
	{"memfd:future", keep_future_seal},
	{"memfd:sparse", keep_far_page},
	{"inotify:numbers", keep_used_numbers},
	{"epoll:parameters", keep_parameters},
};

const struct carry_cases hidden_file_cases = CASES(items);
