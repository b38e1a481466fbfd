/*
 * output.c - a file that appears complete or not at all
 */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"

static int make_template(struct output *output, struct error *err)
{
	int length = snprintf(output->temporary, sizeof(output->temporary),
			      "%s.XXXXXX", output->path);

	if (length >= (int)sizeof(output->temporary))
		return error_system(err, ENAMETOOLONG, "cannot write '%s'",
				    output->path);
	return 0;
}

static int open_unnamed(struct output *output)
{
	char folder[PATH_MAX];

	snprintf(folder, sizeof(folder), "%s", output->path);
	return open(dirname(folder), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

int output_open(struct output *ret_output, const char *path, struct error *err)
{
	struct output output = {.fd = -1};
	struct stat status;
	int r;

	if (strlen(path) >= sizeof(output.path))
		return error_system(err, ENAMETOOLONG, "cannot write '%s'",
				    path);
	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
		return error_set(err, FAULT_USAGE,
				 "cannot write '%s': it is not a regular file",
				 path);
	snprintf(output.path, sizeof(output.path), "%s", path);
	output.fd = open_unnamed(&output);
	if (output.fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
		r = make_template(&output, err);
		if (r < 0)
			return r;
		output.fd = mkostemp(output.temporary, O_CLOEXEC);
	}
	if (output.fd < 0)
		return error_system(err, errno, "cannot write '%s'", path);
	*ret_output = output;
	return 0;
}

/*
 * linkat(2) does not replace, rename(2) does; so it gets a temporary name
 * before, one that mkstemp() would have chosen and that is free.
 */
static int give_name(struct output *output)
{
	char link[64];
	int fd = mkostemp(output->temporary, O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	unlink(output->temporary);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", output->fd);
	if (linkat(AT_FDCWD, link, AT_FDCWD, output->temporary,
		   AT_SYMLINK_FOLLOW) < 0)
		return -errno;
	return 0;
}

int output_name(struct output *output, struct error *err)
{
	int r;

	if (output->temporary[0])
		return 0;
	r = make_template(output, err);
	if (r < 0)
		return r;
	r = give_name(output);
	if (r == 0)
		return 0;
	output->temporary[0] = '\0';
	return error_system(err, -r, "cannot write '%s'", output->path);
}

int output_commit(struct output *output, struct error *err)
{
	int r = output_name(output, err);

	if (r < 0)
		return r;
	if (rename(output->temporary, output->path) < 0)
		return error_system(err, errno, "cannot write '%s'",
				    output->path);
	output->temporary[0] = '\0';
	return 0;
}

void output_close(struct output *output)
{
	if (output->temporary[0])
		unlink(output->temporary);
	output->temporary[0] = '\0';
	cleanup_close(&output->fd);
}
