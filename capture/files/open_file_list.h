/*
 * open_file_list.h - all descriptors of a process
 */
#ifndef FILES_OPEN_FILE_LIST_H
#define FILES_OPEN_FILE_LIST_H

#include "open_file.h"

/* Of a process that stands still, or the list is of different moments. */
int open_file_list_read(struct open_file_list *ret_list, pid_t pid,
			struct error *err);
/* NULL when there is none of that number. */
const struct open_file_entry *
open_file_list_find(const struct open_file_list *list, int fd);
void open_file_list_deinit(struct open_file_list *list);

#endif
