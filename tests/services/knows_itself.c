/*
 * What a process and its libc know about themselves: ids, name, arguments,
 * environment, the program's place, thread-local variables, locks with owners.
 */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "service.h"

static __thread uint64_t local = 0x1234567812345678;

static void check_text(const char *path, const char *wanted, size_t size)
{
	char text[4096] = "";
	int fd = open(path, O_RDONLY);
	ssize_t got = read(fd, text, sizeof(text));

	close(fd);
	service_check(got >= (ssize_t)size && memcmp(text, wanted, size) == 0);
	if (got < (ssize_t)size || memcmp(text, wanted, size) != 0)
		printf("%s: '%.*s'\n", path, (int)got, text);
}

int main(int argc, char *argv[])
{
	pthread_mutexattr_t kind;
	pthread_mutex_t mutex;
	pid_t first_pid = getpid();
	unsigned int cpu = 0;
	void *linkage = (void *)getauxval(AT_SYSINFO_EHDR);
	cpu_set_t cpus;
	int is_restored;

	(void)argc;
	pthread_mutexattr_init(&kind);
	pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&mutex, &kind);
	prctl(PR_SET_NAME, "knows-itself");
	local++;

	is_restored = service_ready();

	service_check(is_restored == (getpid() != first_pid));
	service_check(getpid() == syscall(SYS_getpid));
	service_check(gettid() == syscall(SYS_gettid));
	service_check(pthread_kill(pthread_self(), 0) == 0);
	service_check(raise(SIGCHLD) == 0);
	service_check(local == 0x1234567812345679);
	service_check(pthread_mutex_lock(&mutex) == 0);
	service_check(pthread_mutex_lock(&mutex) == EDEADLK);
	service_check(pthread_mutex_unlock(&mutex) == 0);
	check_text("/proc/self/comm", "knows-itself\n", 13);
	check_text("/proc/self/cmdline", argv[0], strlen(argv[0]) + 1);
	check_text("/proc/self/environ", environ[0], strlen(environ[0]) + 1);
	service_check(linkage == (void *)getauxval(AT_SYSINFO_EHDR));
	service_check(getauxval(AT_RANDOM) != 0);
	/* rseq: libc's idea of the processor follows the kernel's. */
	for (int i = 0; i < 2; i++) {
		CPU_ZERO(&cpus);
		CPU_SET(i, &cpus);
		if (sched_setaffinity(0, sizeof(cpus), &cpus) < 0)
			continue;
		syscall(SYS_getcpu, &cpu, NULL, NULL);
		service_check(sched_getcpu() == (int)cpu && (int)cpu == i);
	}
	return service_end();
}
