/*
 * test_open_file.c - what is said of a descriptor, and what becomes of it
 *
 * Most cases are text that a kernel has written (tests/samples/fdinfo) with a
 * link and a status as they were beside it.  The last ones look at a process.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/open_file.h"
#include "capture/open_file_kinds.h"
#include "common/io.h"

#ifndef TEST_SAMPLES
#define TEST_SAMPLES "tests/samples"
#endif

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define ANON	     "anon_inode:"

TestSuite(open_file, .timeout = 10);

/* A descriptor as the kernel shows it, and what must be said of it. */
struct sample {
	const char *fdinfo;
	const char *link;
	mode_t mode;
	uint64_t file_system;
	const char *kind;
	const char *says;
};

static void describe(struct open_file *file, const char *fdinfo)
{
	file->copy = -1;
	file->pid = 4711;
	cr_assert(open_file_parse(file, fdinfo));
	open_file_describe(file);
}

static char *read_sample(const char *name)
{
	char *text = NULL;
	int r = io_read_filef(&text, NULL, TEST_SAMPLES "/fdinfo/6.18-%s.txt",
			      name);

	cr_assert(r == 0, "no sample '%s' in %s", name, TEST_SAMPLES);
	return text;
}

static void expect_sample(const struct sample *s)
{
	static struct open_file file;
	char *text = read_sample(s->fdinfo);

	file = (struct open_file){
		.status = {.st_mode = s->mode, .st_nlink = 1},
		.file_system = s->file_system,
	};
	snprintf(file.link, sizeof(file.link), "%s", s->link);
	describe(&file, text);

	cr_expect(strcmp(file.kind->name, s->kind) == 0,
		  "%s is of kind '%s', not '%s'", s->fdinfo, file.kind->name,
		  s->kind);
	cr_expect(strcmp(file.what, s->says) == 0, "%s: '%s', not '%s'",
		  s->fdinfo, file.what, s->says);
	cr_expect(file.remedy && file.remedy[0], "%s: no remedy", s->fdinfo);
	free(text);
}

static void expect_samples(const struct sample *samples, size_t count)
{
	for (size_t i = 0; i < count; i++)
		expect_sample(&samples[i]);
}

/* clang-format off */
Test(open_file, files_are_named_with_access_position_and_locks)
{
	static const struct sample samples[] = {
		{"append", "/x", S_IFREG, EXT4_SUPER_MAGIC, "file",
		 "file /x, write-only, append, at 5"},
		{"o-path", "/x", S_IFREG, EXT4_SUPER_MAGIC, "path (O_PATH) of",
		 "path (O_PATH) of /x"},
		{"posix-lock", "/x", S_IFREG, EXT4_SUPER_MAGIC, "file",
		 "file /x, read-write, at 0, with POSIX lock for writing"},
		{"ofd-lock", "/x", S_IFREG, EXT4_SUPER_MAGIC, "file",
		 "file /x, read-write, at 0, with OFD lock for reading"},
		{"flock", "/x", S_IFREG, EXT4_SUPER_MAGIC, "file",
		 "file /x, read-write, at 0, with flock for writing"},
		{"lease", "/x", S_IFREG, EXT4_SUPER_MAGIC, "file",
		 "file /x, read-write, at 0, with lease for writing"},
		{"pipe", "/proc/4711/maps", S_IFREG, PROC_SUPER_MAGIC,
		 "kernel's file about the service",
		 "kernel's file about the service /proc/4711/maps, read-only, at 0"},
		{"pipe", "/proc/47110/maps", S_IFREG, PROC_SUPER_MAGIC,
		 "kernel's file",
		 "kernel's file /proc/47110/maps, read-only, at 0"},
		{"pipe", "/sys/fs/cgroup/cgroup.procs", S_IFREG,
		 CGROUP2_SUPER_MAGIC, "kernel's file",
		 "kernel's file /sys/fs/cgroup/cgroup.procs, read-only, at 0"},
		{"pipe", "/etc", S_IFDIR, EXT4_SUPER_MAGIC, "directory",
		 "directory /etc"},
	};

	expect_samples(samples, COUNT(samples));
}

