/*
 * open_file_kinds.c - the kinds of descriptor, and how they are told apart
 *
 * The order of the table is the order of asking: O_PATH before all else, for
 * then there is no open file behind the descriptor; then what has a name given
 * by the kernel, devices, the kernel's own file systems; and what is left by
 * its type.  Names and numbers are those of Linux 6.18; a name that is not
 * listed is shown as it is.
 */
#include "open_file_kinds.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

#include "carry.h"
#include "common/text.h"
#include "open_file.h"
#include "socket.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

enum {
	MAGIC_MQUEUE = 0x19800202,
	MAGIC_PIDFD = 0x50494446,
	MAGIC_CONFIG = 0x62656570,
	MAGIC_FUSE_CONTROL = 0x65735543,
	MINOR_ANY = 0xffffffff,
	FLAG_TMPFILE = 020000000, /* what O_TMPFILE is beside O_DIRECTORY */
};

static void describe_link(struct open_file *file)
{
	open_file_say(file, " ");
	open_file_quote(file, file->link, strlen(file->link));
}

static bool is_deleted(const struct open_file *file)
{
	return file->status.st_nlink == 0;
}

static bool is_detached(const struct open_file *file)
{
	return file->is_detached;
}

static bool is_own(const struct open_file *file)
{
	char own[32];

	snprintf(own, sizeof(own), "/proc/%d/", file->pid);
	return strncmp(file->link, own, strlen(own)) == 0;
}

/* "lock:\t1: POSIX  ADVISORY  WRITE 4711 fe:00:12345 0 EOF" */
static void say_locks(struct open_file *file)
{
	static const char *const words[][2] = {
		{"POSIX", " POSIX lock"}, {"OFDLCK", " OFD lock"},
		{"FLOCK", " flock"},	  {"LEASE", " lease"},
		{"READ", " for reading"}, {"WRITE", " for writing"},
	};
	const char *at = fdinfo_find(file->fdinfo, "lock:");
	size_t count = fdinfo_count(file->fdinfo, "lock:");

	if (!at)
		return;
	file->remedy = "Take the lock after the ready point.";
	open_file_say(file, ", with");
	for (; *at != '\n' && *at != '\0'; at++)
		for (size_t i = 0; i < COUNT(words); i++)
			if (strncmp(at, words[i][0], strlen(words[i][0])) == 0)
				open_file_say(file, "%s", words[i][1]);
	if (count > 1)
		open_file_say(file, " and %zu more", count - 1);
}

static void say_access(struct open_file *file)
{
	/* By O_RDONLY, O_WRONLY, O_RDWR, and the one that has no name. */
	static const char *const modes[] = {"read-only", "write-only",
					    "read-write", "for ioctl(2) only"};

	if (file->has_other_name)
		open_file_say(file, ", of which only another name is left");
	if (!S_ISDIR(file->status.st_mode))
		open_file_say(file, ", %s%s", modes[file->flags & O_ACCMODE],
			      file->flags & O_APPEND ? ", append" : "");
	if (S_ISREG(file->status.st_mode) || file->position > 0)
		open_file_say(file, ", at %" PRIu64, file->position);
	say_locks(file);
}

static void describe_access(struct open_file *file)
{
	describe_link(file);
	say_access(file);
}

struct device {
	unsigned major;
	unsigned minor;
	const char *name;
};

/* Documentation/admin-guide/devices.txt of Linux */
/* clang-format off */
static const struct device devices[] = {
	{1, 1, "memory"}, {1, 3, "null"}, {1, 5, "zero"}, {1, 7, "full"},
	{1, 8, "random"}, {1, 9, "urandom"}, {1, 11, "kernel log"},
	{4, MINOR_ANY, "console"}, {5, 0, "controlling terminal"},
	{5, 1, "console"}, {5, 2, "terminal master"}, {10, 200, "TUN/TAP"},
	{10, 229, "FUSE"}, {10, 232, "KVM"}, {10, 237, "loop control"},
	{13, MINOR_ANY, "input"}, {116, MINOR_ANY, "sound"},
	{136, MINOR_ANY, "terminal"}, {195, MINOR_ANY, "NVIDIA GPU"},
	{226, MINOR_ANY, "GPU"},
};
/* clang-format on */

