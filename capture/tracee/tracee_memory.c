/*
 * tracee_memory.c - the memory of a tracee that stands still
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tracee.h"

/*
 * process_vm_readv() pins what it reads, and a page that two processes share
 * after a fork is copied for that (FAULT_FLAG_UNSHARE, since Linux 5.19): all
 * of the memory would be there twice.
 */
static ssize_t read_at_once(const struct tracee *t, const struct iovec *there,
			    size_t count, void *bytes, size_t size)
{
	const struct iovec here = {bytes, size};

	return t->is_fork ? 0
			  : process_vm_readv(t->pid, &here, 1, there, count, 0);
}

/*
 * process_vm_readv() copies once and is twice as fast, but it obeys the
 * protection of the mapping: at a PROT_NONE page it stops short.  A tracer's
 * /proc/PID/mem reads such pages too (FOLL_FORCE), unless the kernel was
 * booted with proc_mem.force_override=never (since Linux 6.12).
 */
int tracee_read(const struct tracee *t, uint64_t address, void *bytes,
		size_t size, struct error *err)
{
	const struct iovec there = {(void *)(uintptr_t)address, size};
	ssize_t got = read_at_once(t, &there, 1, bytes, size);
	size_t done = got > 0 ? (size_t)got : 0;

	while (done < size) {
		got = pread(t->memory_fd, (char *)bytes + done, size - done,
			    (off_t)(address + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return error_system(
				err, got < 0 ? errno : EIO,
				"cannot read the memory at %#" PRIx64,
				address + done);
		done += (size_t)got;
	}
	return 0;
}

/* Whatever is not read in one go is read piece by piece. */
int tracee_read_ranges(const struct tracee *t, const struct core_range *ranges,
		       size_t count, void *bytes, struct error *err)
{
	struct iovec there[TRACEE_RANGES_MAX] = {0};
	char *to = bytes;
	size_t total = 0;
	int r = 0;

	assert(count <= TRACEE_RANGES_MAX);
	for (size_t i = 0; i < count; i++) {
		const size_t size = ranges[i].end - ranges[i].start;

		there[i] = (struct iovec){(void *)(uintptr_t)ranges[i].start,
					  size};
		total += size;
	}
	if (read_at_once(t, there, count, bytes, total) == (ssize_t)total)
		return 0;
	for (size_t i = 0; r == 0 && i < count; i++) {
		r = tracee_read(t, ranges[i].start, to, there[i].iov_len, err);
		to += there[i].iov_len;
	}
	return r;
}

size_t tracee_read_part(const struct tracee *t, uint64_t address, void *bytes,
			size_t size)
{
	struct iovec here = {bytes, size};
	struct iovec there = {(void *)(uintptr_t)address, size};
	ssize_t got = process_vm_readv(t->pid, &here, 1, &there, 1, 0);

	/* Of one that has made itself undumpable. */
	if (got < 0 && errno == EPERM)
		got = pread(t->memory_fd, bytes, size, (off_t)address);
	return got > 0 ? (size_t)got : 0;
}

int tracee_write(const struct tracee *t, uint64_t address, const void *bytes,
		 size_t size, struct error *err)
{
	size_t done = 0;

	while (done < size) {
		ssize_t put = pwrite(t->memory_fd, (const char *)bytes + done,
				     size - done, (off_t)(address + done));

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return error_system(
				err, put < 0 ? errno : EIO,
				"cannot write the memory at %#" PRIx64,
				address + done);
		done += (size_t)put;
	}
	return 0;
}
