/*
 * What a process sets about itself with one call each.
 */
#include <signal.h>
#include <stdint.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "service.h"

int main(void)
{
	struct rlimit limit = {100, 200};
	char folder[4096];
	int value;

	umask(0137);
	if (chdir("/usr") < 0)
		return 2;
	setrlimit(RLIMIT_NOFILE, &limit);
	setpriority(PRIO_PROCESS, 0, 5);
	prctl(PR_SET_TIMERSLACK, 12345);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_PDEATHSIG, SIGWINCH); /* which does nothing */
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_TSC, PR_TSC_SIGSEGV);
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	personality(ADDR_NO_RANDOMIZE);

	service_ready();

	service_check(prctl(PR_GET_DUMPABLE) == 0);
	prctl(PR_GET_TSC, &value);
	service_check(value == PR_TSC_SIGSEGV);
	prctl(PR_SET_TSC, PR_TSC_ENABLE);
	service_check(umask(0) == 0137);
	service_check(getcwd(folder, sizeof(folder)) &&
		      strcmp(folder, "/usr") == 0);
	getrlimit(RLIMIT_NOFILE, &limit);
	service_check(limit.rlim_cur == 100 && limit.rlim_max == 200);
	service_check(getpriority(PRIO_PROCESS, 0) == 5);
	service_check(prctl(PR_GET_TIMERSLACK) == 12345);
	prctl(PR_GET_CHILD_SUBREAPER, &value);
	service_check(value == 1);
	prctl(PR_GET_PDEATHSIG, &value);
	service_check(value == SIGWINCH);
	service_check(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 1);
	service_check(personality(0xffffffff) == ADDR_NO_RANDOMIZE);
	return service_end();
}
