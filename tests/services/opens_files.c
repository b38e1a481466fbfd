/*
 * opens_files CASE: who opened what, as the service itself says
 *
 * Each case prints what a report has to say of its last descriptor, a line for
 * each call of the stack, and then waits for input.  The lines pass their own
 * numbers down, so that no expectation goes stale when this file moves.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE    __attribute__((noinline, noclone))
#define WITHIN	    static inline __attribute__((always_inline))
#define FILE_NAME   "opens_files.c"
#define expect(...) (printf(__VA_ARGS__), putchar('\n'))

static void expect_line(const char *function, int line)
{
	expect("  %s at " FILE_NAME ":%d", function, line);
}

NOINLINE static int open_config(int load_line, int main_line)
{
	int line = __LINE__ + 1;
	int fd = open("/etc/hostname", O_RDONLY | O_CLOEXEC);

	expect("fd %d ", fd);
	expect("file /etc/hostname, read-only, at 0");
	expect(" by thread %d (opens_files) in openat(2)", getpid());
	expect_line("open_config", line);
	expect_line("load", load_line);
	expect_line("main", main_line);
	return fd;
}

NOINLINE static int load(int main_line)
{
	int fd = open_config(__LINE__, main_line);

	return fd; /* not a tail call: the frame has to stay */
}

WITHIN int open_within(int *ret_line)
{
	*ret_line = __LINE__ + 1;
	return eventfd(7, 0);
}

NOINLINE static void make_within(int main_line)
{
	int inner;
	int line = __LINE__ + 1;
	int fd = open_within(&inner);

	expect("fd %d ", fd);
	expect("eventfd, counter 7");
	expect(" in eventfd2(2)");
	expect_line("open_within", inner);
	expect_line("make_within", line);
	expect_line("main", main_line);
}

static void *open_in_thread(void *unused)
{
	int line, fd;

	prctl(PR_SET_NAME, "worker");
	line = __LINE__ + 1;
	fd = socket(AF_INET, SOCK_DGRAM, 0);

	expect("fd %d ", fd);
	expect(" by thread %d (worker) in socket(2)", gettid());
	expect_line("open_in_thread", line);
	fflush(stdout);
	pause();
	return unused;
}

static void start_thread(void)
{
	static pthread_t thread;

	pthread_create(&thread, NULL, open_in_thread, NULL);
	usleep(100000);
}

/* What was open under a number before is nobody's business. */
static void reuse(int main_line)
{
	int fd = open("/etc/hostname", O_RDONLY);
	int line;

	close(fd);
	line = __LINE__ + 1;
	fd = memfd_create("again", 0);

	expect("fd %d ", fd);
	expect(" in memfd_create(2)");
	expect_line("reuse", line);
	expect_line("main", main_line);
}

/* So many that they are not stopped one by one any more. */
static void open_many(int main_line)
{
	int fd = 0, line = __LINE__ + 4;

	for (int i = 0; i < 5000; i++) {
		close(fd > 2 ? fd : -1);
		fd = open("/etc/hostname", O_RDONLY);
	}
	expect("fd %d ", fd);
	expect(" by thread %d (opens_files) in openat(2)", getpid());
	expect_line("open_many", line);
	expect_line("main", main_line);
}

static void copy(int main_line)
{
	int fd = open("/etc/hostname", O_RDONLY);
	int line = __LINE__ + 1;
	int other = dup2(fd, 40);

	expect("fd %d ", other);
	expect("copied from fd %d ", fd);
	expect_line("copy", line);
	expect_line("main", main_line);
	line = __LINE__ + 1;
	other = fcntl(fd, F_DUPFD_CLOEXEC, 50);
	expect("fd %d ", other);
	expect("copied from fd %d ", fd);
	expect_line("copy", line);
}