/* "(null, 1:3)", or "(10:257)" for numbers that are handed out anew. */
static void say_device(struct open_file *file)
{
	dev_t number = file->status.st_rdev;

	open_file_say(file, " (");
	for (size_t i = 0; i < COUNT(devices); i++)
		if (S_ISCHR(file->status.st_mode) &&
		    devices[i].major == major(number) &&
		    (devices[i].minor == minor(number) ||
		     devices[i].minor == MINOR_ANY))
			open_file_say(file, "%s, ", devices[i].name);
	open_file_say(file, "%u:%u)", major(number), minor(number));
}

/* They have no state but their number. */
bool open_file_is_plain_device(const struct open_file *file)
{
	const dev_t number = file->status.st_rdev;

	return S_ISCHR(file->status.st_mode) && major(number) == 1 &&
	       (minor(number) == 3 || minor(number) == 5 ||
		(minor(number) >= 7 && minor(number) <= 9));
}

static void describe_device(struct open_file *file)
{
	const char *terminal = fdinfo_find(file->fdinfo, "tty-index:");

	describe_link(file);
	say_device(file);
	if (terminal) {
		open_file_say(file, " of /dev/pts/");
		open_file_quote(file, terminal, strcspn(terminal, "\n"));
	}
	say_access(file);
}

static void describe_pipe(struct open_file *file)
{
	bool writes = (file->flags & O_ACCMODE) == O_WRONLY;
	const struct open_file_list *all = file->all;
	int other = -1;
	int unread;

	for (size_t i = 0; all && i < all->count && other < 0; i++)
		if (all->items[i].inode == file->status.st_ino &&
		    all->items[i].device == file->status.st_dev &&
		    (writes ? all->items[i].reads : all->items[i].writes))
			other = all->items[i].fd;
	open_file_say(file, ", %s end", writes ? "write" : "read");
	if (file->flags & O_DIRECT)
		open_file_say(file, " of packets");
	if (other >= 0)
		open_file_say(file, ", the other end is fd %d", other);
	else
		open_file_say(file, ", the other end is not in the service");
	if (file->copy >= 0 && ioctl(file->copy, FIONREAD, &unread) == 0)
		open_file_say(file, ", unread bytes: %d", unread);
}

/* The count is in hexadecimal, without 0x. */
static void describe_eventfd(struct open_file *file)
{
	const char *count = fdinfo_find(file->fdinfo, "eventfd-count:");
	const char *semaphore = fdinfo_find(file->fdinfo, "eventfd-semaphore:");
	uint64_t value;

	if (count && take_hex(&count, &value))
		open_file_say(file, ", counter %" PRIu64, value);
	if (semaphore && *semaphore == '1')
		open_file_say(file, ", a semaphore");
}

static void describe_watches(struct open_file *file)
{
	static const char *const keys[] = {
		"tfd:",		  "inotify wd:",
		"fanotify ino:",  "fanotify mnt_id:",
		"fanotify sdev:",
	};
	size_t count = 0;

	for (size_t i = 0; i < COUNT(keys); i++)
		count += fdinfo_count(file->fdinfo, keys[i]);
	open_file_say(file, ", watches: %zu", count);
}

static bool take_time(const char **at, uint64_t time[2])
{
	return take_char(at, '(') && take_decimal(at, &time[0]) &&
	       take_word(at, ", ") && take_decimal(at, &time[1]);
}

/* it_value is what remains, even if the time that was set is absolute. */
static void describe_timerfd(struct open_file *file)
{
	static const char *const clocks[] = {
		[0] = "CLOCK_REALTIME",	      [1] = "CLOCK_MONOTONIC",
		[7] = "CLOCK_BOOTTIME",	      [8] = "CLOCK_REALTIME_ALARM",
		[9] = "CLOCK_BOOTTIME_ALARM",
	};
	const char *at = fdinfo_find(file->fdinfo, "clockid:");
	uint64_t time[2];
	uint64_t clock;

	if (at && take_decimal(&at, &clock) && clock < COUNT(clocks) &&
	    clocks[clock])
		open_file_say(file, " on %s", clocks[clock]);
	at = fdinfo_find(file->fdinfo, "it_value:");
	if (!at || !take_time(&at, time))
		return;
	if (time[0] + time[1] == 0)
		open_file_say(file, ", not armed");
	else
		open_file_say(file, ", due in %" PRIu64 ".%03" PRIu64 " s",
			      time[0], time[1] / 1000000);
	at = fdinfo_find(file->fdinfo, "it_interval:");
	if (at && take_time(&at, time) && time[0] + time[1] > 0)
		open_file_say(file, ", every %" PRIu64 ".%03" PRIu64 " s",
			      time[0], time[1] / 1000000);
}

