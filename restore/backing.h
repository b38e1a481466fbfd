/*
 * backing.h - the files behind shared mappings, and proof that they are right
 */
#ifndef RESTORE_BACKING_H
#define RESTORE_BACKING_H

#include "common/core_reader.h"
#include "common/error.h"
#include "files.h"

/*
 * Opens the file of each shared mapping.  *ret_fds has one number for each
 * mapping of the core, -1 where there is none; it is allocated, or NULL when
 * no mapping is shared.  A file counts as the same when it is the same inode,
 * unchanged in size and time, or when it holds the bytes that were captured.
 * Shared memory that the service has a descriptor of is one of @files, which is
 * NULL when nothing is made yet.
 */
int backing_open(const struct core *core, const struct files *files,
		 int **ret_fds, struct error *err);

#endif
