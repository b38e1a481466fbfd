/*
 * Mappings of files: private and changed, private and unchanged, private of a
 * file that is deleted, shared and read-only; and memory without access that
 * holds something.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "service.h"

enum {
	SIZE = 5 * 4096,
};

static unsigned char *map(const char *path, int protection, int flags)
{
	int fd = open(path, O_RDONLY);
	void *bytes = mmap(NULL, SIZE, protection, flags, fd, 0);

	close(fd);
	return bytes == MAP_FAILED ? NULL : bytes;
}

static void make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	for (int i = 0; i < SIZE; i++)
		if (write(fd, &(char){(char)(i % 251)}, 1) != 1)
			exit(2);
	close(fd);
}

int main(void)
{
	unsigned char *changed, *unchanged, *deleted, *shared, *hidden;

	make_file("kept");
	make_file("gone");
	changed = map("kept", PROT_READ | PROT_WRITE, MAP_PRIVATE);
	unchanged = map("kept", PROT_READ, MAP_PRIVATE);
	deleted = map("gone", PROT_READ, MAP_PRIVATE);
	shared = map("kept", PROT_READ, MAP_SHARED);
	unlink("gone");
	changed[4096] = 0xff;
	hidden = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(hidden, 0x77, SIZE);
	mprotect(hidden, SIZE, PROT_NONE);

	service_ready();

	for (int i = 0; i < SIZE; i++) {
		service_check(changed[i] == (i == 4096 ? 0xff : i % 251));
		service_check(unchanged[i] == i % 251);
		service_check(deleted[i] == i % 251);
		service_check(shared[i] == i % 251);
	}
	service_check(mprotect(hidden, SIZE, PROT_READ) == 0);
	for (int i = 0; i < SIZE; i++)
		service_check(hidden[i] == 0x77);
	return service_end();
}
