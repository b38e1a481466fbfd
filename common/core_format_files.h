/*
 * core_format_files.h - what a core holds of open files and descriptors
 */
#ifndef COMMON_CORE_FORMAT_FILES_H
#define COMMON_CORE_FORMAT_FILES_H

#include <assert.h>
#include <stdint.h>

/* What an open file is made of.  @values are named in this order. */
enum core_file_kind {
	CORE_FILE_INHERITED = 1, /* the restorer's: descriptor */
	CORE_FILE_PATH,		 /* opened by @name: S_IF*, device number */
	CORE_FILE_PIPE,		 /* one end: capacity */
	CORE_FILE_SOCKETPAIR,	 /* one end: type, how it is shut: SHUT_* + 1 */
	CORE_FILE_SOCKET,	 /* domain, type, protocol, backlog + 1 or 0 */
	CORE_FILE_EVENTFD,	 /* counter, 1 for a semaphore */
	CORE_FILE_TIMERFD,	 /* clock, ticks, due ns, interval ns, TFD_* */
	CORE_FILE_SIGNALFD,	 /* signals, the bit of n is n - 1 */
	CORE_FILE_EPOLL,
	CORE_FILE_INOTIFY, /* the highest number that was given, or more */
	CORE_FILE_CLOSED,  /* a standard stream that is none */
	/*
	 * F_SEAL_*, mode, page_digest.h of its bytes, with offsets for addresses;
	 * these are at @data in the core.
	 */
	CORE_FILE_MEMFD,
	CORE_FILE_KINDS, /* behind the last */
};

enum {
	CORE_FILE_VALUES = 5,
	/* Where the values of a CORE_FILE_MEMFD have it. */
	CORE_MEMFD_DIGEST = 2,
	/* Of CORE_FILE_PATH: any file of that name will do. */
	CORE_FILE_ANY = 1 << 0,
};

/*
 * An open file, which several descriptors may share.
 * @flags: O_*, as F_GETFL gives them
 * @rules: CORE_FILE_ANY
 * @peer: of a pair the index of the other end, otherwise its own
 * @device, @inode, @size, @seconds, @nanoseconds: by which a file is known
 *	again; the last two are its mtime
 * @data, @data_size: its part of CORE_NOTE_FILE_DATA, whole records: for ends
 *	of pairs what is to be read there, message by message; for sockets
 *	their address and options
 */
struct core_file {
	uint32_t kind;
	uint32_t flags;
	uint32_t rules;
	uint32_t name;
	uint32_t peer;
	uint32_t nanoseconds;
	int64_t seconds;
	uint64_t device;
	uint64_t inode;
	uint64_t size;
	uint64_t position;
	uint64_t values[CORE_FILE_VALUES];
	uint64_t data;
	uint64_t data_size;
};

/* @flags: FD_CLOEXEC, or 0 */
struct core_descriptor {
	uint32_t fd;
	uint32_t file;
	uint32_t flags;
	uint32_t reserved;
};

/*
 * What an epoll or inotify @file looks at.
 * @target: a descriptor, or the number of the watch
 * @name: of what inotify watches
 */
struct core_watch {
	uint32_t file;
	uint32_t target;
	uint32_t events;
	uint32_t name;
	uint64_t data;
	uint64_t device;
	uint64_t inode;
};

/* What a record is; the levels of setsockopt(2) are options of that level. */
enum core_record_level {
	CORE_RECORD_MESSAGE = 0x10000,
	CORE_RECORD_ADDRESS, /* as for bind(2) */
	CORE_RECORD_MODE,    /* of the file of a unix socket, 4 bytes */
};

/* @size bytes follow, and zeros up to a multiple of 8. */
struct core_record {
	uint32_t level;
	uint32_t option;
	uint32_t size;
	uint32_t reserved;
};

static_assert(sizeof(struct core_file) == 120, "part of the format");
static_assert(sizeof(struct core_descriptor) == 16, "part of the format");
static_assert(sizeof(struct core_watch) == 40, "part of the format");
static_assert(sizeof(struct core_record) == 16, "part of the format");

#endif
