/*
 * self_files.c - what a process sets by writing files of its own in /proc
 */
#include "self_files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/attribute.h"
#include "common/cleanup.h"

static const struct {
	uint32_t id;
	const char *path;
} files[] = {
	{ATTRIBUTE_CORE_FILTER, "/proc/self/coredump_filter"},
	{ATTRIBUTE_OOM_ADJUST, "/proc/self/oom_score_adj"},
};

static int write_one(const char *path, const char *text, struct error *err)
{
	cleanup_fd int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return error_system(err, errno, "cannot write %s to '%s'", text,
				    path);
	return 0;
}

int self_files_write(const struct core *core, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < core->attribute_count; i++) {
		const struct core_attribute *a = &core->attributes[i];
		char text[32];

		for (size_t k = 0; r == 0 && k < 2; k++) {
			if (a->id != files[k].id)
				continue;
			/* Both take decimal numbers. */
			snprintf(text, sizeof(text), "%" PRId64,
				 (int64_t)a->value);
			r = write_one(files[k].path, text, err);
		}
	}
	return r;
}
