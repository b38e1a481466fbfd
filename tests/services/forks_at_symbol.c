/*
 * Children get to the function first that the service is to be captured in.
 *
 * One has copies of its memory, one shares it; neither is the service, so both
 * have to go on as if nobody watched.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "service.h"

__attribute__((noinline)) static int arrive(int value)
{
	__asm__ volatile("" ::: "memory");
	return value + 1;
}

static int end_of(pid_t child)
{
	int status = -1;

	waitpid(child, &status, 0);
	return status;
}

int main(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(arrive(-1));
	service_check(end_of(child) == 0);
	child = vfork();
	if (child == 0)
		_exit(arrive(-1));
	service_check(end_of(child) == 0);

	service_check(arrive(1) == 2);
	return service_end();
}
