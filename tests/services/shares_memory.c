/*
 * Anonymous shared memory, though shared with nobody yet: in one piece, with
 * several rights, with a hole, twice in the address space, and a System V segment
 * that no key leads to.  A child made in the second life shares it, and nothing
 * else.
 */
#include <stdint.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "service.h"
#include "smaps.h"

enum {
	PAGE = 4096,
	COUNT = 5,
	SIZE = COUNT * PAGE,
};

/* The first page is filled with a letter, the second with the next. */
static unsigned char *fill(unsigned char *bytes, int letter)
{
	for (int i = 0; i < SIZE; i++)
		bytes[i] = (unsigned char)(letter + i / PAGE);
	return bytes;
}

static unsigned char *make(int flags, int letter)
{
	return fill(mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
			 flags | MAP_ANONYMOUS, -1, 0),
		    letter);
}

/* In two mappings, of which the second may only be read. */
static unsigned char *make_segment(int letter)
{
	int id = shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0600);
	unsigned char *bytes = shmat(id, NULL, 0);

	shmctl(id, IPC_RMID, NULL);
	if (bytes == (void *)-1)
		exit(2);
	fill(bytes, letter);
	mprotect(bytes + 3 * PAGE, 2 * PAGE, PROT_READ);
	return bytes;
}

static int is_made(const unsigned char *bytes, int letter, int from, int to)
{
	for (int i = from * PAGE; i < to * PAGE; i++)
		if (bytes[i] != letter + i / PAGE)
			return 0;
	return 1;
}

static void check_split(unsigned char *split)
{
	service_check(!smaps_has_flag(split, "rd"));
	service_check(smaps_has_flag(split + PAGE, "wr"));
	service_check(smaps_has_flag(split + 2 * PAGE, "rd"));
	service_check(!smaps_has_flag(split + 2 * PAGE, "wr"));
	service_check(mprotect(split, 3 * PAGE, PROT_READ | PROT_WRITE) == 0);
	service_check(is_made(split, 'h', 0, COUNT));
}

static void check_holed(const unsigned char *holed)
{
	service_check(is_made(holed, 'o', 0, 2));
	service_check(
		!smaps_find(holed + 2 * PAGE, NULL, (char[SMAPS_LINE]){0}));
	service_check(is_made(holed, 'o', 3, COUNT));
}

static void check_twice(unsigned char *first, unsigned char *second)
{
	service_check(is_made(first, 'A', 0, COUNT));
	service_check(is_made(second, 'A', 0, COUNT));
	first[PAGE] = 1;
	second[SIZE - 1] = 2;
	service_check(second[PAGE] == 1 && first[SIZE - 1] == 2);
}

/* A child adds one to the first byte of each, all but the last are shared. */
static void check_child(unsigned char *const *places, int count)
{
	unsigned char before[9];
	pid_t child;
	int status = -1;

	for (int i = 0; i < count; i++)
		before[i] = places[i][0];
	child = fork();
	if (child == 0) {
		for (int i = 0; i < count; i++)
			places[i][0]++;
		_exit(EXIT_SUCCESS);
	}
	waitpid(child, &status, 0);
	service_check(status == EXIT_SUCCESS);
	for (int i = 0; i < count; i++)
		service_check(places[i][0] == before[i] + (i < count - 1));
}

int main(void)
{
	unsigned char *whole = make(MAP_SHARED, 'a');
	unsigned char *split = make(MAP_SHARED, 'h');
	unsigned char *holed = make(MAP_SHARED, 'o');
	unsigned char *first = make(MAP_SHARED, 'A');
	unsigned char *second = mremap(first, 0, SIZE, MREMAP_MAYMOVE);
	unsigned char *segment = make_segment('V');
	unsigned char *own = make(MAP_PRIVATE, 'H');

	if (second == MAP_FAILED)
		return 2;
	mprotect(split, PAGE, PROT_NONE);
	mprotect(split + 2 * PAGE, PAGE, PROT_READ);
	munmap(holed + 2 * PAGE, PAGE);

	service_ready();

	service_check(is_made(whole, 'a', 0, COUNT));
	check_split(split);
	check_holed(holed);
	check_twice(first, second);
	service_check(is_made(segment, 'V', 0, COUNT));
	service_check(!smaps_has_flag(segment + 4 * PAGE, "wr"));
	check_child((unsigned char *[]){whole, split, split + 4 * PAGE, holed,
					holed + 3 * PAGE, first, second + PAGE,
					segment, own},
		    9);
	service_check(first[PAGE] == 2);
	return service_end();
}
