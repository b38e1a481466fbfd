/*
 * A descriptor that an io_uring opens, which no system call of its own does
 *
 * At a number that openat(2) has had before.  It exits with 77 where there are
 * no such rings.
 */
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "service.h"

static void *map(int ring, size_t size, off_t which)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring,
		    which);
}

int main(void)
{
	struct io_uring_params params = {0};
	int ring = (int)syscall(SYS_io_uring_setup, 1, &params);
	int before = open("/etc/group", O_RDONLY);
	struct io_uring_sqe *entry;
	uint32_t *queue;
	struct io_uring_cqe *done;
	int fd;

	if (ring < 0)
		return 77;
	close(before);
	queue = map(ring, 4096, IORING_OFF_SQ_RING);
	done = map(ring, 4096, IORING_OFF_CQ_RING);
	entry = map(ring, 4096, IORING_OFF_SQES);
	*entry = (struct io_uring_sqe){
		.opcode = IORING_OP_OPENAT,
		.fd = AT_FDCWD,
		.addr = (uintptr_t) "/etc/passwd",
		.open_flags = O_RDONLY,
	};
	queue[params.sq_off.array / sizeof(*queue)] = 0;
	queue[params.sq_off.tail / sizeof(*queue)]++;
	service_check(syscall(SYS_io_uring_enter, ring, 1, 1,
			      IORING_ENTER_GETEVENTS, NULL, 0) == 1);
	fd = done[params.cq_off.cqes / sizeof(*done)].res;
	service_check(fd == before);
	service_finding("fd %d file /etc/passwd", fd);
	service_expect("unless an io_uring has made it since");
	service_ready();
	return service_end();
}
