/*
 * A block of pages, and requests that touch some of them.
 *
 * "work" writes to every 64th page and reads one more; "look" touches none and
 * prints how many are the process's own and how many show a file; "sum" reads
 * all; "end" ends at once, without an answer.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "service.h"

enum {
	PAGE = 4096,
	PAGES = 512,
	STEP = 64,
	READ = 300,
};

static const uint64_t entry_present = 1ULL << 63;
static const uint64_t entry_file = 1ULL << 61;

static unsigned char *block;

static void look(void)
{
	static uint64_t entries[PAGES];
	int fd = open("/proc/self/pagemap", O_RDONLY);
	int own = 0, shown = 0;

	if (pread(fd, entries, sizeof(entries),
		  (off_t)((uintptr_t)block / PAGE * sizeof(*entries))) !=
	    (ssize_t)sizeof(entries))
		exit(EXIT_FAILURE);
	close(fd);
	for (int i = 0; i < PAGES; i++) {
		own += entries[i] & entry_present && !(entries[i] & entry_file);
		shown += entries[i] & entry_present && entries[i] & entry_file;
	}
	printf("own %d shown %s\n", own, shown ? "some" : "none");
}

static void work(void)
{
	for (int i = 0; i < PAGES; i += STEP)
		block[i * PAGE + 1]++;
	printf("worked %d\n", *(volatile unsigned char *)&block[READ * PAGE]);
}

static void sum(void)
{
	unsigned int total = 0;

	for (int i = 0; i < PAGES; i++)
		total += block[i * PAGE] + block[i * PAGE + 1];
	printf("sum %u\n", total);
}

int main(void)
{
	char line[16];

	block = mmap(NULL, (size_t)PAGES * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < PAGES; i++)
		block[i * PAGE] = (unsigned char)(i % 7 + 1);
	setvbuf(stdout, NULL, _IOLBF, 0);
	service_ready();
	while (fgets(line, sizeof(line), stdin)) {
		if (strcmp(line, "look\n") == 0)
			look();
		else if (strcmp(line, "work\n") == 0)
			work();
		else if (strcmp(line, "sum\n") == 0)
			sum();
		else
			_exit(EXIT_SUCCESS);
	}
	return EXIT_SUCCESS;
}
