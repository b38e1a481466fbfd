/*
 * Threads that write memory all the time, each its own.
 *
 * A thread goes through its words again and again and finds in each what it has
 * put there in the round before.  Bytes that are not of the moment that its
 * registers are of are of a later one, and so are found.  It ends at SIGTERM.
 * With a number of seconds as argument it ends by itself, and some of the memory
 * is shared.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "service.h"

enum {
	THREADS = 4,
	WORDS = 640 << 10,
	OTHER_WORDS = 16 << 10,
};

struct part {
	uint64_t *own;
	uint64_t *other;
};

static volatile sig_atomic_t is_done;

static void end(int signal)
{
	(void)signal;
	is_done = 1;
}

static uint64_t *map(size_t count, int kind)
{
	return mmap(NULL, count * sizeof(uint64_t), PROT_READ | PROT_WRITE,
		    kind | MAP_ANONYMOUS, -1, 0);
}

static bool is_written(uint64_t *words, size_t count, uint64_t round)
{
	for (size_t i = 0; i < count; i++)
		if (words[i] != round)
			return false;
		else
			words[i] = round + 1;
	return true;
}

static void *write_always(void *argument)
{
	struct part *part = argument;

	for (uint64_t round = 0; !is_done && service_failures == 0; round++) {
		service_check(is_written(part->own, WORDS, round));
		service_check(is_written(part->other, OTHER_WORDS, round));
	}
	return NULL;
}

int main(int argc, char *argv[])
{
	const int kind = argc > 1 ? MAP_SHARED : MAP_PRIVATE;
	pthread_t threads[THREADS];
	struct part parts[THREADS];

	signal(SIGTERM, end);
	signal(SIGALRM, end);
	alarm(argc > 1 ? (unsigned int)atoi(argv[1]) : 0);
	for (int i = 0; i < THREADS; i++) {
		parts[i].own = map(WORDS, MAP_PRIVATE);
		parts[i].other = map(OTHER_WORDS, kind);
		for (size_t k = 0; k < WORDS; k += 512)
			((volatile uint64_t *)parts[i].own)[k] = 0;
	}
	puts("writing");
	fflush(stdout);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, write_always, &parts[i]);
	if (argc > 1)
		service_ready();
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return service_end();
}
