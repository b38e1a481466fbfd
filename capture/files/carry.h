/*
 * carry.h - the kinds of descriptor that can be made again, and how
 *
 * What a restore needs for that goes into a struct carried, which becomes the
 * notes of the core.
 */
#ifndef FILES_CARRY_H
#define FILES_CARRY_H

#include <stdbool.h>
#include <stddef.h>

#include "carried.h"

struct open_file;

/*
 * @kind: as --carry names it
 * @has_path: it is opened by its name, so any file of that name may do
 * @take: fills @to, and adds to @carried; false when this one cannot be made
 *	again, with the reason in carried->why: a whole sentence that says what
 *	to do
 */
struct carrier {
	const char *kind;
	bool has_path;
	bool (*take)(struct carried *carried, const struct open_file *file,
		     struct core_file *to);
};

extern const struct carrier carrier_file, carrier_directory, carrier_device;
extern const struct carrier carrier_pipe, carrier_socketpair;
extern const struct carrier carrier_listener, carrier_udp;
extern const struct carrier carrier_eventfd, carrier_timerfd, carrier_signalfd;
extern const struct carrier carrier_epoll, carrier_inotify;
extern const struct carrier carrier_memfd;
/* Another descriptor for one of the standard streams. */
extern const struct carrier carrier_stream;

/*
 * What restores may do to it that the next one does not put up with, and what
 * helps: whole sentences, or "".
 */
const char *carry_caveat(const struct core_file *file);

/* By number, as long as there are any; NULL behind the last. */
const char *carry_kind_name(size_t i);
bool carry_kind_has_path(size_t i);

#endif
