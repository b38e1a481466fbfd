/*
 * numbers.c - descriptors of ours, out of the way of the service's
 */
#include "numbers.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/resource.h>
#include <unistd.h>

int numbers_lowest(const struct core *core)
{
	const size_t count = core->descriptor_count;
	const uint32_t last = count ? core->descriptors[count - 1].fd : 0;

	return last <= STDERR_FILENO ? STDERR_FILENO + 1 : (int)last + 1;
}

int numbers_raise(const struct core *core, size_t count, uint64_t *ret_soft,
		  struct error *err)
{
	const uint64_t wanted = (uint64_t)numbers_lowest(core) + count;
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	*ret_soft = limit.rlim_cur;
	if (wanted <= limit.rlim_cur)
		return 0;
	if (wanted > limit.rlim_max) {
		error_set(err, FAULT_SYSTEM,
			  "cannot restore descriptor %d: the limit on open "
			  "files is %" PRIu64,
			  numbers_lowest(core) - 1, (uint64_t)limit.rlim_max);
		error_hint(err, "It takes 'ulimit -n %" PRIu64 "'.", wanted);
		return -err->code;
	}
	limit.rlim_cur = wanted;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return error_system(err, errno,
				    "cannot raise the limit on open files");
	return 0;
}

void numbers_lower(uint64_t soft)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur == soft)
		return;
	limit.rlim_cur = soft;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int numbers_lift(int *fd, int lowest, struct error *err)
{
	int lifted;

	if (*fd < 0 || *fd >= lowest)
		return 0;
	lifted = fcntl(*fd, F_DUPFD_CLOEXEC, lowest);
	if (lifted < 0)
		return error_system(err, errno, "cannot move descriptor %d",
				    *fd);
	close(*fd);
	*fd = lifted;
	return 0;
}
