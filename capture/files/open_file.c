/*
 * open_file.c - one descriptor of the service: what is behind it
 */
#include "open_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/text.h"
#include "open_file_kinds.h"

enum {
	QUOTE_MAX = 300, /* characters of a foreign name, so that more fits */
};

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

bool open_file_asks_copy(const struct open_file *file)
{
	return open_file_kind_find(file)->asks_copy;
}

void open_file_describe(struct open_file *file)
{
	file->kind = open_file_kind_find(file);
	file->remedy = file->kind->remedy ? file->kind->remedy
					  : "Make it after the ready point.";
	file->carrier = file->kind->carrier;
	if (!file->kind->names_itself)
		open_file_say(file, "%s", file->kind->name);
	if (file->kind->describe)
		file->kind->describe(file);
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

int open_file_read(struct open_file *file, char **ret_fdinfo)
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
