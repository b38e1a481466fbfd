/*
 * Memory that is the kernel's or another's as much as ours, mostly without any
 * descriptor that would tell.
 */
#include <asm/ldt.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <linux/mempolicy.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "makes_trouble.h"

enum {
	PAGE = 4096,
	HUGE_PAGE = 2 << 20,
	OUR_KEY = 0x73756200, /* so that a killed one leaves one, not many */
	RING_IN_OUR_MEMORY = 1 << 14, /* IORING_SETUP_NO_MMAP, Linux 6.5 */
	RING_REGISTERED = 1 << 15,    /* IORING_SETUP_REGISTERED_FD_ONLY, 6.5 */
	UFFD_USER_MODE = 1, /* UFFD_USER_MODE_ONLY, since Linux 5.11 */
};

static int semaphores, segment;

static void remove_semaphores(void)
{
	semctl(semaphores, 0, IPC_RMID);
}

static void remove_segment(void)
{
	shmctl(segment, IPC_RMID, NULL);
}

static key_t our_key(void)
{
	return OUR_KEY + (key_t)geteuid();
}

static int make_undo(void)
{
	struct sembuf up = {.sem_op = 1, .sem_flg = SEM_UNDO};

	semaphores = semget(our_key(), 1, IPC_CREAT | 0600);
	if (semaphores < 0 || semop(semaphores, &up, 1) < 0)
		return -1;
	return atexit(remove_semaphores);
}

static int attach(key_t key)
{
	unsigned char *bytes;

	segment = shmget(key, PAGE, IPC_CREAT | 0600);
	bytes = segment < 0 ? (void *)-1 : shmat(segment, NULL, 0);
	if (bytes == (void *)-1)
		return -1;
	bytes[0] = 1;
	return 0;
}

static int make_segment(void)
{
	return attach(our_key()) < 0 ? -1 : atexit(remove_segment);
}

/* Another process has it, too, and no key leads to it. */
static int make_shared_segment(void)
{
	int result = attach(IPC_PRIVATE);

	remove_segment();
	return result < 0 || make_orphan() < 0 ? -1 : 0;
}

/* Maps it to be shared, and closes it. */
static void *map_and_close(int fd, size_t size, off_t offset)
{
	void *bytes = fd < 0 ? MAP_FAILED
			     : mmap(NULL, size, PROT_READ | PROT_WRITE,
				    MAP_SHARED, fd, offset);

	close(fd);
	return bytes == MAP_FAILED ? NULL : bytes;
}

static int make_posix_shared(void)
{
	static const char name[] = "/subctx-test";
	int fd = shm_open(name, O_RDWR | O_CREAT, 0600);

	shm_unlink(name);
	if (fd < 0 || ftruncate(fd, PAGE) < 0)
		return -1;
	return map_and_close(fd, PAGE, 0) ? 0 : -1;
}

static int make_secret(void)
{
	int fd = (int)syscall(SYS_memfd_secret, 0);
	unsigned char *bytes;

	if (fd < 0 || ftruncate(fd, PAGE) < 0)
		return -1;
	bytes = map_and_close(fd, PAGE, 0);
	if (!bytes)
		return -1;
	bytes[0] = 1;
	return 0;
}

static int make_aio(void)
{
	aio_context_t context = 0;

	return (int)syscall(SYS_io_setup, 1, &context);
}

/* Its queue is polled by a thread of the kernel's, in our name. */
static int make_io_thread(void)
{
	struct io_uring_params params = {.flags = IORING_SETUP_SQPOLL};

	return (int)syscall(SYS_io_uring_setup, 4, &params);
}

static int make_io_uring(void)
{
	struct io_uring_params params = {0};
	int fd = (int)syscall(SYS_io_uring_setup, 4, &params);

	return map_and_close(fd, PAGE, IORING_OFF_SQ_RING) ? 0 : -1;
}

/* It is known by a number that is no descriptor's, and lies in our memory. */
static int make_registered_ring(void)
{
	struct io_uring_params params = {.flags = RING_IN_OUR_MEMORY |
						  RING_REGISTERED};
	unsigned char *memory =
		mmap(NULL, (size_t)2 * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	/* Newer headers call these the user's addresses. */
	params.cq_off.resv2 = (uintptr_t)memory;
	params.sq_off.resv2 = (uintptr_t)memory + PAGE;
	return (int)syscall(SYS_io_uring_setup, 4, &params);
}

static int make_perf(void)
{
	struct perf_event_attr event = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(event),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.exclude_kernel = 1,
	};
	int fd = (int)syscall(SYS_perf_event_open, &event, 0, -1, -1, 0);

	return map_and_close(fd, 2 * PAGE, 0) ? 0 : -1;
}

