/*
 * change_core.c - a core that was written, with other headers or notes
 */
#include "change_core.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/core_writer.h"

void change_core(const char *path, void (*change)(const struct core *core,
						  char *front, size_t size))
{
	struct error err = {0};
	struct core core;
	size_t size;
	char *front;
	int fd;

	cr_assert(core_open(&core, path, &err) == 0, "%s", err.text);
	size = core.image->front_size;
	front = malloc(size);
	fd = open(path, O_RDWR);
	cr_assert(pread(fd, front, size, 0) == (ssize_t)size);
	change(&core, front, size);
	cr_assert(core_seal(front, size));
	cr_assert(pwrite(fd, front, size, 0) == (ssize_t)size);
	close(fd);
	free(front);
	core_close(&core);
}
