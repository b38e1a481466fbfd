/*
 * carried.h - the open files and descriptors that a core will hold
 *
 * Whoever takes an open file adds its data, watches and names; where one
 * cannot be carried after all, everything that was added for it is taken back.
 */
#ifndef FILES_CARRIED_H
#define FILES_CARRIED_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/core_format.h"

struct inotify_paths;

enum {
	CARRIED_WHY = 200,
};

/*
 * @fd: one of its descriptors in the service
 * @source: a descriptor of ours with its bytes (memfd), or -1; owned
 */
struct carried_file {
	struct core_file core;
	int fd;
	int source;
};

/*
 * @names: bytes, of which the first is a NUL; files and watches point there
 * @data: whole records
 * @watched: which paths inotify_add_watch(2) was given; borrowed
 * @may_have_joined: multicast groups, or been given a program, which is seen at
 *	their setsockopt(2) only; @is_unseen: because no calls were seen
 * @may_notify: folders that tell of changes with a signal, fcntl(2)
 * @why: of the last that could not be taken
 * @failed: memory ran out
 */
struct carried {
	struct carried_file *files;
	size_t file_count;
	struct core_descriptor *descriptors;
	size_t descriptor_count;
	struct core_watch *watches;
	size_t watch_count;
	char *names;
	size_t names_size;
	char *data;
	size_t data_size;
	const struct inotify_paths *watched;
	bool may_have_joined;
	bool is_unseen;
	bool may_notify;
	char why[CARRIED_WHY];
	bool failed;
};

/* What there is at the moment, to return to. */
struct carried_mark {
	size_t file_count;
	size_t watch_count;
	size_t names_size;
	size_t data_size;
};

struct carried_mark carried_mark(const struct carried *carried);
void carried_return(struct carried *carried, struct carried_mark mark);

/* Its index; @source is taken over. */
uint32_t carried_add_file(struct carried *carried, const struct core_file *core,
			  int fd, int source);
void carried_add_descriptor(struct carried *carried, int fd, uint32_t file,
			    bool close_on_exec);
void carried_add_watch(struct carried *carried, struct core_watch watch);
/* Where it begins in @names. */
uint32_t carried_add_name(struct carried *carried, const char *name);
/* One record for the file that is being taken, whose range grows with it. */
void carried_add_record(struct carried *carried, struct core_file *to,
			uint32_t level, uint32_t option, const void *bytes,
			size_t size);
/* Why not; false, to be returned. */
bool carried_refuse(struct carried *carried, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

void carried_deinit(struct carried *carried);

#endif
