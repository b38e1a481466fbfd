/*
 * made_files.c - a folder for the files of a test, which is gone afterwards
 */
#include "made_files.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/io.h"

static char folder[] = "/tmp/subctx-files-XXXXXX";

void made_files_begin(void)
{
	cr_assert(mkdtemp(folder) && chdir(folder) == 0);
}

void made_files_end(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	cr_assert(chdir("/") == 0 && system(command) == 0);
}

void made_files_path(char path[MADE_PATH_MAX], const char *name)
{
	snprintf(path, MADE_PATH_MAX, "%s/%s", folder, name);
}

static void write_file(const char *name, const void *bytes, size_t used,
		       size_t size)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	cr_assert(fd >= 0 && io_pwrite_all(fd, bytes, used, 0) == 0);
	cr_assert(ftruncate(fd, (off_t)size) == 0);
	close(fd);
}

void made_files_write(const char *name, const void *bytes, size_t size)
{
	write_file(name, bytes, bytes ? size : 0, size);
}

void made_files_write_core(const char *name, const struct made_core *core)
{
	size_t size;
	char *front = made_core_front(core, &size);

	write_file(name, front, size, core->image.file_size);
	free(front);
}
