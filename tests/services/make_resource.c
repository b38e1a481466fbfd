/*
 * make_resource KIND FD: a service that holds one descriptor of a kind
 *
 * It makes the descriptor at the number FD, and if it takes two, the second at
 * FD + 1; both should be higher than what is open.  Then it prints "ready" and
 * waits for a line.  Where the kind cannot be made it exits with 77.  Files are
 * made in the working folder and stay there.  make_resource --list prints all
 * kinds, each with a tab and some words that the audit must say of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/kvm.h>
#include <linux/landlock.h>
#include <linux/mount.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "make_resource.h"

enum {
	CANNOT_MAKE = 77, /* what a test program exits with to be skipped */
	SOME_SIZE = 5,
};

int put_at(int fd, int number)
{
	int moved = fd < 0 ? -1 : dup2(fd, number);

	if (fd >= 0 && fd != number)
		close(fd);
	return moved;
}

static int make_file(const char *name, int flags)
{
	return open(name, flags | O_CREAT, 0600);
}

static int make_written(int companion UNUSED)
{
	int fd = make_file("written", O_WRONLY | O_APPEND | O_TRUNC);

	return fd >= 0 && write(fd, "hello", SOME_SIZE) < 0 ? -1 : fd;
}

static int make_escape(int companion UNUSED)
{
	return make_file("a\n\033[31mb\\", O_RDWR);
}

static int make_named_deleted(int companion UNUSED)
{
	return make_file("named (deleted)", O_RDWR);
}

static int make_deleted(int companion UNUSED)
{
	int fd = make_file("deleted", O_RDWR);

	unlink("deleted");
	return fd;
}

static int make_renamed(int companion UNUSED)
{
	int fd = make_file("former", O_RDWR);

	unlink("latter");
	if (fd >= 0 && link("former", "latter") < 0)
		return -1;
	unlink("former");
	return fd;
}

static int make_unnamed(int companion UNUSED)
{
	return open(".", O_TMPFILE | O_RDWR, 0600);
}

static int lock_with(int command, int type)
{
	struct flock lock = {.l_type = (short)type, .l_whence = SEEK_SET};
	int fd = make_file("locked", O_RDWR);

	return fd >= 0 && fcntl(fd, command, &lock) < 0 ? -1 : fd;
}

/* Closing any descriptor of the file gives up its POSIX locks. */
static int make_posix_lock(int companion)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = put_at(make_file("locked", O_RDWR), companion - 1);

	return fd >= 0 && fcntl(fd, F_SETLK, &lock) < 0 ? -1 : fd;
}

static int make_ofd_lock(int companion UNUSED)
{
	return lock_with(F_OFD_SETLK, F_RDLCK);
}

static int make_flock(int companion UNUSED)
{
	int fd = make_file("flocked", O_RDWR);

	return fd >= 0 && flock(fd, LOCK_EX) < 0 ? -1 : fd;
}

/* A second descriptor would be a second opener, so it is put there first. */
static int make_lease(int companion)
{
	int fd = put_at(make_file("leased", O_RDWR), companion - 1);

	return fd >= 0 && fcntl(fd, F_SETLEASE, F_WRLCK) < 0 ? -1 : fd;
}

static int make_deleted_folder(int companion UNUSED)
{
	int fd;

	mkdir("folder", 0700);
	fd = open("folder", O_RDONLY | O_DIRECTORY);
	rmdir("folder");
	return fd;
}

static int make_userfaultfd(int companion UNUSED)
{
	return (int)syscall(SYS_userfaultfd, O_CLOEXEC);
}

static int make_perf_event(int companion UNUSED)
{
	struct perf_event_attr event = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(event),
		.config = PERF_COUNT_SW_CPU_CLOCK,
	};

	return (int)syscall(SYS_perf_event_open, &event, 0, -1, -1, 0);
}

static int make_bpf_map(int companion UNUSED)
{
	union bpf_attr map = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 8,
		.max_entries = 2,
	};

	return (int)syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof(map));
}

