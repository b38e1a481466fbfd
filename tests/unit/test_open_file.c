/*
 * test_open_file.c - what is said of a descriptor, and what becomes of it
 *
 * Most cases are text that a kernel has written; the last look at a process.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/files/open_file.h"
#include "capture/files/open_file_kinds.h"
#include "common/io.h"

#ifndef TEST_SAMPLES
#define TEST_SAMPLES "tests/samples"
#endif

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define ANON(name)   "anon_inode:" name, 0, ANON_INODE_FS_MAGIC
#define DISK	     S_IFREG, EXT4_SUPER_MAGIC

TestSuite(open_file, .timeout = 10);

static const struct stat linked = {.st_mode = S_IFREG, .st_nlink = 1};

/* A descriptor as the kernel shows it, and what must be said of it. */
struct sample {
	const char *fdinfo;
	const char *link;
	mode_t mode;
	uint64_t file_system;
	const char *says;
};

static void describe(struct open_file *file, const char *fdinfo)
{
	file->copy = -1;
	file->pid = 4711;
	cr_assert(open_file_parse(file, fdinfo));
	open_file_describe(file);
}

static void expect_what(struct open_file file, const char *fdinfo,
			const char *says)
{
	describe(&file, fdinfo);

	cr_expect(strcmp(file.what, says) == 0, "'%s', not '%s'", file.what,
		  says);
	cr_expect(file.remedy && file.remedy[0], "%s: no remedy", says);
}

static void expect_kind(struct open_file file, const char *fdinfo,
			const char *kind)
{
	describe(&file, fdinfo);
	cr_expect(strcmp(file.kind->name, kind) == 0, "'%s' is a '%s'",
		  file.link, file.kind->name);
}

static void expect_samples(const struct sample *samples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct sample *s = &samples[i];
		char *text = NULL;
		struct open_file file = {
			.status = {.st_mode = s->mode, .st_nlink = 1},
			.file_system = s->file_system,
		};

		cr_assert(io_read_filef(&text, NULL, "%s/fdinfo/6.18-%s.txt",
					TEST_SAMPLES, s->fdinfo) == 0);
		snprintf(file.link, sizeof(file.link), "%s", s->link);
		expect_what(file, text, s->says);
		free(text);
	}
}

/* clang-format off */
Test(open_file, files_are_named_with_access_position_and_locks)
{
	static const struct sample samples[] = {
		{"append", "/x", DISK, "file /x, write-only, append, at 5"},
		{"o-path", "/x", DISK, "path (O_PATH) of /x"},
		{"o-tmpfile", "/x", DISK, "file /x, read-write, at 0"},
		{"posix-lock", "/x", DISK,
		 "file /x, read-write, at 0, with POSIX lock for writing"},
		{"ofd-lock", "/x", DISK,
		 "file /x, read-write, at 0, with OFD lock for reading"},
		{"flock", "/x", DISK,
		 "file /x, read-write, at 0, with flock for writing"},
		{"lease", "/x", DISK,
		 "file /x, read-write, at 0, with lease for writing"},
		{"pipe", "/proc/4711/fd", S_IFDIR, PROC_SUPER_MAGIC,
		 "kernel's file about the service /proc/4711/fd"},
		{"pipe", "/proc/47110/maps", S_IFREG, PROC_SUPER_MAGIC,
		 "kernel's file /proc/47110/maps, read-only, at 0"},
		{"pipe", "/sys/fs/cgroup/x", S_IFREG, CGROUP2_SUPER_MAGIC,
		 "kernel's file /sys/fs/cgroup/x, read-only, at 0"},
		{"pipe", "/etc", S_IFDIR, EXT4_SUPER_MAGIC, "directory /etc"},
		{"pipe", "net:[4]", S_IFREG, NSFS_MAGIC, "namespace net:[4]"},
	};

	expect_samples(samples, COUNT(samples));
}

Test(open_file, kernel_objects_are_named_with_what_they_wait_for)
{
	static const struct sample samples[] = {
		{"eventfd-semaphore", ANON("[eventfd]"),
		 "eventfd, counter 17, a semaphore"},
		{"eventpoll", ANON("[eventpoll]"), "epoll, watches: 1"},
		{"timerfd-armed", ANON("[timerfd]"),
		 "timerfd on CLOCK_BOOTTIME, due in 999.999 s, every 2.000 s"},
		{"signalfd", ANON("[signalfd]"),
		 "signalfd for SIGUSR1, SIGTERM"},
		{"inotify-no-brackets", ANON("inotify"), "inotify, watches: 1"},
		{"fanotify", ANON("[fanotify]"), "fanotify, watches: 1"},
		{"pidfd", ANON("[pidfd]"), "pidfd of pid 28505"},
		{"pidfd-gone", ANON("[pidfd]"),
		 "pidfd of a process that is gone"},
		{"io_uring", ANON("[io_uring]"), "io_uring"},
		{"pipe", ANON("[userfaultfd]"), "userfaultfd"},
		{"pipe", ANON("bpf-map"), "BPF anon_inode:bpf-map"},
		{"pipe", ANON("kvm-vcpu:0"), "KVM anon_inode:kvm-vcpu:0"},
		{"pipe", ANON("[new]"), "kernel object anon_inode:[new]"},
	};

	expect_samples(samples, COUNT(samples));
}
/* clang-format on */

