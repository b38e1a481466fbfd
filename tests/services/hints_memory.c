/*
 * What the kernel was advised about memory: which of it goes into no core and
 * which to no child, how it will be read, in which pages, whether it may be
 * merged, and what may be thrown away.
 */
#include <fcntl.h>
#include <linux/prctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faults.h"
#include "service.h"
#include "smaps.h"

enum {
	PAGE = 4096,
	SIZE = 4 * PAGE,
};

/* Which advice shows as which flag of smaps. */
static const struct hint {
	int advice;
	const char *flag;
} hints[] = {
	{MADV_DONTDUMP, "dd"},	{MADV_DONTFORK, "dc"}, {MADV_SEQUENTIAL, "sr"},
	{MADV_RANDOM, "rr"},	{MADV_HUGEPAGE, "hg"}, {MADV_NOHUGEPAGE, "nh"},
	{MADV_MERGEABLE, "mg"},
};

enum {
	HINTS = sizeof(hints) / sizeof(*hints),
	DONTFORK = 1,
};

static unsigned char *make(unsigned char value, int fd)
{
	unsigned char *bytes =
		mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		     fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_PRIVATE, fd, 0);

	memset(bytes, value, SIZE);
	return bytes;
}

static int is_filled(const unsigned char *bytes, int size, int value)
{
	for (int i = 0; i < size; i++)
		if (bytes[i] != value)
			return 0;
	return 1;
}

static int faults_in_child(const unsigned char *bytes)
{
	pid_t child = fork();
	int status = -1;

	if (child == 0)
		_exit(faults_with(bytes));
	waitpid(child, &status, 0);
	return WEXITSTATUS(status);
}

/* All is changed; page 1 is dropped, so the file shows; page 2 changed again. */
static unsigned char *make_of_file(void)
{
	int fd = open("advised", O_RDWR | O_CREAT | O_TRUNC, 0644);
	unsigned char *bytes;

	for (int i = 0; i < SIZE; i++)
		if (write(fd, "f", 1) != 1)
			exit(2);
	bytes = make('c', fd);
	close(fd);
	madvise(bytes + PAGE, 2 * PAGE, MADV_DONTNEED);
	bytes[2 * PAGE] = 'a';
	return bytes;
}

int main(void)
{
	unsigned char *hinted[HINTS], *cold = make(0x22, -1);
	unsigned char *freed = make(0x33, -1), *named = make(0x44, -1);
	unsigned char *of_file = make_of_file();
	int is_taken[HINTS], is_named;

	for (int i = 0; i < HINTS; i++) {
		hinted[i] = make((unsigned char)(i + 1), -1);
		is_taken[i] = madvise(hinted[i], SIZE, hints[i].advice) == 0;
	}
	madvise(cold, SIZE, MADV_COLD);
	madvise(freed, SIZE, MADV_FREE);
	memset(freed, 0x55, PAGE);
	is_named = prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, named, SIZE,
			 "odd one") == 0;

	service_ready();

	for (int i = 0; i < HINTS; i++) {
		service_check(is_filled(hinted[i], SIZE, i + 1));
		if (smaps_has_flag(hinted[i], hints[i].flag) != is_taken[i]) {
			printf("hint %s is lost\n", hints[i].flag);
			service_failures++;
		}
	}
	service_check(faults_in_child(hinted[DONTFORK]) == SIGSEGV);
	service_check(faults_in_child(hinted[DONTFORK + 1]) == 0);
	service_check(is_filled(cold, SIZE, 0x22));
	service_check(is_filled(freed, PAGE, 0x55));
	for (int i = PAGE; i < SIZE; i += PAGE)
		service_check(is_filled(freed + i, PAGE, freed[i]) &&
			      (freed[i] == 0x33 || freed[i] == 0));
	service_check(is_filled(named, SIZE, 0x44));
	service_check(smaps_has_name(named, "[anon:odd one]") == is_named);
	service_check(is_filled(of_file, PAGE, 'c'));
	service_check(is_filled(of_file + PAGE, PAGE, 'f'));
	service_check(of_file[2 * PAGE] == 'a' && of_file[SIZE - 1] == 'c');
	service_check(is_filled(of_file + 2 * PAGE + 1, PAGE - 1, 'f'));
	return service_end();
}
