/*
 * A descriptor that is copied in every way, and copies of copies
 */
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "service.h"

enum {
	NUMBER = 20,
};

static void expect_copy(int copy, int original, const char *call, int line)
{
	service_finding("fd %d eventfd", copy);
	service_expect("copied from fd %d", original);
	service_expect("in %s(2)", call);
	service_expect("main at copies_descriptors.c:%d ", line);
}

int main(void)
{
	const int line = __LINE__;
	int made = eventfd(0, 0);
	int by_dup = dup(made);
	int by_dup2 = dup2(by_dup, NUMBER);
	int by_dup3 = dup3(by_dup2, NUMBER + 1, O_CLOEXEC);
	int by_fcntl = fcntl(by_dup3, F_DUPFD, NUMBER);
	int last = fcntl(by_fcntl, F_DUPFD_CLOEXEC, NUMBER);

	/* dup2(2) to itself copies nothing, and what is closed was copied. */
	dup2(by_dup2, by_dup2);
	close(made);
	expect_copy(by_dup, made, "dup", line + 2);
	expect_copy(by_dup2, by_dup, "dup2", line + 3);
	expect_copy(by_dup3, by_dup2, "dup3", line + 4);
	expect_copy(by_fcntl, by_dup3, "fcntl", line + 5);
	expect_copy(last, by_fcntl, "fcntl", line + 6);
	service_expect("fd %d was opened", made);
	service_expect("main at copies_descriptors.c:%d ", line + 1);
	service_ready();
	return service_end();
}
