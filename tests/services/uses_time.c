/*
 * uses_time: counts the CPU time that it has used, which begins anew with a
 * restore, as the resources do that getrusage(2) tells of
 */
#include <stdint.h>
#include <sys/resource.h>
#include <time.h>

#include "service.h"

enum {
	FAULTS = 2000,
	PAGE = 4096,
};

static const int64_t long_enough = 300000000; /* ns, a restore takes less */

static int64_t used(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int main(void)
{
	char *pages = malloc((size_t)FAULTS * PAGE);
	struct rusage usage;

	for (int i = 0; pages && i < FAULTS; i++)
		((volatile char *)pages)[i * PAGE] = 1;
	while (used(CLOCK_PROCESS_CPUTIME_ID) < long_enough)
		continue;
	getrusage(RUSAGE_SELF, &usage);
	service_check(usage.ru_minflt >= FAULTS);

	if (service_ready()) {
		service_check(used(CLOCK_PROCESS_CPUTIME_ID) < long_enough);
		service_check(used(CLOCK_THREAD_CPUTIME_ID) < long_enough);
		getrusage(RUSAGE_SELF, &usage);
		service_check(usage.ru_minflt < FAULTS);
	}
	free(pages);
	return service_end();
}
