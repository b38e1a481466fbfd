/*
 * A lock that is held, amid memory that never changes.  Only its owner may
 * release it, which a restore is under another id.
 */
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>

#include "service.h"

enum {
	PAGE = 4096,
	PAGES = 64,
};

int main(void)
{
	unsigned char *block =
		mmap(NULL, (size_t)PAGES * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_mutex_t *mutex = (void *)(block + (size_t)PAGES / 2 * PAGE);
	pthread_mutexattr_t attributes;

	/* So that a restore copies it, and all of its pages are new. */
	madvise(block, (size_t)PAGES * PAGE, MADV_HUGEPAGE);
	memset(block, 0x5a, (size_t)PAGES * PAGE);
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(mutex, &attributes);
	service_check(pthread_mutex_lock(mutex) == 0);

	service_ready();

	service_check(pthread_mutex_unlock(mutex) == 0);
	service_check(pthread_mutex_lock(mutex) == 0);
	service_check(block[0] == 0x5a && block[PAGES * PAGE - 1] == 0x5a);
	return service_end();
}
