/*
 * Memory that is wiped on fork, dropped under pressure, or dropped by the
 * program itself, which counts on zeros where it was dropped.
 */
#include <stdint.h>
#include <sys/mman.h>

#include "service.h"

enum {
	SIZE = 64 * 4096,
	DROPPABLE = 0x08, /* MAP_DROPPABLE, since Linux 6.11 */
};

static unsigned char *make(int flags, int advice)
{
	unsigned char *bytes = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
				    flags | MAP_ANONYMOUS, -1, 0);

	if (bytes == MAP_FAILED)
		return NULL;
	memset(bytes, 0x66, SIZE);
	if (advice)
		service_check(madvise(bytes, SIZE, advice) == 0);
	return bytes;
}

static int is_filled(const unsigned char *bytes, unsigned char value)
{
	for (int i = 0; i < SIZE; i++)
		if (bytes[i] != value)
			return 0;
	return 1;
}

int main(void)
{
	unsigned char *wiped = make(MAP_PRIVATE, MADV_WIPEONFORK);
	unsigned char *droppable = make(DROPPABLE, 0);
	unsigned char *dropped = make(MAP_PRIVATE, 0);
	unsigned char *moved = make(MAP_PRIVATE, 0);
	unsigned char *huge = make(MAP_PRIVATE, MADV_HUGEPAGE);
	int is_restored = service_ready();
	unsigned char expected = is_restored ? 0 : 0x66;

	service_check(is_filled(wiped, expected));
	service_check(!droppable || is_filled(droppable, expected));
	service_check(is_filled(huge, 0x66));
	service_check(is_filled(dropped, 0x66));
	madvise(dropped, SIZE, MADV_DONTNEED);
	service_check(is_filled(dropped, 0));
	moved = mremap(moved, SIZE, 3 * SIZE, MREMAP_MAYMOVE);
	service_check(moved != MAP_FAILED);
	service_check(is_filled(moved, 0x66));
	service_check(is_filled(moved + SIZE, 0));
	service_check(is_filled(moved + 2 * SIZE, 0));
	return service_end();
}