static int make_bpf_program(int companion UNUSED)
{
	const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr program = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insn_cnt = 2,
		.insns = (unsigned long)code,
		.license = (unsigned long)"GPL",
	};

	return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &program, sizeof(program));
}

static int make_io_uring(int companion UNUSED)
{
	struct io_uring_params params = {0};

	return (int)syscall(SYS_io_uring_setup, 4, &params);
}

static int make_memfd(int companion UNUSED)
{
	int fd = memfd_create("a\033name", MFD_ALLOW_SEALING);

	return ftruncate(fd, SOME_SIZE) < 0 ||
			       fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) < 0
		       ? -1
		       : fd;
}

static int make_huge_memfd(int companion UNUSED)
{
	return memfd_create("huge", MFD_HUGETLB);
}

static int make_secret(int companion UNUSED)
{
	return (int)syscall(SYS_memfd_secret, 0);
}

static int make_pidfd(int companion UNUSED)
{
	return (int)syscall(SYS_pidfd_open, getpid(), 0);
}

static int make_pidfd_gone(int companion UNUSED)
{
	pid_t child = fork();
	int fd;

	if (child == 0)
		_exit(EXIT_SUCCESS);
	fd = (int)syscall(SYS_pidfd_open, child, 0);
	waitpid(child, NULL, 0);
	return fd;
}

static int make_queue(int companion UNUSED)
{
	char name[32];
	mqd_t queue;

	snprintf(name, sizeof(name), "/make_resource.%d", getpid());
	queue = mq_open(name, O_CREAT | O_RDWR, 0600, NULL);
	mq_unlink(name);
	return queue;
}

static int make_ruleset(int companion UNUSED)
{
	const struct landlock_ruleset_attr rules = {.handled_access_fs = 1};

	return (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules),
			    0);
}

static int make_file_system(int companion UNUSED)
{
	return (int)syscall(SYS_fsopen, "tmpfs", 0);
}

static int make_mount(int companion UNUSED)
{
	int context = make_file_system(0);
	int fd;

	syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	fd = (int)syscall(SYS_fsmount, context, 0, 0);
	close(context);
	return fd;
}

static int make_tree(int companion UNUSED)
{
	return (int)syscall(SYS_open_tree, AT_FDCWD, "/tmp", OPEN_TREE_CLONE);
}

/* Nobody could let calls go on, so the filter allows them all by itself. */
static int make_listener(int companion UNUSED)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {1, code};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			    SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

static int make_machine(int companion)
{
	return ioctl(put_at(open("/dev/kvm", O_RDWR), companion), KVM_CREATE_VM,
		     0);
}

