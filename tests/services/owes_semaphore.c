/*
 * owes_semaphore [undo|thread]: changes a semaphore, with undo so that the kernel
 * takes it back at its end; then somebody else is the last who has changed it.
 * With a thread it has a list of what is to be undone, and nothing in it.
 */
#include <pthread.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <unistd.h>

#include "service.h"

static void *wait_for_ever(void *nothing)
{
	pause();
	return nothing;
}

int main(int argc, char *argv[])
{
	const int undo = argc > 1 && strcmp(argv[1], "undo") == 0;
	pthread_t thread;
	struct sembuf up = {.sem_op = 1, .sem_flg = undo ? SEM_UNDO : 0};
	struct sembuf again = {.sem_op = 1};
	int id = semget(IPC_PRIVATE, 1, 0600);
	char line[16];

	if (argc > 1 && !undo)
		pthread_create(&thread, NULL, wait_for_ever, NULL);
	service_check(semop(id, &up, 1) == 0);
	if (fork() == 0)
		_exit(semop(id, &again, 1) == 0 ? 0 : 1);
	wait(NULL);
	if (!fgets(line, sizeof(line), stdin))
		service_failures++;
	/* The restores find the semaphore gone. */
	semctl(id, 0, IPC_RMID);
	return service_end();
}
