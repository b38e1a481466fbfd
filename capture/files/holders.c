/*
 * holders.c - other processes that have an open file of the service
 */
#include "holders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/text.h"

void holders_want(struct holders *holders, int fd)
{
	struct holder *items =
		realloc(holders->items, (holders->count + 1) * sizeof(*items));
	struct stat status;
	char path[64];

	if (!items)
		return;
	holders->items = items;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", holders->pid, fd);
	if (stat(path, &status) == 0)
		holders->items[holders->count++] = (struct holder){
			.fd = fd,
			.device = status.st_dev,
			.inode = status.st_ino,
		};
}

/*
 * Most kinds that have no name share one inode, so the kernel is asked whether
 * two descriptors are one open file.  Another opening of a pipe, or of memory,
 * is not one, but shows the same bytes.
 */
static bool is_same(const struct holders *holders, const struct holder *item,
		    pid_t process, int fd)
{
	char path[64];
	char link[32] = "";

	if (syscall(SYS_kcmp, holders->pid, process, KCMP_FILE, item->fd, fd) ==
	    0)
		return true;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", process, fd);
	if (readlink(path, link, sizeof(link) - 1) < 0)
		return false;
	return take_word(&(const char *){link}, "pipe:") ||
	       take_word(&(const char *){link}, "/memfd:");
}

static void look_at(struct holders *holders, pid_t process, int folder,
		    const char *name)
{
	const int fd = (int)strtol(name, NULL, 10);
	struct stat status;

	if (fstatat(folder, name, &status, 0) < 0)
		return;
	for (size_t i = 0; i < holders->count; i++) {
		struct holder *item = &holders->items[i];

		if (item->process || item->inode != status.st_ino ||
		    item->device != status.st_dev ||
		    !is_same(holders, item, process, fd))
			continue;
		item->process = process;
		item->theirs = fd;
	}
}

static void look_into(struct holders *holders, pid_t process)
{
	cleanup_dir DIR *folder = NULL;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd", process);
	folder = opendir(path);
	if (!folder) {
		holders->hidden += errno == EACCES;
		return;
	}
	for (struct dirent *entry; (entry = readdir(folder));)
		if (entry->d_name[0] != '.')
			look_at(holders, process, dirfd(folder), entry->d_name);
}

/* Its name, if it has still got it. */
static void confirm(const struct holders *holders, struct holder *item)
{
	cleanup_heap char *comm = NULL;

	if (!is_same(holders, item, item->process, item->theirs) ||
	    io_read_filef(&comm, NULL, "/proc/%d/comm", item->process) < 0)
		item->process = 0;
	else
		snprintf(item->comm, sizeof(item->comm), "%.*s",
			 (int)strcspn(comm, "\n"), comm);
}

void holders_find(struct holders *holders)
{
	cleanup_dir DIR *folder = holders->count > 0 ? opendir("/proc") : NULL;

	for (struct dirent *entry; folder && (entry = readdir(folder));) {
		const char *at = entry->d_name;
		uint64_t process;

		if (take_decimal(&at, &process) &&
		    (pid_t)process != holders->pid &&
		    (pid_t)process != getpid())
			look_into(holders, (pid_t)process);
	}
	for (size_t i = 0; i < holders->count; i++)
		if (holders->items[i].process)
			confirm(holders, &holders->items[i]);
}

void holders_deinit(struct holders *holders)
{
	free(holders->items);
	*holders = (struct holders){0};
}
