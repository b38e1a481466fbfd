/*
 * As many mappings as are asked for: pages that differ in what may be done.
 */
#include <sys/mman.h>

#include "service.h"

int main(int argc, char *argv[])
{
	size_t count = (size_t)(argc > 1 ? atol(argv[1]) : 1000);
	volatile char *pages = mmap(NULL, count * 4096, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (size_t i = 0; i < count; i += 2) {
		pages[i * 4096] = (char)i;
		mprotect((char *)pages + i * 4096, 4096, PROT_READ);
	}

	service_ready();

	for (size_t i = 0; i < count; i++)
		service_check(pages[i * 4096] == (i % 2 ? 0 : (char)i));
	return service_end();
}
