/*
 * same_files.c - which descriptors are one open file
 */
#include "same_files.h"

#include <linux/kcmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum order {
	ORDER_SAME,
	ORDER_BEFORE,
	ORDER_BEHIND,
	ORDER_UNKNOWN,
};

/* Where @a stands to @b; 0, 1 and 2 are what kcmp(2) answers, too. */
static enum order compare(pid_t pid, const struct open_file_entry *a,
			  const struct open_file_entry *b)
{
	long order;

	if (a->device != b->device)
		return a->device < b->device ? ORDER_BEFORE : ORDER_BEHIND;
	if (a->inode != b->inode)
		return a->inode < b->inode ? ORDER_BEFORE : ORDER_BEHIND;
	order = syscall(SYS_kcmp, pid, pid, KCMP_FILE, a->fd, b->fd);
	return order < 0 || order > ORDER_BEHIND ? ORDER_UNKNOWN
						 : (enum order)order;
}

enum same_answer same_files_find(const struct same_files *files,
				 const struct open_file_entry *entry,
				 size_t *ret_at)
{
	size_t low = 0, high = files->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const enum order order =
			compare(files->pid, entry, &files->items[middle].entry);

		*ret_at = middle;
		if (order == ORDER_SAME)
			return SAME_FOUND;
		if (order == ORDER_UNKNOWN)
			return SAME_UNKNOWN;
		if (order == ORDER_BEFORE)
			high = middle;
		else
			low = middle + 1;
	}
	*ret_at = low;
	return SAME_NONE;
}

bool same_files_add(struct same_files *files, size_t at,
		    const struct open_file_entry *entry, uint32_t file)
{
	struct same_file *items =
		realloc(files->items, (files->count + 1) * sizeof(*items));

	if (!items)
		return false;
	files->items = items;
	memmove(items + at + 1, items + at,
		(files->count - at) * sizeof(*items));
	items[at] = (struct same_file){*entry, file};
	files->count++;
	return true;
}

void same_files_deinit(struct same_files *files)
{
	free(files->items);
	*files = (struct same_files){0};
}
