/*
 * Memory of a size that is given in MiB, and requests.
 *
 * "write" writes to every third page; "count" prints the sum of their first bytes
 * and how many mappings the process has.
 */
#include <sys/mman.h>

#include "service.h"

enum {
	PAGE = 4096,
	STEP = 3,
};

static int count_mappings(void)
{
	FILE *file = fopen("/proc/self/maps", "r");
	int count = 0;

	for (int c; file && (c = getc(file)) != EOF;)
		count += c == '\n';
	fclose(file);
	return count;
}

int main(int argc, char *argv[])
{
	const size_t size = (size_t)(argc > 1 ? strtol(argv[1], NULL, 10) : 2)
			    << 20;
	char *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char line[16];
	size_t sum = 0;

	memset(bytes, 2, size);
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof(line), stdin)) {
		if (strcmp(line, "write\n") == 0)
			for (size_t i = 0; i < size; i += (size_t)STEP * PAGE)
				bytes[i]++;
		if (strcmp(line, "count\n") == 0)
			break;
	}
	for (size_t i = 0; i < size; i += PAGE)
		sum += (size_t)bytes[i];
	printf("sum %zu mappings %d\n", sum, count_mappings());
	return EXIT_SUCCESS;
}
