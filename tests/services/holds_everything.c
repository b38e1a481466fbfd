/*
 * About fifty kinds of state in one process, so that none of them is in the
 * way of another: memory, attributes, signals, timers, threads and locks.
 *
 * Each set_ function has its check_ function.
 */
#include <errno.h>
#include <linux/ioprio.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "service.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

enum {
	PAGE = 4096,
	REGION_SIZE = 3 * PAGE,
	GUARD_INSTALL = 102, /* MADV_GUARD_INSTALL, since Linux 6.13 */
	HEAP_SIZE = 123457,
	PARKED = 4,
	STACK_DEPTH = 300, /* times 4 KiB */
	BEST_EFFORT_6 = IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 6),
};

static int is_restored;
static volatile int is_time;

/* Memory: what is advised, and how smaps(5) shows it. */
static struct region {
	int advice, protection, flags;
	const char *shown;
	int has_shown; /* the kernel may know it or not */
	unsigned char *bytes;
} regions[] = {
	{MADV_NORMAL, PROT_READ, MAP_PRIVATE, " rd", 0, NULL},
	{MADV_NORMAL, PROT_NONE, MAP_PRIVATE, " ac", 0, NULL},
	{MADV_NORMAL, PROT_WRITE, MAP_SHARED, " sh", 0, NULL},
	{MADV_WIPEONFORK, PROT_WRITE, MAP_PRIVATE, " wf", 0, NULL},
	{MADV_DONTDUMP, PROT_WRITE, MAP_PRIVATE, " dd", 0, NULL},
	{MADV_DONTFORK, PROT_WRITE, MAP_PRIVATE, " dc", 0, NULL},
	{MADV_HUGEPAGE, PROT_WRITE, MAP_PRIVATE, " hg", 0, NULL},
	{MADV_MERGEABLE, PROT_WRITE, MAP_PRIVATE, " mg", 0, NULL},
	{MADV_RANDOM, PROT_WRITE, MAP_PRIVATE, " rr", 0, NULL},
};

static int is_shown(const void *address, const char *flag)
{
	FILE *file = fopen("/proc/self/smaps", "r");
	unsigned long start, end;
	int is_here = 0, is_found = 0;
	char line[1024];

	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			is_here = (uintptr_t)address >= start &&
				  (uintptr_t)address < end;
		if (is_here && strncmp(line, "VmFlags:", 8) == 0)
			is_found = strstr(line, flag) != NULL;
	}
	fclose(file);
	return is_found;
}

static unsigned char pattern(int number, size_t i)
{
	return (unsigned char)(i * 7 + i / PAGE + (size_t)number * 31 + 1);
}

static void fill(unsigned char *bytes, size_t size, int number)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = pattern(number, i);
}

static int is_filled(const unsigned char *bytes, size_t size, int number)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != pattern(number, i))
			return 0;
	return 1;
}

static unsigned char *map(int flags, int fd, int number)
{
	unsigned char *bytes =
		mmap(NULL, REGION_SIZE, PROT_READ | PROT_WRITE, flags, fd, 0);

	fill(bytes, REGION_SIZE, number);
	return bytes;
}

static void set_regions(void)
{
	for (size_t i = 0; i < COUNT(regions); i++) {
		struct region *r = &regions[i];

		r->bytes = map(r->flags | MAP_ANONYMOUS, -1, (int)i);
		madvise(r->bytes, REGION_SIZE, r->advice);
		mprotect(r->bytes, REGION_SIZE, r->protection);
		r->has_shown = is_shown(r->bytes, r->shown);
	}
}

static void check_regions(void)
{
	static const unsigned char zeroes[REGION_SIZE];

	for (size_t i = 0; i < COUNT(regions); i++) {
		struct region *r = &regions[i];

		service_check(is_shown(r->bytes, r->shown) == r->has_shown);
		mprotect(r->bytes, REGION_SIZE, PROT_READ);
		if (is_restored && r->advice == MADV_WIPEONFORK && r->has_shown)
			service_check(memcmp(r->bytes, zeroes, REGION_SIZE) ==
				      0);
		else
			service_check(is_filled(r->bytes, REGION_SIZE, (int)i));
	}
}

static unsigned char *locked, *guarded, *changed, *heap;
static int has_guard;

