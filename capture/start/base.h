/*
 * base.h - the core that a service is restored from before it is captured
 *
 * What is captured then is a layer: all of the base, and what the service has
 * done since.  The base is read here only for what a restore does not show.
 */
#ifndef START_BASE_H
#define START_BASE_H

#include <limits.h>

#include "common/core_reader.h"
#include "common/cpu.h"
#include "common/source_places.h"

/*
 * @path: as given, or with a folder, so that it is no option
 * @restorer: the program that turns it into the service
 * @argv: with which that is started; allocated
 * @inherited: descriptors that the restorer is to be given besides the standard
 *	streams, of those that we were given; allocated
 * @core: what it holds
 * @level: for what the service was made to choose its code
 */
struct base {
	char path[PATH_MAX];
	char restorer[PATH_MAX];
	char **argv;
	int *inherited;
	size_t inherited_count;
	struct core core;
	enum cpu_level level;
};

/*
 * @places: for the restorer, as the options name them
 * @arguments: for the service, up to a NULL
 * @output: where the layer is to be, which must not be the base
 */
int base_open(struct base *ret_base, const char *path,
	      const struct source_places *places, char *const *arguments,
	      const char *output, struct error *err);
/* Safe on a zeroed one. */
void base_close(struct base *base);

#endif