Test(open_file, devices_are_known_by_number_and_not_by_name)
{
	struct open_file file = {
		.link = "/tmp/x",
		.status = {.st_mode = S_IFCHR, .st_rdev = makedev(1, 3)},
	};

	expect_what(file, "flags:\t02\n",
		    "device /tmp/x (null, 1:3), read-write");
	file.status.st_rdev = makedev(10, 257);
	expect_what(file, "flags:\t02\n", "device /tmp/x (10:257), read-write");
	file.status.st_mode = S_IFBLK;
	expect_what(file, "flags:\t00\n",
		    "block device /tmp/x (10:257), read-only");
	file.status =
		(struct stat){.st_mode = S_IFCHR, .st_rdev = makedev(5, 2)};
	expect_what(file, "flags:\t02\ntty-index:\t7\n",
		    "device /tmp/x (terminal master, 5:2) of /dev/pts/7, "
		    "read-write");
}

Test(open_file, file_is_deleted_when_it_has_no_links_and_not_by_its_name)
{
	struct open_file file = {
		.link = "/x (deleted)",
		.status = linked,
	};

	expect_what(file, "flags:\t00\n", "file /x (deleted), read-only, at 0");
	file.status.st_nlink = 0;
	expect_kind(file, "flags:\t00\n", "deleted file");
}

Test(open_file, o_tmpfile_is_unnamed_until_it_is_linked)
{
	struct open_file file = {
		.link = "/tmp/#7 (deleted)",
		.status = {.st_mode = S_IFREG, .st_nlink = 0},
	};

	expect_kind(file, "flags:\t020300002\n", "unnamed file");
	file.status.st_nlink = 1;
	expect_kind(file, "flags:\t020300002\n", "file");
}

Test(open_file, memory_is_told_from_a_file_of_the_same_name)
{
	struct open_file file = {
		.link = "/memfd:x (deleted)",
		.status = {.st_mode = S_IFREG},
		.file_system = TMPFS_MAGIC,
	};

	expect_kind(file, "flags:\t02\n", "memfd");
	file.file_system = EXT4_SUPER_MAGIC;
	expect_kind(file, "flags:\t02\n", "deleted file");
	file.file_system = SECRETMEM_MAGIC;
	expect_kind(file, "flags:\t02\n", "secret memory");
}

Test(open_file, root_of_a_detached_mount_is_told_from_the_root)
{
	struct open_file file = {.link = "/", .status = {.st_mode = S_IFDIR}};

	expect_kind(file, "flags:\t010000000\n", "path (O_PATH) of");
	file.is_detached = true;
	expect_kind(file, "flags:\t010000000\n", "detached mount");
}

Test(open_file, name_cannot_write_to_a_terminal)
{
	const struct open_file file = {
		.link = "/a\n\033[31m\\\x7f\xc2\x9b",
		.status = linked,
	};

	expect_what(file, "flags:\t00\n",
		    "file /a\\x0a\\x1b[31m\\x5c\\x7f\\xc2\\x9b, read-only, "
		    "at 0");
}

Test(open_file, long_name_leaves_room_for_the_rest)
{
	struct open_file file = {.status = linked};

	memset(file.link, '\001', sizeof(file.link) - 1);
	describe(&file, "pos:\t17\nflags:\t00\n");

	cr_expect(strstr(file.what, "..., read-only, at 17") != NULL);
}

Test(open_file, several_locks_are_counted)
{
	const struct open_file file = {.link = "/x", .status = linked};

	expect_what(file,
		    "flags:\t02\n"
		    "lock:\t1: POSIX  ADVISORY  READ 7 fe:00:1 0 4\n"
		    "lock:\t2: POSIX  ADVISORY  WRITE 7 fe:00:1 9 12\n"
		    "lock:\t3: FLOCK  ADVISORY  READ 7 fe:00:1 0 EOF",
		    "file /x, read-write, at 0, with POSIX lock for reading "
		    "and 2 more");
}

Test(open_file, pipe_names_the_other_end_only_when_it_is_here)
{
	struct open_file_entry entries[] = {
		{.fd = 3, .reads = true, .device = 9, .inode = 77},
		{.fd = 5, .writes = true, .device = 9, .inode = 77},
	};
	const struct open_file_list all = {entries, COUNT(entries)};
	struct open_file file = {
		.link = "pipe:[77]",
		.status = {.st_mode = S_IFIFO, .st_dev = 9, .st_ino = 77},
		.file_system = PIPEFS_MAGIC,
		.all = &all,
	};

	expect_what(file, "flags:\t00\n",
		    "pipe, read end, the other end is fd 5");
	entries[1].inode = 78;
	expect_what(file, "flags:\t00\n",
		    "pipe, read end, the other end is not in the service");
}

Test(open_file, fdinfo_without_flags_is_refused_and_changes_nothing)
{
	struct open_file file = {.position = 3};

	cr_expect(not(open_file_parse(&file, "pos:\t17\n")));
	cr_expect(not(open_file_parse(&file, "flags:\t9\npos:\t17\n")));
	cr_expect(not(open_file_parse(&file, "flags:\t0777777777777\n")));

	cr_expect(eq(u64, file.position, 3));
}

Test(open_file, fdinfo_is_read_as_octal_flags_and_decimal_position)
{
	struct open_file file = {0};

	cr_assert(open_file_parse(&file, "pos:\t17\nflags:\t02102001\n"
					 "mnt_id:\t27\nino:\t5\n"));

	cr_expect(file.close_on_exec);
	cr_expect(eq(uint, file.flags & O_ACCMODE, O_WRONLY));
	cr_expect(eq(u64, file.position, 17));
	cr_expect(eq(u64, file.mount, 27));
}