static size_t use_stack(int depth)
{
	volatile unsigned char frame[PAGE];

	memset((void *)frame, depth, PAGE);
	return frame[depth] + (depth > 0 ? use_stack(depth - 1) : 0);
}

static void set_memory(void)
{
	char path[] = "/tmp/holds_everything.XXXXXX";
	int fd = mkstemp(path);

	heap = sbrk(HEAP_SIZE);
	fill(heap, HEAP_SIZE, 50);
	service_check(use_stack(STACK_DEPTH) > 0);
	locked = map(MAP_PRIVATE | MAP_ANONYMOUS, -1, 51);
	service_check(mlock(locked, PAGE) == 0);
	guarded = map(MAP_PRIVATE | MAP_ANONYMOUS, -1, 52);
	has_guard = madvise(guarded + PAGE, PAGE, GUARD_INSTALL) == 0;
	service_check(pwrite(fd, "end", 4, REGION_SIZE - 4) == 4);
	changed = map(MAP_PRIVATE, fd, 53);
	madvise(changed + PAGE, 2 * PAGE, MADV_DONTNEED); /* as in the file */
	unlink(path);
	close(fd);
}

/* A path from a guarded page is an error to the kernel, and not the end. */
static void check_memory(void)
{
	service_check(sbrk(PAGE) == heap + HEAP_SIZE);
	memset(heap + HEAP_SIZE, 1, PAGE);
	service_check(is_filled(heap, HEAP_SIZE, 50));
	service_check(use_stack(2 * STACK_DEPTH) > 0);
	service_check(is_shown(locked, " lo"));
	service_check(is_filled(locked, REGION_SIZE, 51));
	service_check(is_filled(guarded, PAGE, 52));
	if (has_guard)
		service_check(access((char *)guarded + PAGE, F_OK) == -1 &&
			      errno == EFAULT);
	service_check(guarded[2 * PAGE] == pattern(52, 2 * PAGE));
	service_check(is_filled(changed, PAGE, 53) && changed[PAGE] == 0);
	service_check(strcmp((char *)changed + REGION_SIZE - 4, "end") == 0);
}

/* Attributes of the process, and of main: some prctl(2) gives, some returns. */
static const struct option {
	int set, get, is_given;
	unsigned long value;
} options[] = {
	{PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS, 0, 1},
	{PR_SET_THP_DISABLE, PR_GET_THP_DISABLE, 0, 1},
	{PR_SET_TIMERSLACK, PR_GET_TIMERSLACK, 0, 98765},
	{PR_SET_CHILD_SUBREAPER, PR_GET_CHILD_SUBREAPER, 1, 1},
	{PR_SET_PDEATHSIG, PR_GET_PDEATHSIG, 1, SIGURG},
};

static cpu_set_t one_cpu;
static int niceness;

static unsigned int dump_filter(const char *mode, unsigned int filter)
{
	FILE *file = fopen("/proc/self/coredump_filter", mode);

	if (*mode == 'w')
		fprintf(file, "%#x", filter);
	else if (fscanf(file, "%x", &filter) != 1)
		filter = 0;
	fclose(file);
	return filter;
}

static void set_attributes(void)
{
	const struct rlimit files = {.rlim_cur = 100, .rlim_max = 200};
	int cpu = CPU_SETSIZE;
	cpu_set_t allowed;

	for (size_t i = 0; i < COUNT(options); i++)
		service_check(
			prctl(options[i].set, options[i].value, 0, 0, 0) == 0);
	service_check(prctl(PR_SET_NAME, "all of it") == 0);
	service_check(chdir("/usr") == 0);
	umask(027);
	service_check(setrlimit(RLIMIT_NOFILE, &files) == 0);
	niceness = getpriority(PRIO_PROCESS, 0) + 1;
	service_check(setpriority(PRIO_PROCESS, 0, niceness) == 0);
	service_check(personality(personality(-1U) | STICKY_TIMEOUTS) != -1);
	service_check(syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
			      BEST_EFFORT_6) == 0);
	service_check(syscall(SYS_membarrier,
			      MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED,
			      0) == 0);
	service_check(dump_filter("w", 0x13));
	sched_getaffinity(0, sizeof(allowed), &allowed);
	while (!CPU_ISSET(--cpu, &allowed))
		;
	CPU_SET(cpu, &one_cpu);
	service_check(sched_setaffinity(0, sizeof(one_cpu), &one_cpu) == 0);
}

