/*
 * cleanup.h - what is released when its variable goes out of scope
 *
 * A descriptor is -1 and a pointer NULL while there is nothing to release.
 * take_fd() and take_pointer() move a value out, so that it stays alive.
 */
#ifndef COMMON_CLEANUP_H
#define COMMON_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define cleanup(function) __attribute__((cleanup(function)))

static inline void cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static inline void cleanup_free(void *slot)
{
	void **pointer = slot;

	free(*pointer);
	*pointer = NULL;
}

static inline void cleanup_fclose(FILE **file)
{
	if (*file)
		fclose(*file);
	*file = NULL;
}

static inline void cleanup_closedir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
	*dir = NULL;
}

static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

static inline void *take_pointer(void *slot)
{
	void **pointer = slot;
	void *taken = *pointer;

	*pointer = NULL;
	return taken;
}

#define cleanup_fd   cleanup(cleanup_close)
#define cleanup_heap cleanup(cleanup_free)
#define cleanup_file cleanup(cleanup_fclose)
#define cleanup_dir  cleanup(cleanup_closedir)

#endif
