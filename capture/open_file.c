/*
 * open_file.c - the descriptors that the service holds
 */
#include "open_file.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/text.h"

static void audit_one(struct audit *audit, pid_t pid, int fd)
{
	char link[PATH_MAX] = "?";
	char subject[64];
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	snprintf(subject, sizeof(subject), "fd %d", fd);
	io_read_link(path, link, sizeof(link));
	audit_add(audit,
		  fd <= STDERR_FILENO ? VERDICT_REBOUND : VERDICT_REFUSED,
		  subject, "%s", link);
	if (fd > STDERR_FILENO)
		audit_remedy(audit, "Close it before the ready point, or open "
				    "it after.");
}

int open_files_audit(struct audit *audit, pid_t pid, bool is_started,
		     struct error *err)
{
	cleanup_dir DIR *dir = NULL;
	char path[64];

	(void)is_started;
	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	if (!dir)
		return error_system(err, errno, "cannot read '%s'", path);
	for (struct dirent *entry; (entry = readdir(dir));) {
		const char *at = entry->d_name;
		uint64_t fd;

		if (take_decimal(&at, &fd))
			audit_one(audit, pid, (int)fd);
	}
	return 0;
}
