/*
 * neighbour.c - the programs that are installed beside this one
 */
#include "neighbour.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/io.h"
#include "program.h"

static bool is_in(char ret_path[PATH_MAX], const char *folder, const char *name)
{
	char self[PATH_MAX];
	char *slash;
	int length;

	if (io_read_link("/proc/self/exe", self, sizeof(self)) < 0)
		return false;
	slash = strrchr(self, '/');
	if (!slash)
		return false;
	*slash = '\0';
	length = snprintf(ret_path, PATH_MAX, "%s/%s/%s", self, folder, name);
	return length < PATH_MAX && access(ret_path, X_OK) == 0;
}

/* Installed they are in one folder, and built in neighbouring ones. */
int neighbour_find(char ret_path[PATH_MAX], const char *name,
		   const char *build_folder, struct error *err)
{
	struct program program;
	int r;

	if (is_in(ret_path, ".", name) || is_in(ret_path, build_folder, name))
		return 0;
	r = program_find(&program, name, err);
	if (r == 0)
		memcpy(ret_path, program.path, PATH_MAX);
	else
		error_hint(err, "It is looked for beside subctx-capture, and "
				"in $PATH.");
	return r;
}
