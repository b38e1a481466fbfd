/*
 * A service library: what its first argument names happens while it warms up
 *
 *	open    a descriptor is left, and said to be blamed on who opened it
 *	trap    it is killed, two calls deep
 *	exit    it ends
 *	fail    it returns 7
 *	input   it waits for input
 *	thread  it leaves a thread behind, which is woken when it serves
 *	reader  it leaves a thread behind, which waits for input
 *	unsaid  what it has printed is left in its buffer
 *	else    it has memory, and nothing more
 *
 * It serves by printing its arguments and what it has kept.  Built also without
 * one of its functions, or both, and with one that is nowhere.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "service.h"

enum {
	TABLE_SIZE = 3 << 20,
};

#ifdef LACKS_SYMBOL
int is_nowhere(int *ret_line);
#endif

#ifndef NO_WARM_UP
static char *table;

__attribute__((noinline)) static int open_table(int caller_line)
{
	int line = __LINE__ + 1;
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	service_finding("fd %d file /etc/passwd, read-only, at 0", fd);
	service_expect("in openat(2)");
	service_expect("open_table at warms_up.c:%d, "
		       "subctx_warm_up at warms_up.c:%d, ",
		       line, caller_line);
	service_expect("main at launcher.c:");
	return fd < 0;
}

static pthread_t thread;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t is_woken = PTHREAD_COND_INITIALIZER;
static int serves;
static __thread int mine = 1;

static void *await_serving(void *unused)
{
	mine++;
	pthread_mutex_lock(&mutex);
	while (!serves)
		pthread_cond_wait(&is_woken, &mutex);
	pthread_mutex_unlock(&mutex);
	printf("thread %d\n", mine);
	return unused;
}

static void *await_input(void *unused)
{
	getchar();
	return unused;
}

/* Once it has the lock of the stream, it is about to read. */
static int start_reader(void)
{
	int status = pthread_create(&thread, NULL, await_input, NULL);

	pthread_detach(thread);
	thread = 0;
	while (status == 0 && ftrylockfile(stdin) == 0) {
		funlockfile(stdin);
		usleep(1000);
	}
	return status;
}

__attribute__((unused)) static void wake_thread(void)
{
	pthread_mutex_lock(&mutex);
	serves = 1;
	pthread_cond_signal(&is_woken);
	pthread_mutex_unlock(&mutex);
	if (thread)
		pthread_join(thread, NULL);
}

__attribute__((noinline)) static int trap(void)
{
	__builtin_trap();
	return 0; /* not a tail call: the frame must stay on the stack */
}

int subctx_warm_up(int argc, char *argv[])
{
	const char *what = argc > 1 ? argv[1] : "";
	int status = 0;

	table = malloc(TABLE_SIZE);
	memset(table, 'w', TABLE_SIZE);
	printf("warm:");
	for (int i = 1; i < argc; i++)
		printf(" %s", argv[i]);
	printf(argv[argc] ? "?\n" : "\n");
	if (strcmp(what, "unsaid") != 0)
		fflush(stdout);
	if (strcmp(what, "open") == 0)
		status = open_table(__LINE__);
	if (strcmp(what, "trap") == 0)
		status = trap();
	if (strcmp(what, "exit") == 0)
		exit(4);
	if (strcmp(what, "thread") == 0)
		status = pthread_create(&thread, NULL, await_serving, NULL);
	if (strcmp(what, "reader") == 0)
		status = start_reader();
	if (strcmp(what, "input") == 0)
		status = getchar() == EOF;
	return strcmp(what, "fail") == 0 ? 7 : status;
}
#endif

#ifndef NO_SERVE
int subctx_serve(int argc, char *argv[])
{
#ifdef LACKS_SYMBOL
	is_nowhere(&argc);
#endif
#ifndef NO_WARM_UP
	wake_thread();
	printf("%c", table[TABLE_SIZE - 1]);
#endif
	printf(" serve:");
	for (int i = 1; i < argc; i++)
		printf(" %s", argv[i]);
	printf(argv[argc] ? "?\n" : "\n");
	return 3;
}
#endif
