/*
 * Starts threads and waits for their ends, again and again, until SIGTERM comes.
 * So whoever stops it meets threads that have just begun or are about to end.
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <unistd.h>

#include "service.h"

enum {
	STARTERS = 3,
	EACH = 4,
};

static volatile sig_atomic_t is_done;

static void end(int signal)
{
	(void)signal;
	is_done = 1;
}

/* Half of them are gone at once. */
static void *be_short(void *argument)
{
	if ((intptr_t)argument % 2)
		usleep(50);
	return argument;
}

static void *start_threads(void *unused)
{
	pthread_t threads[EACH];
	void *result;

	(void)unused;
	while (!is_done) {
		for (intptr_t i = 0; i < EACH; i++)
			service_check(pthread_create(&threads[i], NULL,
						     be_short, (void *)i) == 0);
		for (intptr_t i = 0; i < EACH; i++)
			service_check(pthread_join(threads[i], &result) == 0 &&
				      (intptr_t)result == i);
	}
	return NULL;
}

int main(void)
{
	pthread_t starters[STARTERS];

	signal(SIGTERM, end);
	puts("starting");
	fflush(stdout);
	for (int i = 0; i < STARTERS; i++)
		pthread_create(&starters[i], NULL, start_threads, NULL);
	for (int i = 0; i < STARTERS; i++)
		pthread_join(starters[i], NULL);
	return service_end();
}
