/*
 * Memory with room to grow: a little of a large reservation, a mapping that
 * grows downwards, and a break that is not at a page's end.
 */
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "faults.h"
#include "service.h"
#include "smaps.h"

#define RESERVED    (1UL << 30)
#define FAR_ADDRESS ((void *)0x100000000000) /* with nothing for 1 MiB below */

enum {
	PAGE = 4096,
	ODD = 12345,
};

static unsigned char *map(void *address, size_t size, int protection, int flags)
{
	void *bytes = mmap(address, size, protection,
			   MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (bytes == MAP_FAILED)
		exit(2);
	return bytes;
}

static unsigned char *make_growing(void)
{
	unsigned char *bytes =
		map(FAR_ADDRESS, 2 * PAGE, PROT_READ | PROT_WRITE,
		    MAP_GROWSDOWN | MAP_FIXED_NOREPLACE);

	memset(bytes, 0x33, 2 * PAGE);
	return bytes;
}

/* Three pages of its middle are used, the second taken back, yet not wiped. */
static unsigned char *make_reserved(void)
{
	unsigned char *bytes = map(NULL, RESERVED, PROT_NONE, MAP_NORESERVE);
	unsigned char *middle = bytes + RESERVED / 2;

	mprotect(middle, 3 * PAGE, PROT_READ | PROT_WRITE);
	memset(middle, 0x44, 3 * PAGE);
	mprotect(middle + PAGE, PAGE, PROT_NONE);
	return bytes;
}

static int is_filled(const unsigned char *bytes, int size, int value)
{
	for (int i = 0; i < size; i++)
		if (bytes[i] != value)
			return 0;
	return 1;
}

static void check_growing(unsigned char *growing)
{
	int fault = faults_with(growing - PAGE);

	service_check(fault == 0);
	if (fault == 0)
		fault = faults_with(growing - 9 * PAGE);
	service_check(fault == 0);
	service_check(smaps_has_flag(growing, "gd"));
	service_check(is_filled(growing, 2 * PAGE, 0x33));
	if (fault)
		return;
	service_check(is_filled(growing - 9 * PAGE, 9 * PAGE, 0));
	memset(growing - 9 * PAGE, 0x34, 9 * PAGE);
	service_check(is_filled(growing, 2 * PAGE, 0x33));
}

static void check_reserved(unsigned char *reserved)
{
	unsigned char *middle = reserved + RESERVED / 2;

	service_check(smaps_has_flag(reserved, "nr"));
	service_check(smaps_has_flag(middle, "nr"));
	service_check(faults_with(reserved) == SIGSEGV);
	service_check(faults_with(reserved + RESERVED - 1) == SIGSEGV);
	service_check(is_filled(middle, PAGE, 0x44));
	service_check(faults_with(middle + PAGE) == SIGSEGV);
	service_check(is_filled(middle + 2 * PAGE, PAGE, 0x44));
	mprotect(middle, 4 * PAGE, PROT_READ | PROT_WRITE);
	service_check(is_filled(middle, 3 * PAGE, 0x44));
	service_check(is_filled(middle + 3 * PAGE, PAGE, 0));
	service_check(munmap(reserved, RESERVED) == 0);
}

int main(void)
{
	unsigned char *growing = make_growing(), *reserved = make_reserved();
	unsigned char *odd = sbrk(ODD), *top = sbrk(0);

	memset(odd, 0x55, ODD);

	service_ready();

	service_check(sbrk(0) == top);
	service_check(is_filled(odd, ODD, 0x55));
	check_growing(growing);
	check_reserved(reserved);
	return service_end();
}
