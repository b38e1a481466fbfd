/*
 * The vdso's clocks agree with the kernel's, before and after.
 */
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "service.h"

static int64_t in_ns(struct timespec time)
{
	return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void check_clock(clockid_t id)
{
	struct timespec first, direct, last;

	clock_gettime(id, &first);
	syscall(SYS_clock_gettime, id, &direct);
	clock_gettime(id, &last);
	service_check(in_ns(first) <= in_ns(direct));
	service_check(in_ns(direct) <= in_ns(last));
	service_check(in_ns(last) - in_ns(first) < 1000000000);
}

int main(void)
{
	struct timespec before, after;
	struct timeval day;

	check_clock(CLOCK_MONOTONIC);
	clock_gettime(CLOCK_MONOTONIC, &before);

	service_ready();

	clock_gettime(CLOCK_MONOTONIC, &after);
	service_check(in_ns(before) < in_ns(after));
	check_clock(CLOCK_MONOTONIC);
	check_clock(CLOCK_REALTIME);
	check_clock(CLOCK_BOOTTIME);
	check_clock(CLOCK_TAI);
	service_check(gettimeofday(&day, NULL) == 0);
	service_check(time(NULL) - day.tv_sec <= 1);
	return service_end();
}