Test(open_file, kernel_objects_are_named_with_what_they_wait_for)
{
	static const struct sample samples[] = {
		{"eventfd-semaphore", ANON "[eventfd]", 0, ANON_INODE_FS_MAGIC,
		 "eventfd", "eventfd, counter 17, a semaphore"},
		{"eventpoll", ANON "[eventpoll]", 0, ANON_INODE_FS_MAGIC,
		 "epoll", "epoll, watches: 1"},
		{"timerfd-armed", ANON "[timerfd]", 0, ANON_INODE_FS_MAGIC,
		 "timerfd",
		 "timerfd on CLOCK_BOOTTIME, due in 999.999 s, every 2.000 s"},
		{"signalfd", ANON "[signalfd]", 0, ANON_INODE_FS_MAGIC,
		 "signalfd", "signalfd for SIGUSR1, SIGTERM"},
		{"inotify-no-brackets", ANON "inotify", 0, ANON_INODE_FS_MAGIC,
		 "inotify", "inotify, watches: 1"},
		{"fanotify", ANON "[fanotify]", 0, ANON_INODE_FS_MAGIC,
		 "fanotify", "fanotify, watches: 1"},
		{"pidfd-gone", ANON "[pidfd]", 0, 0x50494446, "pidfd",
		 "pidfd of a process that is gone"},
		{"io_uring", ANON "[io_uring]", 0, ANON_INODE_FS_MAGIC,
		 "io_uring", "io_uring"},
		{"pipe", ANON "kvm-vcpu:0", 0, ANON_INODE_FS_MAGIC, "KVM",
		 "KVM anon_inode:kvm-vcpu:0"},
		{"pipe", ANON "[something new]", 0, ANON_INODE_FS_MAGIC,
		 "kernel object", "kernel object anon_inode:[something new]"},
		{"pipe", "net:[4026531833]", S_IFREG, NSFS_MAGIC, "namespace",
		 "namespace net:[4026531833]"},
	};

	expect_samples(samples, COUNT(samples));
}
/* clang-format on */

Test(open_file, every_anonymous_inode_has_a_kind_and_no_other_is_shadowed)
{
	static const char *const names[][2] = {
		{"[userfaultfd]", "userfaultfd"},
		{"[perf_event]", "perf event"},
		{"bpf-map", "BPF"},
		{"bpf-prog", "BPF"},
		{"bpf_link", "BPF"},
		{"[landlock-ruleset]", "Landlock ruleset"},
		{"[fscontext]", "file system context"},
		{"seccomp notify", "seccomp listener"},
		{"kvm-vm", "KVM"},
		{"sync_file", "kernel object"},
	};

	for (size_t i = 0; i < COUNT(names); i++) {
		static struct open_file file;

		file = (struct open_file){.file_system = ANON_INODE_FS_MAGIC};
		snprintf(file.link, sizeof(file.link), ANON "%s", names[i][0]);
		describe(&file, "flags:\t02\n");

		cr_expect(strcmp(file.kind->name, names[i][1]) == 0,
			  "%s is a '%s'", names[i][0], file.kind->name);
	}
}

Test(open_file, devices_are_known_by_number_and_not_by_name)
{
	struct open_file file = {
		.link = "/tmp/mine",
		.status = {.st_mode = S_IFCHR, .st_rdev = makedev(1, 3)},
	};

	describe(&file, "pos:\t0\nflags:\t0100002\n");

	cr_expect(eq(str, file.what,
		     "device /tmp/mine (null, 1:3), read-write"));
}

Test(open_file, devices_without_a_name_are_shown_by_number)
{
	struct open_file file = {
		.link = "/dev/userfaultfd",
		.status = {.st_mode = S_IFCHR, .st_rdev = makedev(10, 257)},
	};

	describe(&file, "flags:\t02\n");

	cr_expect(eq(str, file.what,
		     "device /dev/userfaultfd (10:257), read-write"));
}

Test(open_file, terminal_masters_say_which_terminal)
{
	struct open_file file = {
		.link = "/dev/ptmx",
		.status = {.st_mode = S_IFCHR, .st_rdev = makedev(5, 2)},
	};
	char *text = read_sample("ptmx");

	describe(&file, text);
	free(text);

	cr_expect(eq(str, file.what,
		     "device /dev/ptmx (terminal master, 5:2) of /dev/pts/0, "
		     "read-write"));
}

Test(open_file, living_file_with_deleted_in_its_name_is_not_deleted)
{
	struct open_file file = {
		.link = "/x (deleted)",
		.status = {.st_mode = S_IFREG, .st_nlink = 1},
	};

	describe(&file, "pos:\t0\nflags:\t00\n");

	cr_expect(eq(str, file.what, "file /x (deleted), read-only, at 0"));
}

Test(open_file, file_without_links_is_deleted)
{
	struct open_file file = {
		.link = "/x (deleted)",
		.status = {.st_mode = S_IFREG, .st_nlink = 0},
	};

	describe(&file, "pos:\t0\nflags:\t00\n");

	cr_expect(eq(str, (char *)file.kind->name, "deleted file"));
}

Test(open_file, o_tmpfile_is_unnamed_until_it_is_linked)
{
	struct open_file file = {
		.link = "/tmp/#7 (deleted)",
		.status = {.st_mode = S_IFREG, .st_nlink = 0},
	};
	char *text = read_sample("o-tmpfile");

	describe(&file, text);
	cr_expect(eq(str, (char *)file.kind->name, "unnamed file"));

	file.status.st_nlink = 1;
	cr_expect(eq(str, (char *)open_file_kind_find(&file)->name, "file"));
	free(text);
}

