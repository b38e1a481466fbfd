/*
 * open_file.h - one descriptor of the service: what is behind it
 *
 * Nothing is opened by its path here, because merely opening a file breaks the
 * leases on it.  What is known comes from /proc/PID/fd and fdinfo, and from a
 * copy of the descriptor (pidfd_getfd(2), since Linux 5.6) where the kernel
 * gives us one; without it less can be said, but never nothing.
 */
#ifndef FILES_OPEN_FILE_H
#define FILES_OPEN_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "common/error.h"

struct carrier;
struct open_file_kind;

enum {
	OPEN_FILE_WHAT = 512, /* as much as a finding holds */
};

/* What tells open files apart; @reads, @writes: it is open for that. */
struct open_file_entry {
	int fd;
	bool reads;
	bool writes;
	uint64_t device;
	uint64_t inode;
};

/* All descriptors of a process, sorted by number. */
struct open_file_list {
	struct open_file_entry *items;
	size_t count;
};

/*
 * @pid: whose descriptor it is
 * @fdinfo: the text of /proc/PID/fdinfo/N, borrowed
 * @flags: O_*, as fdinfo has them; O_LARGEFILE and O_CLOEXEC are among them
 * @mount: mnt_id of fdinfo, 0 if there is none
 * @file_system: the magic number of statfs(2)
 * @has_other_name: the name in @link is gone, another hard link is not
 * @is_locked: a lock on it is, or may be, the service's
 * @is_detached: the root of a mount that is not in the service's tree
 * @all: among which it is, borrowed, or NULL
 * @copy: a descriptor of ours for the same open file, or -1; borrowed
 * @carrier: how it can be made again, or NULL
 * @what: a description in printable ASCII, as far as it has got
 * @remedy: a whole sentence
 */
struct open_file {
	pid_t pid;
	int fd;
	const char *fdinfo;
	unsigned flags;
	bool close_on_exec;
	uint64_t position;
	uint64_t mount;
	char link[PATH_MAX];
	struct stat status;
	uint64_t file_system;
	bool has_other_name;
	bool is_locked;
	bool is_detached;
	const struct open_file_list *all;
	int copy;
	const struct open_file_kind *kind;
	const struct carrier *carrier;
	char what[OPEN_FILE_WHAT];
	const char *remedy;
};

/*
 * Reads what /proc shows, all but @all and @copy; @fd and @pid are given.  The
 * text is allocated and has to stay.  A negative errno, and no message.
 */
int open_file_read(struct open_file *file, char **ret_fdinfo);

/*
 * Takes position, flags and mount from @fdinfo, which stays referenced.  False
 * if it has no flags, and then nothing changes.
 */
bool open_file_parse(struct open_file *file, const char *fdinfo);
/* Whether a copy is of use to describe or carry it. */
bool open_file_asks_copy(const struct open_file *file);
/* Chooses the kind, adds to what, and fills carrier and remedy. */
void open_file_describe(struct open_file *file);

/* null, zero, full, random, urandom */
bool open_file_is_plain_device(const struct open_file *file);

/* The value on the first line that begins with @key, or NULL. */
const char *fdinfo_find(const char *fdinfo, const char *key);
/* How many lines begin with it. */
size_t fdinfo_count(const char *fdinfo, const char *key);

/* Both add to file->what; the former as by printf(3). */
void open_file_say(struct open_file *file, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/*
 * Foreign bytes, of which those that are not printable ASCII become \xNN, so
 * that a name cannot write to anybody's terminal.  Long ones are cut.
 */
void open_file_quote(struct open_file *file, const char *bytes, size_t size);

#endif
