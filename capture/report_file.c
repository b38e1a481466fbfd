/*
 * report_file.c - the report as JSON, in a file of its own
 */
#include "report_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"

enum {
	MODE = 0666, /* of what anybody may read, as umask(2) allows */
};

/* Whether two names stand for one file, which need not be there. */
static bool is_same_name(const char *a, const char *b)
{
	char first[PATH_MAX], second[PATH_MAX];
	struct stat x, y;

	snprintf(first, sizeof(first), "%s", a);
	snprintf(second, sizeof(second), "%s", b);
	if (strcmp(basename(first), basename(second)) != 0)
		return false;
	return stat(dirname(first), &x) == 0 &&
	       stat(dirname(second), &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

static int check_name(const struct options *options, struct error *err)
{
	const char *path = options->json_path;
	const char *other = NULL;

	if (!options->audit_only && is_same_name(path, options->core_path))
		other = "core";
	if (options->base_path && is_same_name(path, options->base_path))
		other = "base";
	if (!other)
		return 0;
	error_set(err, FAULT_USAGE, "'%s' cannot be both the report and the %s",
		  path, other);
	error_hint(err, "Name another with --json.");
	return -err->code;
}

int report_file_open(struct report_file *ret_file,
		     const struct options *options, struct error *err)
{
	struct report_file file = {.path = options->json_path, .fd = -1};
	struct stat status;
	int r = check_name(options, err);

	file.output.fd = -1;
	if (r < 0)
		return r;
	if (stat(file.path, &status) < 0 || S_ISREG(status.st_mode)) {
		r = output_open(&file.output, file.path, err);
	} else {
		file.fd = open(file.path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
		if (file.fd < 0)
			r = error_system(err, errno, "cannot write '%s'",
					 file.path);
	}
	if (r == 0)
		*ret_file = file;
	return r;
}

static int write_text(struct report_file *file, const char *text,
		      struct error *err)
{
	const bool is_new = file->fd < 0;
	const int fd = is_new ? file->output.fd : file->fd;
	const mode_t mask = umask(0);
	int r;

	umask(mask);
	r = io_write_all(fd, text, strlen(text));
	if (r == 0)
		r = io_write_all(fd, "\n", 1);
	if (r == 0 && is_new && fchmod(fd, MODE & ~mask) < 0)
		r = -errno;
	if (r < 0)
		return error_system(err, -r, "cannot write '%s'", file->path);
	return is_new ? output_commit(&file->output, err) : 0;
}

void report_file_write(struct report_file *file, const struct report *report,
		       struct error *err)
{
	cleanup_heap char *text = report_json(report);
	struct error failure = {0};
	int r = text ? write_text(file, text, &failure)
		     : error_system(&failure, ENOMEM, "cannot write '%s'",
				    file->path);

	if (r == 0)
		return;
	if (report->core_path)
		error_hint(&failure, "The core '%s' is complete.",
			   report->core_path);
	if (err->fault == FAULT_NONE)
		*err = failure;
	else
		error_context(err, "%s", failure.text);
}

void report_file_close(struct report_file *file)
{
	if (file->path)
		output_close(&file->output);
	cleanup_close(&file->fd);
}