static int register_page(void)
{
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register range = {.mode = UFFDIO_REGISTER_MODE_MISSING,
					.range.len = PAGE};
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE);

	range.range.start = (unsigned long)page;
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) < 0 ||
	    ioctl(fd, UFFDIO_REGISTER, &range) < 0)
		return -1;
	return fd;
}

static int make_uffd(void)
{
	return register_page() < 0 ? -1 : 0;
}

/* Only another process has the descriptor. */
static int make_uffd_elsewhere(void)
{
	int fd = register_page();

	return fd < 0 || make_orphan() < 0 ? -1 : close(fd);
}

static int make_key_unused(void)
{
	return pkey_alloc(0, 0) < 0 ? -1 : 0;
}

static int make_key(void)
{
	int key = pkey_alloc(0, PKEY_DISABLE_WRITE);
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return key < 0 ? -1
		       : pkey_mprotect(page, PAGE, PROT_READ | PROT_WRITE, key);
}

static int make_huge(void)
{
	unsigned char *bytes =
		mmap(NULL, HUGE_PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	if (bytes == MAP_FAILED)
		return -1;
	bytes[0] = 1;
	return 0;
}

/* Nobody calls it. */
static void has_breakpoint(void)
{
	__asm__ volatile("nop");
}

static int make_breakpoint(void)
{
	unsigned char *code = (unsigned char *)(uintptr_t)has_breakpoint;
	void *page = code - (uintptr_t)code % PAGE;

	if (mprotect(page, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) < 0)
		return -1;
	*code = 0xcc;
	return mprotect(page, PAGE, PROT_READ | PROT_EXEC);
}

static int make_descriptor_table(void)
{
	struct user_desc entry = {
		.limit = 0xfffff,
		.seg_32bit = 1,
		.limit_in_pages = 1,
		.useable = 1,
	};

	return (int)syscall(SYS_modify_ldt, 1, &entry, sizeof(entry));
}

static int make_bound(void)
{
	const unsigned long first = 1;
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return (int)syscall(SYS_mbind, page, PAGE, MPOL_BIND, &first, 64, 0);
}

/* As programs of 32 bits keep what belongs to a thread. */
static int make_thread_area(void)
{
	struct user_desc entry = {
		.entry_number = (unsigned int)-1,
		.limit = 0xfffff,
		.seg_32bit = 1,
		.limit_in_pages = 1,
		.useable = 1,
	};

	return (int)syscall(SYS_set_thread_area, &entry);
}

static int make_page_zero(void)
{
	return mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == NULL
		       ? 0
		       : -1;
}

/* Its second page is behind the end of its file, which has no name. */
static int make_cut_file(void)
{
	char name[] = "/tmp/cut-XXXXXX";
	int fd = mkstemp(name);
	void *bytes;

	unlink(name);
	if (fd < 0 || ftruncate(fd, PAGE) < 0)
		return -1;
	bytes = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	return bytes == MAP_FAILED ? -1 : 0;
}

static int make_no_room(void)
{
	const struct rlimit limit = {PAGE, RLIM_INFINITY};

	return setrlimit(RLIMIT_AS, &limit);
}

static const struct trouble items[] = {
	{"semundo", make_undo},
	{"sysv-shm", make_segment},
	{"sysv-shm-orphan", make_shared_segment},
	{"posix-shm", make_posix_shared},
	{"secretmem", make_secret},
	{"aio", make_aio},
	{"io-uring", make_io_uring},
	{"io-thread", make_io_thread},
	{"io-registered", make_registered_ring},
	{"perf", make_perf},
	{"uffd", make_uffd},
	{"uffd-elsewhere", make_uffd_elsewhere},
	{"pkey", make_key},
	{"pkey-unused", make_key_unused},
	{"hugetlb", make_huge},
	{"breakpoint", make_breakpoint},
	{"ldt", make_descriptor_table},
	{"thread-area", make_thread_area},
	{"bind", make_bound},
	{"page-zero", make_page_zero},
	{"cut-file", make_cut_file},
	{"no-room", make_no_room},
};

const struct troubles memory_troubles = {items, sizeof(items) / sizeof(*items)};
