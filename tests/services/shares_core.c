/*
 * Memory of all kinds, which it looks through at each line that it reads.
 *
 * "check" finds in every page what was put there last, "write" puts something
 * else there and looks again, "free" gives memory back to libc and finds what it
 * gets instead as it should be.  Each is answered with "ok".  A word as argument
 * has it do what keeps memory from being mapped anew.
 */
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "faults.h"
#include "service.h"
#include "smaps.h"

enum {
	PAGE = 4096,
	BLOCK = 2 << 20, /* libc takes it from mmap(2) */
	SMALL = 1000,	 /* and this from the heap */
	SMALL_COUNT = 4000,
	ON_STACK = 256 << 10,
	GUARD_AT = 64 * PAGE,
	GUARD_INSTALL = 102, /* MADV_GUARD_INSTALL, Linux 6.13 */
	FEW_MAPPINGS = 70,   /* less than its own, and what is made of them */
	FRAGMENTS = 600,     /* more than are moved by one list of calls */
	FRAGMENT = 17 * PAGE,
	WIPED = 20 * PAGE, /* fewer than a hole in a core has */
};

/*
 * @address: where it has to be, or 0
 * @is_closed: its protection is @protection between two looks
 * @advice: or -1
 * @step: between pages that are filled
 */
static struct piece {
	uintptr_t address;
	size_t size;
	int protection;
	bool is_closed;
	int advice;
	size_t step;
	unsigned char *bytes;
} pieces[] = {
	{.address = 0x10000000000, .size = 4 << 20, .advice = -1, .step = 1},
	{.address = 0x20000000000, .size = 4 << 20, .advice = -1, .step = 1},
	{.size = 1 << 20,
	 .is_closed = true,
	 .protection = PROT_READ,
	 .advice = -1,
	 .step = 1},
	{.size = 1 << 20,
	 .is_closed = true,
	 .protection = PROT_NONE,
	 .advice = -1,
	 .step = 1},
	{.size = 1 << 20, .advice = MADV_DONTDUMP, .step = 1},
	{.size = 4 << 20, .advice = MADV_RANDOM, .step = 8},
	{.size = 4 << 20, .advice = -1, .step = 64},
	{.size = 1 << 20, .advice = GUARD_INSTALL, .step = 1},
	{.size = WIPED, .advice = MADV_WIPEONFORK, .step = 1},
	{.size = 1 << 20, .advice = -1, .step = 1}, /* of a file */
};

#define COUNT	    (sizeof(pieces) / sizeof(*pieces))
#define WIPED_PIECE (&pieces[COUNT - 2])
#define FILE_PIECE  (&pieces[COUNT - 1])

static unsigned int value = 1; /* what is put everywhere */
static bool wants_guard = true, has_guard, may_open;
static unsigned char *block;
static unsigned char *fragments; /* below all that has an address */
static unsigned char *small[SMALL_COUNT];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned int checks, checked;

static unsigned char byte_at(size_t place)
{
	return (unsigned char)((place / PAGE * 31 + value) % 255 + 1);
}

static void fill(unsigned char *bytes, size_t size, size_t step)
{
	for (size_t i = 0; i < size; i += step * PAGE)
		memset(bytes + i, byte_at(i), PAGE);
}

static bool is_filled(const unsigned char *bytes, size_t size, size_t step)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != (i / PAGE % step ? 0 : byte_at(i)))
			return false;
	return true;
}

/* A call of its own: libc's madvise() would be that of who drops pages. */
static int advise(void *address, size_t size, int advice)
{
	return (int)syscall(SYS_madvise, address, size, advice);
}

static int open_file(void)
{
	int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);

	service_check(ftruncate(fd, (off_t)FILE_PIECE->size) == 0);
	unlink("file");
	return fd;
}

