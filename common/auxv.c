/*
 * auxv.c - looking up values in the bytes of /proc/PID/auxv
 */
#include "auxv.h"

#include <string.h>

uint64_t auxv_find(const char *bytes, size_t size, uint64_t type)
{
	uint64_t pair[2];

	for (; size >= sizeof(pair); size -= sizeof(pair)) {
		memcpy(pair, bytes, sizeof(pair));
		if (pair[0] == type)
			return pair[1];
		bytes += sizeof(pair);
	}
	return 0;
}
