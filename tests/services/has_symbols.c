/*
 * Functions and lines to be named as ready points.
 */
#include <stdio.h>

static __attribute__((noinline)) void serve(void)
{
	puts("serving");
	fflush(stdout);
	__asm__ volatile("");
}

int main(void)
{
	puts("warm");
	fflush(stdout);
	serve();
	/*
	 * The test knows the number of the line that follows.
	 */
	puts("served");
	return 0;
}
