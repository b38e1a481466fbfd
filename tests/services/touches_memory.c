/*
 * Memory of a size that is given in MiB, filled with numbers.
 *
 * It waits for a line; with one, it prints the sum of all, which shows that
 * every byte is there.  At the end of its input it exits at once.
 */
#include <stdint.h>
#include <sys/mman.h>

#include "service.h"

int main(int argc, char *argv[])
{
	size_t size = (size_t)(argc > 1 ? atol(argv[1]) : 2) << 20;
	uint64_t *words = mmap(NULL, size, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t sum = 0;
	char line[16];

	for (size_t i = 0; i < size / sizeof(*words); i++)
		words[i] = i * 0x9e3779b97f4a7c15 + 1;
	if (!fgets(line, sizeof(line), stdin))
		return EXIT_SUCCESS;
	for (size_t i = 0; i < size / sizeof(*words); i++)
		sum += words[i] * (i | 1);
	printf("%016llx\n", (unsigned long long)sum);
	return EXIT_SUCCESS;
}
