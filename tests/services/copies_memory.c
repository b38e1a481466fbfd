/*
 * The least that copying the memory of another process can cost: its private
 * memory without a name, 256 KiB a call, into a file whose room is there.
 *
 * copies_memory PID FILE prints how many MiB it has copied, and in how many
 * milliseconds.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "service.h"

enum {
	CALL_BYTES = 256 << 10,
	RANGES_MAX = 64,
};

static struct iovec ranges[RANGES_MAX];
static size_t range_count;
static size_t total;

static void find_ranges(const char *pid)
{
	char line[512];
	FILE *maps;

	snprintf(line, sizeof(line), "/proc/%s/maps", pid);
	maps = fopen(line, "r");
	while (maps && fgets(line, sizeof(line), maps)) {
		uintptr_t start, end;
		int length = 0;

		sscanf(line, "%lx-%lx rw-p 00000000 00:00 0%n", &start, &end,
		       &length);
		if (length == 0 || strchr(line, '[') ||
		    range_count == RANGES_MAX)
			continue;
		ranges[range_count++] = (struct iovec){
			.iov_base = (void *)start,
			.iov_len = end - start,
		};
		total += end - start;
	}
	if (maps)
		fclose(maps);
}

static void copy(pid_t pid, int fd)
{
	static char bytes[CALL_BYTES];
	off_t written = 0;

	for (size_t i = 0; i < range_count; i++) {
		struct iovec left = ranges[i];

		while (left.iov_len > 0) {
			struct iovec there = {left.iov_base,
					      left.iov_len < CALL_BYTES
						      ? left.iov_len
						      : CALL_BYTES};
			struct iovec here = {bytes, there.iov_len};
			ssize_t got =
				process_vm_readv(pid, &here, 1, &there, 1, 0);

			service_check(got > 0);
			if (got <= 0 ||
			    pwrite(fd, bytes, (size_t)got, written) != got)
				exit(EXIT_FAILURE);
			written += got;
			left.iov_base = (char *)left.iov_base + got;
			left.iov_len -= (size_t)got;
		}
	}
}

int main(int argc, char *argv[])
{
	struct timespec start, end;
	int fd;

	if (argc != 3)
		return EXIT_FAILURE;
	find_ranges(argv[1]);
	clock_gettime(CLOCK_MONOTONIC, &start);
	fd = open(argv[2], O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0 || fallocate(fd, 0, 0, (off_t)total) != 0)
		return EXIT_FAILURE;
	copy((pid_t)atol(argv[1]), fd);
	close(fd);
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%.3f %.3f\n", (double)total / (1 << 20),
	       (double)(end.tv_sec - start.tv_sec) * 1e3 +
		       (double)(end.tv_nsec - start.tv_nsec) / 1e6);
	return EXIT_SUCCESS;
}
