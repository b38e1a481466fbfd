/*
 * standalone.c - runs a fuzzer without libFuzzer
 *
 *	fuzz_X [SECONDS [SEED]]
 *
 * Mutates what the fuzzer begins with, some bytes at a time; the seed is
 * printed, so that a failure can be had again.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fuzz.h"

enum {
	SIZE_MAX_OF_INPUT = 1 << 16,
	DEFAULT_SECONDS = 5,
};

static uint64_t state;

static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static size_t mutate(uint8_t *bytes, size_t size)
{
	static const uint64_t odd[] = {
		0,	    1,		0x7f,
		0xff,	    0xfff,	0x1000,
		0x7fffffff, 0xffffffff, 0x7fffffffffff,
		INT64_MAX,  UINT64_MAX, 0xfffffffffffff000};

	for (uint64_t i = next() % 8; size > 8 && i > 0; i--) {
		uint64_t at = next() % (size - 8);

		switch (next() % 5) {
		case 0:
			bytes[at] = (uint8_t)next();
			break;
		case 1:
			bytes[at] ^= (uint8_t)(1 << next() % 8);
			break;
		case 2:
			memcpy(bytes + at,
			       &odd[next() % (sizeof(odd) / sizeof(*odd))], 8);
			break;
		case 3:
			memcpy(bytes + at, bytes + next() % (size - 8), 8);
			break;
		default:
			if (next() % 16 == 0)
				size = at + 1;
			break;
		}
	}
	return size;
}

int main(int argc, char *argv[])
{
	const time_t end =
		time(NULL) + (argc > 1 ? atol(argv[1]) : DEFAULT_SECONDS);
	uint64_t seed =
		argc > 2 ? strtoull(argv[2], NULL, 0) : (uint64_t)time(NULL);
	uint8_t *bytes = malloc(SIZE_MAX_OF_INPUT);
	uint64_t rounds = 0;

	state = seed | 1;
	printf("seed %llu\n", (unsigned long long)seed);
	fflush(stdout);
	for (; time(NULL) < end; rounds++) {
		size_t size = fuzz_begin(bytes, SIZE_MAX_OF_INPUT);
		/* Of just the right size, for the sanitizer to guard. */
		uint8_t *copy;

		size = mutate(bytes, size);
		copy = malloc(size ? size : 1);
		memcpy(copy, bytes, size);
		fuzz_one(copy, size);
		free(copy);
	}
	free(bytes);
	printf("%llu rounds\n", (unsigned long long)rounds);
	return rounds > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