Test(open_file, memory_is_told_from_a_file_of_the_same_name)
{
	struct open_file file = {
		.link = "/memfd:x (deleted)",
		.status = {.st_mode = S_IFREG, .st_nlink = 0, .st_size = 9},
		.file_system = TMPFS_MAGIC,
	};

	describe(&file, "pos:\t0\nflags:\t02\n");
	cr_expect(eq(str, (char *)file.kind->name, "memfd"));

	file.file_system = EXT4_SUPER_MAGIC;
	cr_expect(eq(str, (char *)open_file_kind_find(&file)->name,
		     "deleted file"));
	file.file_system = SECRETMEM_MAGIC;
	cr_expect(eq(str, (char *)open_file_kind_find(&file)->name,
		     "secret memory"));
}

Test(open_file, name_cannot_write_to_a_terminal)
{
	struct open_file file = {
		.link = "/a\n\033[31m\\\x7f\xc2\x9b",
		.status = {.st_mode = S_IFREG, .st_nlink = 1},
	};

	describe(&file, "pos:\t0\nflags:\t00\n");

	cr_expect(eq(str, file.what,
		     "file /a\\x0a\\x1b[31m\\x5c\\x7f\\xc2\\x9b, read-only, "
		     "at 0"));
}

Test(open_file, long_name_leaves_room_for_the_rest)
{
	struct open_file file = {
		.status = {.st_mode = S_IFREG, .st_nlink = 1},
	};

	memset(file.link, '\001', sizeof(file.link) - 1);
	describe(&file, "pos:\t17\nflags:\t00\n");

	cr_expect(strstr(file.what, "..., read-only, at 17"), "%s", file.what);
}

Test(open_file, several_locks_are_counted)
{
	struct open_file file = {
		.link = "/x",
		.status = {.st_mode = S_IFREG, .st_nlink = 1},
	};

	describe(&file, "flags:\t02\n"
			"lock:\t1: POSIX  ADVISORY  READ 7 fe:00:1 0 4\n"
			"lock:\t2: POSIX  ADVISORY  WRITE 7 fe:00:1 9 12\n"
			"lock:\t3: FLOCK  ADVISORY  READ 7 fe:00:1 0 EOF");

	cr_expect(eq(str, file.what,
		     "file /x, read-write, at 0, with POSIX lock for reading "
		     "and 2 more"));
	cr_expect(eq(str, (char *)file.remedy,
		     "Take the lock after the ready point."));
}

Test(open_file, pipe_names_the_other_end_when_it_is_here)
{
	struct open_file_entry entries[] = {
		{.fd = 3, .reads = true, .device = 9, .inode = 77},
		{.fd = 5, .writes = true, .device = 9, .inode = 77},
	};
	struct open_file_list all = {entries, 2};
	struct open_file file = {
		.link = "pipe:[77]",
		.status = {.st_mode = S_IFIFO, .st_dev = 9, .st_ino = 77},
		.file_system = PIPEFS_MAGIC,
		.all = &all,
	};

	describe(&file, "flags:\t00\n");

	cr_expect(eq(str, file.what, "pipe, read end, the other end is fd 5"));
}

Test(open_file, pipe_with_one_end_says_that_the_other_is_elsewhere)
{
	struct open_file file = {
		.link = "pipe:[77]",
		.status = {.st_mode = S_IFIFO},
		.file_system = PIPEFS_MAGIC,
	};

	describe(&file, "flags:\t01\n");

	cr_expect(eq(str, file.what,
		     "pipe, write end, the other end is not in the service"));
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

/* A child that changes its descriptors and then stands still. */
static pid_t start(void (*change)(void))
{
	int ready[2];
	char byte;
	pid_t pid;

	cr_assert(pipe2(ready, O_CLOEXEC) == 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		change();
		close(ready[0]);
		close(ready[1]);
		pause();
		_exit(EXIT_SUCCESS);
	}
	close(ready[1]);
	cr_assert(read(ready[0], &byte, 1) == 0);
	close(ready[0]);
	return pid;
}

static void change_nothing(void)
{
}

static void replace_input(void)
{
	dup2(open("/dev/zero", O_RDWR), STDIN_FILENO);
}

static void close_input(void)
{
	close(STDIN_FILENO);
}

static struct finding look_at(void (*change)(void), bool is_started, int fd)
{
	const struct open_file_context context = {.is_started = is_started};
	struct finding found = {.what = "no finding"};
	struct audit audit = {0};
	struct error err = {0};
	char subject[16];
	pid_t pid = start(change);
	int r = open_files_audit(&audit, pid, &context, &err);

	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	cr_assert(r == 0, "%s", err.text);
	snprintf(subject, sizeof(subject), "fd %d", fd);
	for (size_t i = 0; i < audit.count; i++)
		if (strcmp(audit.items[i].subject, subject) == 0)
			found = audit.items[i];
	audit_deinit(&audit);
	return found;
}
