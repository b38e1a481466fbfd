/*
 * Memory of a size that is given in MiB, in eight pieces with gaps between
 * them, all of it filled; and requests that say themselves what they took.
 *
 * "read" walks through it at random, "write" also writes each word that it
 * has read, and "fork" forks it and waits for the child, which exits at once.
 * Each answer is milliseconds.  At the end of its input it exits at once.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "service.h"

enum {
	PIECES = 8,
	GAP = 1 << 12,
	STEPS = 1 << 19,
};

static volatile uint64_t *pieces[PIECES];
static size_t words;

static void fill(size_t size)
{
	char *memory = mmap(NULL, PIECES * (size + GAP), PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	words = size / sizeof(uint64_t);
	for (size_t i = 0; i < PIECES; i++) {
		pieces[i] = (void *)(memory + i * (size + GAP));
		mprotect((void *)pieces[i], size, PROT_READ | PROT_WRITE);
		for (size_t k = 0; k < words; k++)
			pieces[i][k] = k * 0x9e3779b97f4a7c15 + i + 1;
	}
}

/* Where it goes next depends on what it has read: no step overlaps another. */
static void walk(bool writes)
{
	uint64_t place = 1;

	for (size_t i = 0; i < STEPS; i++) {
		volatile uint64_t *word =
			&pieces[place >> 61][(place >> 8) % words];
		uint64_t value = *word;

		if (writes)
			*word = value;
		place = place * 0x5851f42d4c957f2d + (value >> 63) + 1;
	}
}

static void fork_itself(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
}

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

int main(int argc, char *argv[])
{
	char line[16];

	fill((size_t)(argc > 1 ? atol(argv[1]) : 2) * (1 << 20) / PIECES);
	while (fgets(line, sizeof(line), stdin)) {
		double start = now_ms();

		if (line[0] == 'f')
			fork_itself();
		else
			walk(line[0] == 'w');
		printf("%.3f\n", now_ms() - start);
		fflush(stdout);
	}
	return EXIT_SUCCESS;
}
