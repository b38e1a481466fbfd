/*
 * A stack that is deep at the ready point and much deeper afterwards.
 */
#include <stdint.h>
#include <sys/resource.h>

#include "service.h"

enum {
	FRAME = 4096,
};

static __attribute__((noinline)) int dive(int depth, int ready_at, int end)
{
	volatile unsigned char frame[FRAME];
	int below = 0;

	for (int i = 0; i < FRAME; i += 64)
		frame[i] = (unsigned char)(depth + i);
	if (depth == ready_at)
		service_ready();
	if (depth < end)
		below = dive(depth + 1, ready_at, end);
	for (int i = 0; i < FRAME; i += 64)
		if (frame[i] != (unsigned char)(depth + i))
			return -1;
	return below < 0 ? below : below + 1;
}

int main(void)
{
	/* 6 MiB in all, of which 400 KiB are there at the ready point. */
	service_check(dive(0, 100, 1500) == 1501);
	return service_end();
}