/* clang-format off */
static const struct resource files[] = {
	{"file", "file /etc/passwd, read-only, at 0", .path = "/etc/passwd"},
	{"file-written", ", write-only, append, at 5", make_written},
	{"file-escape", "/a\\x0a\\x1b[31mb\\x5c, read-write", make_escape},
	{"file-odd", "/named (deleted), read-write", make_named_deleted},
	{"file-deleted", "deleted file /", make_deleted},
	{"file-renamed", "of which only another name is left", make_renamed},
	{"file-unnamed", "unnamed file /", make_unnamed},
	{"lock-posix", "with POSIX lock for writing", make_posix_lock},
	{"lock-ofd", "with OFD lock for reading", make_ofd_lock},
	{"lock-flock", "with flock for writing", make_flock},
	{"lock-lease", "with lease for writing", make_lease},
	{"path", "path (O_PATH) of /etc/passwd", .path = "/etc/passwd",
	 .flags = O_PATH},
	{"directory", "directory /etc", .path = "/etc", .flags = O_DIRECTORY},
	{"directory-deleted", "deleted directory /", make_deleted_folder},
	{"null", "device /dev/null (null, 1:3), read", .path = "/dev/null"},
	{"zero", "(zero, 1:5)", .path = "/dev/zero"},
	{"full", "(full, 1:7)", .path = "/dev/full"},
	{"random", "(random, 1:8)", .path = "/dev/random"},
	{"urandom", "(urandom, 1:9)", .path = "/dev/urandom"},
	{"kernel-log", "(kernel log, 1:11)", .path = "/dev/kmsg",
	 .flags = O_NONBLOCK},
	{"kvm", "(KVM, 10:232)", .path = "/dev/kvm", .flags = O_RDWR},
	{"kvm-vm", "KVM anon_inode:kvm-vm", make_machine},
	{"fuse", "(FUSE, 10:229)", .path = "/dev/fuse", .flags = O_RDWR},
	{"tun", "(TUN/TAP, 10:200)", .path = "/dev/net/tun", .flags = O_RDWR},
	{"loop-control", "(loop control, 10:237)", .path = "/dev/loop-control"},
	{"loop", "block device /dev/loop0 (7:0)", .path = "/dev/loop0"},
	{"userfaultfd", "userfaultfd", make_userfaultfd},
	{"perf-event", "perf event", make_perf_event},
	{"bpf-map", "BPF anon_inode:bpf-map", make_bpf_map},
	{"bpf-program", "BPF anon_inode:bpf-prog", make_bpf_program},
	{"io_uring", "io_uring", make_io_uring},
	{"memfd", "x1bname (deleted), read-write, at 0, size 5, sealed: shr",
	 make_memfd},
	{"memfd-huge", "memfd in huge pages /memfd:huge", make_huge_memfd},
	{"memfd-secret", "secret memory", make_secret},
	{"pidfd", "pidfd of the service itself", make_pidfd},
	{"pidfd-gone", "pidfd of a process that is gone", make_pidfd_gone},
	{"message-queue", "message queue /make_resource", make_queue},
	{"landlock", "Landlock ruleset", make_ruleset},
	{"fs-context", "file system context", make_file_system},
	{"mount-new", "detached mount", make_mount},
	{"mount-tree", "detached mount", make_tree},
	{"namespace", "namespace net:[", .path = "/proc/self/ns/net"},
	{"proc-own", "kernel's file about the service /proc/",
	 .path = "/proc/self/maps"},
	{"proc", "kernel's file /proc/loadavg", .path = "/proc/loadavg"},
	{"sysfs", "kernel's file /sys/", .path = "/sys/kernel/uevent_seqnum"},
	{"cgroup", "kernel's file /sys/fs/cgroup/",
	 .path = "/sys/fs/cgroup/cgroup.procs"},
	{"seccomp-listener", "seccomp listener", make_listener},
};
/* clang-format on */

static const struct resource *find(const struct resource *items, size_t count,
				   const char *kind)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(items[i].kind, kind) == 0)
			return &items[i];
	return NULL;
}

static int make(const struct resource *r, int companion)
{
	if (r->make)
		return r->make(companion);
	if (r->path)
		return open(r->path, r->flags);
	return socket(r->domain, r->type, r->protocol);
}

static int list(const struct resource *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		printf("%s\t%s\n", items[i].kind, items[i].says);
	return EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
	const size_t count = sizeof(files) / sizeof(*files);
	const struct resource *resource;
	char line[16];
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (argc == 2 && strcmp(argv[1], "--list") == 0)
		return list(files, count) | list(channels, channel_count);
	resource = argc == 3 ? find(files, count, argv[1]) : NULL;
	if (!resource && argc == 3)
		resource = find(channels, channel_count, argv[1]);
	if (!resource) {
		fprintf(stderr, "usage: make_resource KIND FD | --list\n");
		return EXIT_FAILURE;
	}
	fd = (int)strtol(argv[2], NULL, 10);
	if (put_at(make(resource, fd + 1), fd) < 0) {
		fprintf(stderr, "%s: %s\n", resource->kind, strerror(errno));
		return CANNOT_MAKE;
	}
	puts("ready");
	fflush(stdout);
	return fgets(line, sizeof(line), stdin) ? EXIT_SUCCESS : EXIT_FAILURE;
}
