/*
 * open_file.c - one descriptor of the service: what is behind it
 *
 * First all numbers are listed, because a pipe or socket can only be described
 * with a view of the others; then each is read, described and judged.
 */
#include "open_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/text.h"
#include "open_file_kinds.h"

enum {
	QUOTE_MAX = 300, /* characters of a foreign name, so that more fits */
};

/* What the looking at one process needs. */
struct auditor {
	struct audit *audit;
	bool is_started;
	const struct open_file_list *all;
	pid_t pid;
	int pidfd;
};

static const char *const stream_names[] = {"standard input", "standard output",
					   "standard error"};
static const char ends_deleted[] = " (deleted)";

void open_file_say(struct open_file *file, const char *format, ...)
{
	size_t used = strlen(file->what);
	va_list args;

	va_start(args, format);
	vsnprintf(file->what + used, sizeof(file->what) - used, format, args);
	va_end(args);
}

void open_file_quote(struct open_file *file, const char *bytes, size_t size)
{
	size_t shown = 0;

	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)bytes[i];
		bool is_plain = c >= ' ' && c <= '~' && c != '\\';

		shown += is_plain ? 1 : 4;
		if (shown > QUOTE_MAX) {
			open_file_say(file, "...");
			return;
		}
		open_file_say(file, is_plain ? "%c" : "\\x%02x", c);
	}
}

const char *fdinfo_find(const char *fdinfo, const char *key)
{
	for (; *fdinfo; skip_line(&fdinfo))
		if (take_word(&fdinfo, key)) {
			skip_blanks(&fdinfo);
			return fdinfo;
		}
	return NULL;
}

size_t fdinfo_count(const char *fdinfo, const char *key)
{
	size_t count = 0;

	for (; (fdinfo = fdinfo_find(fdinfo, key)); skip_line(&fdinfo))
		count++;
	return count;
}

bool open_file_parse(struct open_file *file, const char *fdinfo)
{
	const char *position = fdinfo_find(fdinfo, "pos:");
	const char *flags = fdinfo_find(fdinfo, "flags:");
	const char *mount = fdinfo_find(fdinfo, "mnt_id:");
	uint64_t value;

	if (!flags || !take_octal(&flags, &value) || value > UINT_MAX)
		return false;
	file->fdinfo = fdinfo;
	file->flags = (unsigned)value;
	file->close_on_exec = value & O_CLOEXEC;
	if (position)
		take_decimal(&position, &file->position);
	if (mount)
		take_decimal(&mount, &file->mount);
	return true;
}

void open_file_describe(struct open_file *file)
{
	file->kind = open_file_kind_find(file);
	file->remedy = file->kind->remedy ? file->kind->remedy
					  : "Make it after the ready point.";
	if (!file->kind->names_itself)
		open_file_say(file, "%s", file->kind->name);
	if (file->kind->describe)
		file->kind->describe(file);
}

static void list_deinit(struct open_file_list *list)
{
	free(list->items);
	*list = (struct open_file_list){0};
}

/*
 * The link itself is readable if the file is open for reading, and writable if
 * it is for writing (proc_pid_fd(5)); behind the link is the file.
 */
static struct open_file_entry read_entry(int folder, const char *name)
{
	struct open_file_entry entry = {.fd = (int)strtol(name, NULL, 10)};
	struct stat status;

	if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
		entry.reads = status.st_mode & S_IRUSR;
		entry.writes = status.st_mode & S_IWUSR;
	}
	if (fstatat(folder, name, &status, 0) == 0) {
		entry.device = status.st_dev;
		entry.inode = status.st_ino;
	}
	return entry;
}

static int is_number(const struct dirent *item)
{
	const char *at = item->d_name;
	uint64_t number;

	return take_decimal(&at, &number) && *at == '\0' && number <= INT_MAX;
}

