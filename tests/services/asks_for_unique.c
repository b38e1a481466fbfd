/*
 * Asks for what no other process gets: random bytes, and the id of the process;
 * after it has opened so many files that no further open is stopped
 */
#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include "service.h"

static void expect(const char *verb, const char *call, int line)
{
	service_expect("%s 0.", verb);
	service_expect("by thread %d (asks_for_unique) in %s(2)", gettid(),
		       call);
	service_expect("main at asks_for_unique.c:%d ", line);
}

int main(void)
{
	int line;
	char bytes[40];

	for (int i = 0; i < 10; i++)
		close(open("/dev/null", O_RDONLY));
	line = __LINE__;

	service_check(getrandom(bytes, sizeof(bytes), 0) == sizeof(bytes));
	service_check(close(open("/dev/urandom", O_RDONLY)) == 0);
	service_check(getpid() > 0);
	service_check(getrandom(bytes, 2, 0) == 2);
	service_finding("randomness 42 bytes from getrandom(2)");
	expect("taken", "getrandom", line + 2);
	service_finding("randomness /dev/urandom or /dev/random was opened");
	expect("taken", "openat", line + 3);
	service_finding("process id asked for 1 time; what was kept of it");
	expect("asked for", "getpid", line + 4);
	service_ready();
	return service_end();
}