static void map(struct piece *p)
{
	const int fd = p == FILE_PIECE ? open_file() : -1;

	p->bytes =
		mmap((void *)p->address, p->size, PROT_READ | PROT_WRITE,
		     fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_PRIVATE, fd, 0);
	if (fd >= 0)
		close(fd);
	service_check(!p->address || (uintptr_t)p->bytes == p->address);
	fill(p->bytes, p->size, p->step);
	if (p->advice == GUARD_INSTALL)
		has_guard = wants_guard &&
			    advise(p->bytes + GUARD_AT, PAGE, p->advice) == 0;
	else if (p->advice >= 0)
		service_check(advise(p->bytes, p->size, p->advice) == 0);
}

static void protect(const struct piece *p, bool is_open)
{
	if (p->is_closed)
		service_check(mprotect(p->bytes, p->size,
				       is_open ? PROT_READ | PROT_WRITE
					       : p->protection) == 0);
}

static bool has_its_bytes(const struct piece *p)
{
	if (p->advice != GUARD_INSTALL || !has_guard)
		return is_filled(p->bytes, p->size, p->step);
	return is_filled(p->bytes, GUARD_AT, 1) &&
	       faults_with(p->bytes + GUARD_AT) == SIGSEGV &&
	       p->bytes[GUARD_AT + PAGE] == byte_at(GUARD_AT + PAGE);
}

static void check_piece(const struct piece *p, bool is_restored)
{
	protect(p, true);
	if (p != WIPED_PIECE || !is_restored)
		service_check(has_its_bytes(p));
	protect(p, false);
	if (p->advice == MADV_DONTDUMP)
		service_check(smaps_has_flag(p->bytes, "dd"));
	if (p->advice == MADV_RANDOM)
		service_check(smaps_has_flag(p->bytes, "rr"));
}

static void write_piece(const struct piece *p)
{
	protect(p, true);
	for (size_t i = 0; i < p->size; i += p->step * PAGE)
		if (p->advice != GUARD_INSTALL || !has_guard || i != GUARD_AT)
			memset(p->bytes + i, byte_at(i), PAGE);
	protect(p, false);
}

/* Its stack and its heap are a thread's own. */
static void *look_at_own(void *unused)
{
	unsigned char on_stack[ON_STACK];
	unsigned char *on_heap = malloc(ON_STACK / 4);
	const unsigned int first = value;

	memset(on_stack, 5, sizeof(on_stack));
	memset(on_heap, 6, ON_STACK / 4);
	pthread_mutex_lock(&lock);
	for (;;) {
		while (checks == checked)
			pthread_cond_wait(&changed, &lock);
		for (size_t i = 0; i < sizeof(on_stack); i++)
			if (on_stack[i] != 5 || on_heap[i / 4] != 6)
				service_failures++;
		service_check(first == 1);
		checked++;
		pthread_cond_broadcast(&changed);
	}
	return unused;
}

