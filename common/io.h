/*
 * io.h - whole reads and writes, despite EINTR and short counts
 */
#ifndef COMMON_IO_H
#define COMMON_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

/*
 * Reads all of the file at @path, of which the size need not be known (a file
 * of /proc says 0).  *ret_text is allocated and has a NUL behind its *ret_size
 * bytes; @ret_size may be NULL.  Returns a negative errno and no message: only
 * the caller knows what the file meant.
 */
int io_read_file(const char *path, char **ret_text, size_t *ret_size);

/* The same with the path made as by printf(3). */
int io_read_filef(char **ret_text, size_t *ret_size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* readlink(2) with a final NUL; -ENAMETOOLONG when @size does not hold it. */
int io_read_link(const char *path, char *buffer, size_t size);

/* Exactly @size bytes, or a negative errno; -ENODATA where the file ends. */
int io_pread_all(int fd, void *buffer, size_t size, uint64_t offset);
int io_pwrite_all(int fd, const void *buffer, size_t size, uint64_t offset);
/* The same where the file stands, which may be a pipe. */
int io_write_all(int fd, const void *buffer, size_t size);

/*
 * @size bytes at @offset, which is page aligned, as memory of ours: mapped
 * privately and filled in one go, as every page that is faulted in on its own
 * costs more than the rest of a small program's start.  munmap(2) frees it.
 * What cannot be read is told here where the kernel can (Linux 5.14), elsewhere
 * by SIGBUS.
 */
int io_map_copy(int fd, size_t size, uint64_t offset, void **ret_bytes);

/* Whether all of @size bytes, at least one, are zeros. */
bool io_is_zero(const void *bytes, size_t size);

#endif