static int list_read(struct open_file_list *ret_list, pid_t pid,
		     struct error *err)
{
	cleanup_fd int folder = -1;
	struct dirent **names = NULL;
	struct open_file_entry *items;
	char path[64];
	int count;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	count = folder < 0 ? -1 : scandir(path, &names, is_number, versionsort);
	if (count < 0)
		return error_system(err, errno, "cannot list '%s'", path);
	items = calloc((size_t)count + 1, sizeof(*items));
	for (int i = 0; i < count; i++) {
		if (items)
			items[i] = read_entry(folder, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	if (!items)
		return error_system(err, ENOMEM, "cannot list '%s'", path);
	*ret_list = (struct open_file_list){items, (size_t)count};
	return 0;
}

static const struct open_file_entry *
find_entry(const struct open_file_entry *items, size_t count, int fd)
{
	for (size_t i = 0; i < count; i++)
		if (items[i].fd == fd)
			return &items[i];
	return NULL;
}

/*
 * Whether ours of the same number is the same open file.  Without kcmp(2),
 * which not every kernel has, two openings of a file look like one.
 */
static bool is_ours(pid_t pid, const struct open_file_entry *theirs)
{
	int fd = theirs->fd;
	struct stat ours;
	long order;

	if (fstat(fd, &ours) < 0)
		return false;
	order = syscall(SYS_kcmp, pid, getpid(), KCMP_FILE, fd, fd);
	return order < 0 ? ours.st_dev == theirs->device &&
				   ours.st_ino == theirs->inode
			 : order == 0;
}

/* A live file may be called "x (deleted)", too. */
static bool has_other_name(const struct open_file *file)
{
	size_t length = strlen(file->link);
	size_t tail = strlen(ends_deleted);
	char path[PATH_MAX + 32];
	struct stat named;

	if (!S_ISREG(file->status.st_mode) || file->status.st_nlink == 0 ||
	    file->link[0] != '/' || length < tail ||
	    strcmp(file->link + length - tail, ends_deleted) != 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/root%s", file->pid, file->link);
	return stat(path, &named) < 0 || named.st_dev != file->status.st_dev ||
	       named.st_ino != file->status.st_ino;
}

static bool is_mounted(const struct open_file *file)
{
	cleanup_heap char *mounts = NULL;
	const char *at;
	uint64_t id;

	if (io_read_filef(&mounts, NULL, "/proc/%d/mountinfo", file->pid) < 0)
		return true;
	for (at = mounts; *at; skip_line(&at))
		if (take_decimal(&at, &id) && id == file->mount)
			return true;
	return false;
}

/*
 * "lock:\t1: POSIX  ADVISORY  WRITE 4711 fe:00:12345 0 EOF": whether one is the
 * service's.  Locks of a description have no owner and show -1.
 */
static bool has_own_lock(const char *fdinfo, pid_t pid)
{
	for (const char *at = fdinfo; *at; skip_line(&at)) {
		const char *word = at;
		uint64_t owner;

		if (!take_word(&word, "lock:"))
			continue;
		for (int i = 0; i < 4; i++) {
			skip_blanks(&word);
			word += strcspn(word, " \t\n");
		}
		skip_blanks(&word);
		if (take_word(&word, "-1 ") ||
		    (take_decimal(&word, &owner) && (pid_t)owner == pid))
			return true;
	}
	return false;
}

/* All but the copy.  @ret_fdinfo is allocated. */
static int file_read(struct open_file *file, char **ret_fdinfo)
{
	struct statfs system;
	char path[64];
	int r = io_read_filef(ret_fdinfo, NULL, "/proc/%d/fdinfo/%d", file->pid,
			      file->fd);

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", file->pid, file->fd);
	if (r == 0)
		r = open_file_parse(file, *ret_fdinfo) ? 0 : -ENODATA;
	if (r == 0)
		r = io_read_link(path, file->link, sizeof(file->link));
	if (r == 0)
		r = stat(path, &file->status) < 0 ? -errno : 0;
	if (r < 0)
		return r;
	/* Some file systems have no numbers to give, and that is all right. */
	if (statfs(path, &system) == 0)
		file->file_system = (uint32_t)system.f_type;
	file->has_other_name = has_other_name(file);
	file->is_locked = has_own_lock(*ret_fdinfo, file->pid);
	/* fsmount(2) and open_tree(2) give what looks like an O_PATH of "/". */
	file->is_detached = file->flags & O_PATH &&
			    strcmp(file->link, "/") == 0 && !is_mounted(file);
	return 0;
}

static void describe(const struct auditor *auditor, struct open_file *file)
{
	cleanup_heap char *fdinfo = NULL;
	cleanup_fd int copy = -1;
	int r = file_read(file, &fdinfo);

	if (r < 0) {
		open_file_say(file, "something that cannot be looked at (%s)",
			      strerrorname_np(-r));
		file->remedy = "Close it before the ready point.";
		return;
	}
	if (open_file_kind_find(file)->asks_copy && auditor->pidfd >= 0)
		copy = pidfd_getfd(auditor->pidfd, file->fd, 0);
	file->copy = copy;
	file->all = auditor->all;
	open_file_describe(file);
	file->copy = -1;
	file->fdinfo = NULL;
}

static void audit_stream(const struct auditor *auditor,
			 const struct open_file_entry *entry,
			 const char *subject)
{
	bool is_rebound = !auditor->is_started || is_ours(auditor->pid, entry);
	struct open_file file = {
		.pid = auditor->pid, .fd = entry->fd, .copy = -1};

	open_file_say(&file, "%s%s", stream_names[entry->fd],
		      is_rebound ? ": " : " was replaced by ");
	describe(auditor, &file);
	audit_add(auditor->audit,
		  is_rebound && !file.is_locked ? VERDICT_REBOUND
						: VERDICT_REFUSED,
		  subject, "%s", file.what);
	if (!is_rebound)
		audit_remedy(auditor->audit,
			     "Leave it as it is until the ready point.");
	else if (file.is_locked)
		audit_remedy(auditor->audit,
			     "Take the lock after the ready point.");
}

/* A restorer has all three, so a service that lacks one would gain it. */
static void audit_closed(const struct auditor *auditor, int fd)
{
	bool is_started = auditor->is_started;
	char subject[16];

	if (fcntl(fd, F_GETFD) < 0)
		return;
	snprintf(subject, sizeof(subject), "fd %d", fd);
	audit_add(auditor->audit, is_started ? VERDICT_REFUSED : VERDICT_NOTED,
		  subject, "%s is closed", stream_names[fd]);
	if (is_started)
		audit_remedy(auditor->audit, "Close it after the ready point.");
}

static void audit_file(const struct auditor *auditor,
		       const struct open_file_entry *entry, const char *subject)
{
	struct open_file file = {
		.pid = auditor->pid, .fd = entry->fd, .copy = -1};

	describe(auditor, &file);
	audit_add(auditor->audit, VERDICT_REFUSED, subject, "%s", file.what);
	audit_remedy(auditor->audit, "%s", file.remedy);
}

int open_files_audit(struct audit *audit, pid_t pid, bool is_started,
		     struct error *err)
{
	cleanup(list_deinit) struct open_file_list all = {0};
	cleanup_fd int pidfd = pidfd_open(pid, 0);
	const struct auditor auditor = {
		.audit = audit,
		.is_started = is_started,
		.all = &all,
		.pid = pid,
		.pidfd = pidfd,
	};
	int r = list_read(&all, pid, err);

	if (r < 0)
		return r;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (!find_entry(all.items, all.count, fd))
			audit_closed(&auditor, fd);
	for (size_t i = 0; i < all.count; i++) {
		const struct open_file_entry *entry = &all.items[i];
		char subject[16];

		snprintf(subject, sizeof(subject), "fd %d", entry->fd);
		if (entry->fd <= STDERR_FILENO)
			audit_stream(&auditor, entry, subject);
		else
			audit_file(&auditor, entry, subject);
	}
	return 0;
}
