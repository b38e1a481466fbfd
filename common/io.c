/*
 * io.c - whole reads and writes, despite EINTR and short counts
 */
#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cleanup.h"

enum {
	POPULATE_WRITE = 23, /* MADV_POPULATE_WRITE, Linux 5.14 */
};

int io_read_file(const char *path, char **ret_text, size_t *ret_size)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	cleanup_heap char *text = NULL;
	size_t capacity = 0;
	size_t size = 0;

	if (fd < 0)
		return -errno;
	for (;;) {
		ssize_t got;

		if (capacity - size < 4096) {
			char *bigger;

			capacity = capacity ? capacity * 2 : 16384;
			bigger = realloc(text, capacity);
			if (!bigger)
				return -ENOMEM;
			text = bigger;
		}
		got = read(fd, text + size, capacity - size - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		size += (size_t)got;
	}
	text[size] = '\0';
	*ret_text = take_pointer(&text);
	if (ret_size)
		*ret_size = size;
	return 0;
}

int io_read_filef(char **ret_text, size_t *ret_size, const char *format, ...)
{
	char path[PATH_MAX];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= sizeof(path))
		return -ENAMETOOLONG;
	return io_read_file(path, ret_text, ret_size);
}

int io_read_link(const char *path, char *buffer, size_t size)
{
	ssize_t length = readlink(path, buffer, size);

	if (length < 0)
		return -errno;
	if ((size_t)length >= size)
		return -ENAMETOOLONG;
	buffer[length] = '\0';
	return 0;
}

int io_pread_all(int fd, void *buffer, size_t size, uint64_t offset)
{
	char *at = buffer;

	while (size > 0) {
		ssize_t got = pread(fd, at, size, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return -ENODATA;
		at += got;
		offset += (uint64_t)got;
		size -= (size_t)got;
	}
	return 0;
}

int io_pwrite_all(int fd, const void *buffer, size_t size, uint64_t offset)
{
	const char *at = buffer;

	while (size > 0) {
		ssize_t put = pwrite(fd, at, size, (off_t)offset);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		at += put;
		offset += (uint64_t)put;
		size -= (size_t)put;
	}
	return 0;
}

int io_write_all(int fd, const void *buffer, size_t size)
{
	const char *at = buffer;

	while (size > 0) {
		ssize_t put = write(fd, at, size);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		at += put;
		size -= (size_t)put;
	}
	return 0;
}

int io_map_copy(int fd, size_t size, uint64_t offset, void **ret_bytes)
{
	void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd,
			   (off_t)offset);
	int r = 0;

	if (bytes == MAP_FAILED)
		return -errno;
	if (madvise(bytes, size, POPULATE_WRITE) < 0 && errno != EINVAL) {
		r = -errno;
		munmap(bytes, size);
		return r;
	}
	*ret_bytes = bytes;
	return 0;
}

/* The first is, and each is as the one before. */
bool io_is_zero(const void *bytes, size_t size)
{
	const char *at = bytes;

	return at[0] == '\0' && memcmp(at, at + 1, size - 1) == 0;
}