static void describe_signalfd(struct open_file *file)
{
	const char *at = fdinfo_find(file->fdinfo, "sigmask:");
	const char *comma = " for ";
	uint64_t set;

	if (!at || !take_hex(&at, &set))
		return;
	for (int i = 1; i <= 64; i++) {
		const char *name = sigabbrev_np(i);

		if (!(set >> (i - 1) & 1))
			continue;
		if (name)
			open_file_say(file, "%sSIG%s", comma, name);
		else
			open_file_say(file, "%ssignal %d", comma, i);
		comma = ", ";
	}
}

static void describe_pidfd(struct open_file *file)
{
	const char *at = fdinfo_find(file->fdinfo, "Pid:");
	uint64_t pid;

	if (!at)
		return;
	if (!take_decimal(&at, &pid))
		open_file_say(file, " of a process that is gone");
	else if (pid == 0)
		open_file_say(file, " of a process in another namespace");
	else if (pid == (uint64_t)file->pid)
		open_file_say(file, " of the service itself");
	else
		open_file_say(file, " of pid %" PRIu64, pid);
}

static void describe_memfd(struct open_file *file)
{
	static const char *const seals[] = {
		"seal", "shrink", "grow", "write", "future-write", "exec",
	};
	int set = file->copy < 0 ? 0 : fcntl(file->copy, F_GET_SEALS);
	const char *comma = ", sealed: ";

	describe_access(file);
	open_file_say(file, ", size %jd", (intmax_t)file->status.st_size);
	for (size_t i = 0; set > 0 && i < COUNT(seals); i++) {
		if (!(set >> i & 1))
			continue;
		open_file_say(file, "%s%s", comma, seals[i]);
		comma = ", ";
	}
}

/* Files that are made up as they are read, or that act when written. */
static bool is_of_kernel(const struct open_file *file)
{
	static const uint64_t systems[] = {
		PROC_SUPER_MAGIC, SYSFS_MAGIC,	      CGROUP_SUPER_MAGIC,
		TRACEFS_MAGIC,	  DEBUGFS_MAGIC,      CGROUP2_SUPER_MAGIC,
		BPF_FS_MAGIC,	  SECURITYFS_MAGIC,   SELINUX_MAGIC,
		SMACK_MAGIC,	  EFIVARFS_MAGIC,     PSTOREFS_MAGIC,
		AAFS_MAGIC,	  BINFMTFS_MAGIC,     RDTGROUP_SUPER_MAGIC,
		MAGIC_CONFIG,	  MAGIC_FUSE_CONTROL,
	};

	for (size_t i = 0; i < COUNT(systems); i++)
		if (systems[i] == file->file_system)
			return true;
	return false;
}

static const char let_go[] = "Close it before the ready point.";
static const char open_later[] =
	"Close it before the ready point, or open it after.";

