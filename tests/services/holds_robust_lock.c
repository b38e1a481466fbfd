/*
 * Holds a robust mutex at its ready point, with the id of its owner in it.
 */
#include <pthread.h>

#include "service.h"

int main(void)
{
	pthread_mutexattr_t kind;
	pthread_mutex_t mutex;

	pthread_mutexattr_init(&kind);
	pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&mutex, &kind);
	pthread_mutex_lock(&mutex);
	service_ready();
	service_check(pthread_mutex_unlock(&mutex) == 0);
	return service_end();
}
