/*
 * Crashes before it is ready, three calls deep; or exits with a status that is
 * given.
 */
#include <stdlib.h>

static __attribute__((noinline)) void parse_config(volatile int *nowhere)
{
	*nowhere = 1;
}

static __attribute__((noinline)) void load(void)
{
	parse_config(NULL);
	__asm__ volatile("");
}

int main(int argc, char *argv[])
{
	if (argc > 1)
		exit(atoi(argv[1]));
	load();
	return 0;
}
