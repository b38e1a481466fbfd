/*
 * Threads that wait while main waits for a line, and memory of which half is
 * zeros.
 */
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "service.h"

enum {
	THREADS = 10,
	SIZE = 64 * 4096,
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int is_time, waiting;

/* Who has let go of the mutex is in pthread_cond_wait(). */
static int count_waiting(void)
{
	int count;

	pthread_mutex_lock(&mutex);
	count = waiting;
	pthread_mutex_unlock(&mutex);
	return count;
}

static void *run(void *unused)
{
	pthread_mutex_lock(&mutex);
	waiting++;
	while (!is_time)
		pthread_cond_wait(&condition, &mutex);
	pthread_mutex_unlock(&mutex);
	return unused;
}

int main(void)
{
	unsigned char *private = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t threads[THREADS];
	char line[16];

	memset(private, 0x22, SIZE / 2);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, run, NULL);

	while (count_waiting() < THREADS)
		usleep(1000);

	service_check(fgets(line, sizeof(line), stdin) != NULL);

	pthread_mutex_lock(&mutex);
	is_time = 1;
	pthread_cond_broadcast(&condition);
	pthread_mutex_unlock(&mutex);
	for (int i = 0; i < THREADS; i++)
		service_check(pthread_join(threads[i], NULL) == 0);
	for (int i = 0; i < SIZE; i++)
		service_check(private[i] == (i < SIZE / 2 ? 0x22 : 0));
	return service_end();
}
