/*
 * locks_memory [future | onfault]: memory that may not be swapped out
 *
 * Locked as a whole, locked as it is touched, and unlocked again in its middle;
 * and with an argument, all memory that will be mapped from now on.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "service.h"
#include "smaps.h"

enum {
	PAGE = 4096,
	SIZE = 9 * PAGE,
	MIDDLE = 4 * PAGE,
};

static unsigned char *make(void)
{
	return mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* VmLck in KiB, without allocating anything that might get locked. */
static long locked(void)
{
	static char status[8192];
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t size = read(fd, status, sizeof(status) - 1);
	const char *line;

	close(fd);
	status[size > 0 ? size : 0] = '\0';
	line = strstr(status, "VmLck:");
	return line ? strtol(line + strlen("VmLck:"), NULL, 10) : -1;
}

/* Kernels of before show MLOCK_ONFAULT as a flag that has no letters. */
static int is_locked(const unsigned char *address, int on_fault)
{
	return smaps_has_flag(address, "lo") &&
	       (smaps_has_flag(address, "lf") ||
		smaps_has_flag(address, "??")) == on_fault;
}

/* That a whole lock brings in what was never touched. */
static int is_resident(unsigned char *bytes)
{
	unsigned char pages[SIZE / PAGE];

	if (mincore(bytes, SIZE, pages) < 0)
		return 0;
	for (int i = 0; i < SIZE / PAGE; i++)
		if (!(pages[i] & 1))
			return 0;
	return 1;
}

int main(int argc, char *argv[])
{
	unsigned char *whole = make(), *touched = make(), *holed = make();
	unsigned char *untouched = make(), *unlocked = make(), *later;
	int is_future = argc > 1;
	int is_onfault = is_future && strcmp(argv[1], "onfault") == 0;
	long before;

	memset(whole, 0x11, SIZE);
	touched[MIDDLE] = 0x22;
	memset(holed, 0x33, SIZE);
	memset(unlocked, 0x44, SIZE);
	if (mlock(whole, SIZE) < 0 || mlock(untouched, SIZE) < 0 ||
	    mlock2(touched, SIZE, MLOCK_ONFAULT) < 0 || mlock(holed, SIZE) < 0)
		return 2;
	munlock(holed + MIDDLE, PAGE);
	if (is_future &&
	    mlockall(is_onfault ? MCL_FUTURE | MCL_ONFAULT : MCL_FUTURE) < 0)
		return 2;
	before = locked();

	service_ready();

	service_check(locked() == before);
	service_check(is_locked(whole, 0) && is_resident(whole));
	service_check(is_locked(untouched, 0) && is_resident(untouched));
	service_check(is_locked(touched, 1));
	service_check(is_locked(holed, 0) && is_locked(holed + SIZE - 1, 0));
	service_check(!smaps_has_flag(holed + MIDDLE, "lo"));
	service_check(!smaps_has_flag(unlocked, "lo"));
	for (int i = 0; i < SIZE; i++) {
		service_check(whole[i] == 0x11 && untouched[i] == 0);
		service_check(touched[i] == (i == MIDDLE ? 0x22 : 0));
		service_check(holed[i] == 0x33 && unlocked[i] == 0x44);
	}
	later = make();
	service_check(later != MAP_FAILED);
	service_check(is_future ? is_locked(later, is_onfault)
				: !smaps_has_flag(later, "lo"));
	return service_end();
}
