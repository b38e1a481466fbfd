/*
 * Memory from malloc, by brk and by mmap, and more of it in the second life.
 *
 * The break must be where it was, to the byte, and what is reallocated must
 * keep its contents and show nothing of anybody else's where it grows.
 */
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "service.h"

enum {
	SMALL = 1000,
	LARGE = 1 << 20,
};

static int is_filled(const unsigned char *bytes, size_t size, int value)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != value)
			return 0;
	return 1;
}

int main(void)
{
	unsigned char *small[SMALL];
	unsigned char *large = malloc(LARGE);
	unsigned char *zeros = calloc(1, LARGE);
	char *top;

	for (int i = 0; i < SMALL; i++) {
		small[i] = malloc(100 + (size_t)i);
		memset(small[i], i & 0xff, 100 + (size_t)i);
	}
	memset(large, 0x5a, LARGE);
	sbrk(123); /* an odd break */
	top = sbrk(0);

	service_ready();

	service_check(sbrk(0) == top);
	for (int i = 0; i < SMALL; i++) {
		service_check(is_filled(small[i], 100 + (size_t)i, i & 0xff));
		small[i] = realloc(small[i], 5000 + (size_t)i);
		service_check(is_filled(small[i], 100 + (size_t)i, i & 0xff));
		memset(small[i], i & 0xff, 5000 + (size_t)i);
	}
	large = realloc(large, 64 * LARGE);
	service_check(is_filled(large, LARGE, 0x5a));
	memset(large, 0xa5, 64 * LARGE);
	service_check(is_filled(zeros, LARGE, 0));
	for (int i = 0; i < SMALL; i++) {
		service_check(is_filled(small[i], 5000 + (size_t)i, i & 0xff));
		free(small[i]);
	}
	free(large);
	large = calloc(1, 8 * LARGE);
	service_check(is_filled(large, 8 * LARGE, 0));
	return service_end();
}