static void ask_thread(void)
{
	pthread_mutex_lock(&lock);
	checks++;
	pthread_cond_broadcast(&changed);
	while (checks != checked)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

static void make_fragments(void)
{
	const size_t size = (size_t)FRAGMENTS * FRAGMENT;

	fragments = mmap((void *)0x8000000000, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(fragments, 7, size);
	for (size_t i = 0; i < size; i += (size_t)2 * FRAGMENT)
		mprotect(fragments + i, FRAGMENT, PROT_READ);
}

static bool are_whole(void)
{
	for (size_t i = 0; i < (size_t)FRAGMENTS * FRAGMENT; i++)
		if (fragments[i] != 7)
			return false;
	return true;
}

static void check_all(bool is_restored)
{
	service_check(!fragments || are_whole());
	for (size_t i = 0; i < COUNT; i++)
		check_piece(&pieces[i], is_restored);
	service_check(is_filled(block, BLOCK, 1));
	for (size_t i = 0; i < SMALL_COUNT; i++)
		service_check(small[i][0] == (unsigned char)(i + value) &&
			      small[i][SMALL - 1] == (unsigned char)i);
	ask_thread();
}

static void write_all(void)
{
	value++;
	for (size_t i = 0; i < COUNT; i++)
		write_piece(&pieces[i]);
	fill(block, BLOCK, 1);
	for (size_t i = 0; i < SMALL_COUNT; i++)
		small[i][0] = (unsigned char)(i + value);
}

static void use_heap(void)
{
	bool is_zero = true;

	for (size_t i = 0; i < SMALL_COUNT; i++) {
		small[i] = malloc(SMALL);
		memset(small[i], (unsigned char)i, SMALL);
		small[i][0] = (unsigned char)(i + value);
	}
	for (size_t i = 0; i < 100 && is_zero; i++) {
		unsigned char *zeros = calloc(1, 16 * SMALL);

		for (size_t k = 0; k < 16 * SMALL; k++)
			is_zero = is_zero && zeros[k] == 0;
		free(zeros);
	}
	service_check(is_zero);
}

/* The block grows in place or elsewhere; the heap is cut and grows again. */
static void free_memory(void)
{
	unsigned char *grown = realloc(block, 2 * (size_t)BLOCK);

	service_check(is_filled(grown, BLOCK, 1));
	fill(grown, 2 * (size_t)BLOCK, 1);
	service_check(is_filled(grown, 2 * (size_t)BLOCK, 1));
	block = grown;
	for (size_t i = 0; i < SMALL_COUNT; i++)
		free(small[i]);
	malloc_trim(0);
	use_heap();
}

/* A limit that allows for what it is asked, but not for what is to be mapped. */
static void limit_space(void)
{
	struct rlimit limit = {0};
	FILE *statm = fopen("/proc/self/statm", "re");
	char text[32] = "";

	service_check(fgets(text, sizeof(text), statm) != NULL);
	fclose(statm);
	limit.rlim_cur = (strtoul(text, NULL, 10) + 512) * PAGE;
	limit.rlim_max = limit.rlim_cur;
	service_check(setrlimit(RLIMIT_AS, &limit) == 0);
}

/* As many as there may be, but for a few. */
static void make_mappings(void)
{
	FILE *most = fopen("/proc/sys/vm/max_map_count", "re");
	char text[32] = "";
	char *memory;
	size_t count;

	service_check(fgets(text, sizeof(text), most) != NULL);
	fclose(most);
	count = strtoul(text, NULL, 10) - FEW_MAPPINGS;
	memory = mmap(NULL, count * PAGE, PROT_NONE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	for (size_t i = 0; i < count; i += 2)
		mprotect(memory + i * PAGE, PAGE, PROT_READ);
}

/* To the standard ones, if it may not open others. */
static void limit_descriptors(void)
{
	struct rlimit limit;

	service_check(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	limit.rlim_cur = may_open ? limit.rlim_max : 3;
	service_check(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static void look_at_all(bool is_restored)
{
	const bool could_open = may_open;

	may_open = true;
	limit_descriptors();
	check_all(is_restored);
	may_open = could_open;
	limit_descriptors();
}

static void prepare(const char *what)
{
	may_open = strcmp(what, "descriptors") != 0;
	limit_descriptors();
	if (strcmp(what, "space") == 0)
		limit_space();
	if (strcmp(what, "fragments") == 0)
		make_fragments();
	if (strcmp(what, "mappings") == 0)
		make_mappings();
	if (strcmp(what, "lock") == 0 && mlockall(MCL_FUTURE) < 0)
		exit(77);
}

int main(int argc, char *argv[])
{
	pid_t first_pid = getpid();
	pthread_t thread;
	char line[16];

	wants_guard = argc < 2 || strcmp(argv[1], "unguarded") != 0;
	for (size_t i = 0; i < COUNT; i++)
		map(&pieces[i]);
	block = malloc(BLOCK);
	fill(block, BLOCK, 1);
	use_heap();
	pthread_create(&thread, NULL, look_at_own, NULL);
	ask_thread();
	for (size_t i = 0; i < COUNT; i++)
		protect(&pieces[i], false);
	prepare(argc > 1 ? argv[1] : "");
	while (fgets(line, sizeof(line), stdin)) {
		if (line[0] == 'w')
			write_all();
		if (line[0] == 'f')
			free_memory();
		look_at_all(getpid() != first_pid);
		puts(service_failures ? "bad" : "ok");
		fflush(stdout);
	}
	return service_failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