static void receive(int main_line)
{
	char control[CMSG_SPACE(sizeof(int))] = "", byte = 0;
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int ends[2], fd = 0, line;

	socketpair(AF_UNIX, SOCK_DGRAM, 0, ends);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	sendmsg(ends[0], &message, 0);
	line = __LINE__ + 1;
	recvmsg(ends[1], &message, 0);
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	expect("fd %d ", fd);
	expect(" in recvmsg(2)");
	expect_line("receive", line);
	expect_line("main", main_line);
}

static void lock(int main_line)
{
	int fd = open("lock", O_RDWR | O_CREAT, 0600);
	int line = __LINE__ + 1;
	flock(fd, LOCK_EX);

	expect("fd %d ", fd);
	expect(", with flock");
	expect(" in flock(2)");
	expect_line("lock", line);
	expect_line("main", main_line);
}

static void start_child(int main_line)
{
	int line = __LINE__ + 1;
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
	}
	expect("child %d ", child);
	expect(" in clone(2)");
	expect_line("start_child", line);
	expect_line("main", main_line);
}

static void map(int main_line)
{
	int fd = open("mapped", O_RDWR | O_CREAT, 0600);
	int line;

	ftruncate(fd, 4096);
	line = __LINE__ + 1;
	mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	expect("memory 0x");
	expect(" in mmap(2)");
	expect_line("map", line);
	expect_line("main", main_line);
}

static void take_timer(int main_line)
{
	struct sigevent event = {.sigev_notify = SIGEV_NONE};
	clockid_t clock;
	timer_t timer;
	int line;

	pthread_getcpuclockid(pthread_self(), &clock);
	line = __LINE__ + 1;
	timer_create(clock, &event, &timer);
	expect("timer 0 ");
	expect(" in timer_create(2)");
	expect_line("take_timer", line);
	expect_line("main", main_line);
}

static void be_random(int main_line)
{
	char bytes[40];
	int line = __LINE__ + 1;
	getrandom(bytes, sizeof(bytes), 0);

	expect("40 bytes from getrandom(2)");
	expect(" in getrandom(2)");
	expect_line("be_random", line);
	line = __LINE__ + 1;
	close(open("/dev/urandom", O_RDONLY));
	expect("/dev/urandom or /dev/random was opened");
	expect_line("be_random", line);
	expect_line("main", main_line);
}

static void ask_id(int main_line)
{
	int line = __LINE__ + 1;
	pid_t pid = getpid();

	expect("process id ");
	expect("asked for 1 time; what was kept of it");
	expect("asked for 0.");
	expect(" by thread %d (opens_files) in getpid(2)", (int)gettid());
	expect_line("ask_id", line);
	expect_line("main", main_line);
	if (pid < 0)
		expect("?");
}

static void run(const char *name, int main_line)
{
	if (strcmp(name, "reuse") == 0)
		reuse(main_line);
	if (strcmp(name, "many") == 0)
		open_many(main_line);
	if (strcmp(name, "copy") == 0)
		copy(main_line);
	if (strcmp(name, "receive") == 0)
		receive(main_line);
	if (strcmp(name, "lock") == 0)
		lock(main_line);
	if (strcmp(name, "child") == 0)
		start_child(main_line);
	if (strcmp(name, "map") == 0)
		map(main_line);
	if (strcmp(name, "timer") == 0)
		take_timer(main_line);
	if (strcmp(name, "id") == 0)
		ask_id(main_line);
	if (strcmp(name, "random") == 0)
		be_random(main_line);
	if (strcmp(name, "within") == 0)
		make_within(main_line);
	if (strcmp(name, "thread") == 0)
		start_thread();
	fflush(stdout);
}

int main(int argc, char *argv[])
{
	char byte;

	setvbuf(stdout, NULL, _IOFBF, BUFSIZ);
	if (argc == 2 && strcmp(argv[1], "deep") == 0)
		load(__LINE__);
	else if (argc == 2)
		run(argv[1], __LINE__);
	fflush(stdout);
	return read(STDIN_FILENO, &byte, 1) < 0;
}