/* clang-format off */
static const struct open_file_kind kinds[] = {
	{"detached mount", .fits = is_detached},
	{"path (O_PATH) of", .flags = O_PATH, .describe = describe_link,
	 .remedy = open_later},
	{"socket", .type = S_IFSOCK, .describe = socket_describe_file,
	 .asks_copy = true, .names_itself = true},

	{"eventfd", "anon_inode:[eventfd]", .describe = describe_eventfd,
	 .carrier = &carrier_eventfd},
	{"epoll", "anon_inode:[eventpoll]", .describe = describe_watches,
	 .asks_copy = true, .carrier = &carrier_epoll},
	{"timerfd", "anon_inode:[timerfd]", .describe = describe_timerfd,
	 .asks_copy = true,
	 .carrier = &carrier_timerfd},
	{"signalfd", "anon_inode:[signalfd]", .describe = describe_signalfd,
	 .carrier = &carrier_signalfd},
	{"inotify", "anon_inode:inotify", .describe = describe_watches,
	 .asks_copy = true, .carrier = &carrier_inotify},
	{"fanotify", "anon_inode:[fanotify]", .describe = describe_watches},
	{"userfaultfd", "anon_inode:[userfaultfd]"},
	{"perf event", "anon_inode:[perf_event]"},
	{"BPF", "anon_inode:bpf", .describe = describe_link},
	{"io_uring", "anon_inode:[io_uring]"},
	{"pidfd", "anon_inode:[pidfd]", .describe = describe_pidfd},
	{"pidfd", .file_system = MAGIC_PIDFD, .describe = describe_pidfd},
	{"KVM", "anon_inode:kvm", .describe = describe_link},
	{"Landlock ruleset", "anon_inode:[landlock-ruleset]", .remedy = let_go},
	{"file system context", "anon_inode:[fscontext]"},
	{"seccomp listener", "anon_inode:seccomp notify"},
	{"kernel object", "anon_inode:", .describe = describe_link},

	{"device", .type = S_IFCHR, .describe = describe_device,
	 .carrier = &carrier_device, .remedy = open_later},
	{"block device", .type = S_IFBLK, .describe = describe_device,
	 .remedy = open_later},
	{"pipe", .file_system = PIPEFS_MAGIC, .describe = describe_pipe,
	 .asks_copy = true, .carrier = &carrier_pipe},
	{"namespace", .file_system = NSFS_MAGIC, .describe = describe_link,
	 .remedy = let_go},
	{"message queue", .file_system = MAGIC_MQUEUE, .remedy = open_later,
	 .describe = describe_access},
	{"secret memory", .file_system = SECRETMEM_MAGIC},
	{"DMA buffer", .file_system = DMA_BUF_MAGIC},
	{"memfd in huge pages", "/memfd:", .file_system = HUGETLBFS_MAGIC,
	 .fits = is_deleted, .describe = describe_memfd},
	{"memfd", "/memfd:", .file_system = TMPFS_MAGIC, .fits = is_deleted,
	 .asks_copy = true, .describe = describe_memfd,
	 .carrier = &carrier_memfd},
	{"kernel's file about the service", .fits = is_own,
	 .file_system = PROC_SUPER_MAGIC, .describe = describe_access,
	 .remedy = open_later},
	{"kernel's file", .fits = is_of_kernel, .describe = describe_access,
	 .remedy = open_later},

	{"named pipe", .type = S_IFIFO, .describe = describe_access,
	 .remedy = open_later},
	{"deleted directory", .type = S_IFDIR, .fits = is_deleted,
	 .describe = describe_access, .remedy = let_go},
	{"directory", .type = S_IFDIR, .describe = describe_access,
	 .carrier = &carrier_directory, .remedy = open_later},
	{"unnamed file", .type = S_IFREG, .flags = FLAG_TMPFILE,
	 .fits = is_deleted, .describe = describe_access},
	{"deleted file", .type = S_IFREG, .fits = is_deleted,
	 .describe = describe_access},
	{"file", .type = S_IFREG, .describe = describe_access,
	 .carrier = &carrier_file, .remedy = open_later},
	{"unknown descriptor", .describe = describe_link, .remedy = let_go},
};
/* clang-format on */

static bool is_of_kind(const struct open_file *file,
		       const struct open_file_kind *kind)
{
	const char *link = file->link;

	return (!kind->link || take_word(&link, kind->link)) &&
	       (!kind->type || (file->status.st_mode & S_IFMT) == kind->type) &&
	       (!kind->file_system || file->file_system == kind->file_system) &&
	       (file->flags & kind->flags) == kind->flags &&
	       (!kind->fits || kind->fits(file));
}

const struct open_file_kind *open_file_kind_find(const struct open_file *file)
{
	const struct open_file_kind *kind = kinds;

	while (!is_of_kind(file, kind))
		kind++;
	return kind;
}
