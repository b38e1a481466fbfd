/*
 * Never becomes ready: it sleeps.
 */
#include <unistd.h>

static __attribute__((noinline)) void wait_for_ever(void)
{
	for (;;)
		sleep(1000);
}

int main(void)
{
	wait_for_ever();
	return 0;
}