static void check_options(void)
{
	for (size_t i = 0; i < COUNT(options); i++) {
		const struct option *o = &options[i];
		int given = 0;
		int r = prctl(o->get, o->is_given ? &given : NULL, 0, 0, 0);

		service_check((o->is_given ? given : r) == (int)o->value);
	}
}

static void check_attributes(void)
{
	struct rlimit files = {0};
	char text[64] = "";
	cpu_set_t cpus;

	check_options();
	service_check(prctl(PR_GET_NAME, text) == 0);
	service_check(strcmp(text, "all of it") == 0);
	service_check(strcmp(getcwd(text, sizeof(text)), "/usr") == 0);
	service_check(umask(0) == 027);
	service_check(getrlimit(RLIMIT_NOFILE, &files) == 0);
	service_check(files.rlim_cur == 100 && files.rlim_max == 200);
	service_check(getpriority(PRIO_PROCESS, 0) == niceness);
	service_check(personality(-1U) & STICKY_TIMEOUTS);
	service_check(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0) ==
		      BEST_EFFORT_6);
	service_check(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED,
			      0) == 0);
	service_check(dump_filter("r", 0) == 0x13);
	sched_getaffinity(0, sizeof(cpus), &cpus);
	service_check(CPU_EQUAL(&cpus, &one_cpu));
	service_check(CPU_ISSET((size_t)sched_getcpu(), &one_cpu));
}

/* Signals of main and of the process. */
static unsigned char stack[1 << 16];
static volatile sig_atomic_t handled, was_on_stack;

static void handler(int signal)
{
	unsigned char here;

	(void)signal;
	handled++;
	was_on_stack = &here >= stack && &here < stack + sizeof(stack);
}

static void set_signals(void)
{
	const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction action = {.sa_handler = handler,
				   .sa_flags = SA_ONSTACK};

	sigaction(SIGUSR1, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	sigaltstack(&alternate, NULL);
	sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = 1});
	sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = 2});
	raise(SIGUSR2); /* is blocked */
}

/* It is there already, or comes soon; where it got lost, there is an end. */
static int take(int signal, int value)
{
	const struct timespec limit = {.tv_sec = 30};
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	return sigtimedwait(&set, &info, &limit) == signal &&
	       info.si_value.sival_int == value;
}

static void check_signals(void)
{
	struct sigaction action;
	sigset_t mask;

	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	service_check(sigismember(&mask, SIGUSR2) == 1);
	service_check(sigismember(&mask, SIGTERM) == 0);
	sigaction(SIGPIPE, NULL, &action);
	service_check(action.sa_handler == SIG_IGN);
	raise(SIGUSR1);
	service_check(handled == 1 && was_on_stack);
	service_check(take(SIGRTMIN + 1, 1) && take(SIGRTMIN + 1, 2));
	service_check(sigpending(&mask) == 0 && sigismember(&mask, SIGUSR2));
}

/* Threads that wait, each with a mutex of another kind, and one that spins. */
static struct parked {
	pthread_t thread;
	pthread_mutex_t held;
	char name[16];
} parked[PARKED];

static __thread int local = 5;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t written = PTHREAD_RWLOCK_INITIALIZER;
static pthread_t spinner;
static int parked_count;
static const struct timespec past;

static void make_mutex(pthread_mutex_t *new, int number)
{
	const int type =
		number % 2 ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_ERRORCHECK;
	pthread_mutexattr_t kind;

	pthread_mutexattr_init(&kind);
	pthread_mutexattr_settype(&kind, type);
	pthread_mutexattr_setrobust(&kind, number == 2);
	pthread_mutexattr_setprotocol(&kind, number == 3);
	pthread_mutex_init(new, &kind);
}

static void check_parked(struct parked *self, int number)
{
	const int is_recursive = number % 2;
	char name[16] = "";
	sigset_t mask;

	service_check(local == 5 + number);
	service_check(pthread_getname_np(pthread_self(), name, 16) == 0);
	service_check(strcmp(name, self->name) == 0);
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	service_check(sigismember(&mask, SIGRTMIN + 4 + number) == 1);
	service_check(sigismember(&mask, SIGRTMIN + 5 + number) == 0);
	service_check(take(SIGRTMIN + 2, number));
	service_check(pthread_mutex_timedlock(&self->held, &past) ==
		      (is_recursive ? 0 : EDEADLK));
	for (int i = 0; i <= is_recursive; i++)
		service_check(pthread_mutex_unlock(&self->held) == 0);
}

