/*
 * open_file_list.c - all descriptors of a process
 */
#include "open_file_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/text.h"

void open_file_list_deinit(struct open_file_list *list)
{
	free(list->items);
	*list = (struct open_file_list){0};
}

/*
 * The link itself is readable if the file is open for reading, and writable if
 * it is for writing (proc_pid_fd(5)); behind the link is the file.
 */
static struct open_file_entry read_entry(int folder, const char *name)
{
	struct open_file_entry entry = {.fd = (int)strtol(name, NULL, 10)};
	struct stat status;

	if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
		entry.reads = status.st_mode & S_IRUSR;
		entry.writes = status.st_mode & S_IWUSR;
	}
	if (fstatat(folder, name, &status, 0) == 0) {
		entry.device = status.st_dev;
		entry.inode = status.st_ino;
	}
	return entry;
}

static int is_number(const struct dirent *item)
{
	const char *at = item->d_name;
	uint64_t number;

	return take_decimal(&at, &number) && *at == '\0' && number <= INT_MAX;
}

int open_file_list_read(struct open_file_list *ret_list, pid_t pid,
			struct error *err)
{
	cleanup_fd int folder = -1;
	struct dirent **names = NULL;
	struct open_file_entry *items;
	char path[64];
	int count;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	count = folder < 0 ? -1 : scandir(path, &names, is_number, versionsort);
	if (count < 0)
		return error_system(err, errno, "cannot list '%s'", path);
	items = calloc((size_t)count + 1, sizeof(*items));
	for (int i = 0; i < count; i++) {
		if (items)
			items[i] = read_entry(folder, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	if (!items)
		return error_system(err, ENOMEM, "cannot list '%s'", path);
	*ret_list = (struct open_file_list){items, (size_t)count};
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const struct open_file_entry *one = a;
	const struct open_file_entry *other = b;

	return one->fd < other->fd ? -1 : one->fd > other->fd;
}

const struct open_file_entry *
open_file_list_find(const struct open_file_list *list, int fd)
{
	const struct open_file_entry key = {.fd = fd};

	return bsearch(&key, list->items, list->count, sizeof(key), by_number);
}