static void *park(void *argument)
{
	struct parked *self = argument;
	const int number = (int)(self - parked);
	const union sigval value = {.sival_int = number};
	sigset_t mask;

	local += number;
	snprintf(self->name, sizeof(self->name), "parked %d", number);
	pthread_setname_np(pthread_self(), self->name);
	sigemptyset(&mask);
	sigaddset(&mask, SIGRTMIN + 4 + number);
	pthread_sigmask(SIG_BLOCK, &mask, NULL);
	pthread_mutex_lock(&self->held);
	pthread_sigqueue(pthread_self(), SIGRTMIN + 2, value);
	pthread_mutex_lock(&mutex);
	parked_count++;
	pthread_cond_broadcast(&condition);
	while (!is_time)
		pthread_cond_wait(&condition, &mutex);
	pthread_mutex_unlock(&mutex);

	check_parked(self, number);
	return NULL;
}

static void *spin(void *none)
{
	double up = 0, down = 0;

	for (; !is_time; up += 1.5)
		down -= 1.5;
	service_check(up == -down);
	return none;
}

static void set_threads(void)
{
	for (int i = 0; i < PARKED; i++) {
		make_mutex(&parked[i].held, i);
		pthread_create(&parked[i].thread, NULL, park, &parked[i]);
	}
	pthread_mutex_lock(&mutex);
	while (parked_count < PARKED)
		pthread_cond_wait(&condition, &mutex);
	pthread_mutex_unlock(&mutex);
	pthread_create(&spinner, NULL, spin, NULL);
	pthread_rwlock_wrlock(&written);
}

static void check_threads(void)
{
	service_check(pthread_rwlock_timedwrlock(&written, &past) == EDEADLK);
	service_check(pthread_rwlock_unlock(&written) == 0);
	pthread_mutex_lock(&mutex);
	is_time = 1;
	pthread_cond_broadcast(&condition);
	pthread_mutex_unlock(&mutex);
	for (int i = 0; i < PARKED; i++)
		service_check(pthread_join(parked[i].thread, NULL) == 0);
	service_check(pthread_join(spinner, NULL) == 0);
}

static timer_t timers[4]; /* the second is deleted, the last fires */

static void set_timers(void)
{
	const struct itimerval real = {{7, 0}, {3600, 0}};
	const struct itimerspec hour = {{5, 0}, {3600, 0}};
	const struct itimerspec soon = {{0, 0}, {0, 100000000}};
	struct sigevent event = {.sigev_signo = SIGRTMIN + 3};

	for (int i = 0; i < 4; i++) {
		event.sigev_value.sival_int = 10 + i;
		timer_create(CLOCK_MONOTONIC, &event, &timers[i]);
	}
	timer_delete(timers[1]);
	timer_settime(timers[2], 0, &hour, NULL);
	timer_settime(timers[3], 0, &soon, NULL);
	setitimer(ITIMER_REAL, &real, NULL);
}

static void check_timers(void)
{
	struct itimerspec now;
	struct itimerval real;

	service_check(timer_gettime(timers[0], &now) == 0);
	service_check(timer_gettime(timers[1], &now) == -1 && errno == EINVAL);
	service_check(timer_gettime(timers[2], &now) == 0);
	service_check(now.it_value.tv_sec > 0 && now.it_interval.tv_sec == 5);
	service_check(getitimer(ITIMER_REAL, &real) == 0);
	service_check(real.it_value.tv_sec > 0 && real.it_interval.tv_sec == 7);
	service_check(take(SIGRTMIN + 3, 13));
}

int main(void)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	for (int i = 1; i <= 3; i++)
		sigaddset(&mask, SIGRTMIN + i);
	pthread_sigmask(SIG_BLOCK, &mask, NULL);
	/* Threads would inherit what main is. */
	set_threads();
	set_memory();
	set_regions();
	set_attributes();
	set_signals();
	set_timers();

	is_restored = service_ready();

	check_memory();
	check_regions();
	check_attributes();
	check_signals();
	check_timers();
	check_threads();
	return service_end();
}
