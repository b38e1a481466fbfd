/*
 * thin.h - which pages a core need not hold, as a file has them
 */
#ifndef MEMORY_THIN_H
#define MEMORY_THIN_H

#include "capture/state/threads.h"
#include "common/source_places.h"
#include "contents.h"

/*
 * @threads, @auxv: by which debuggers begin, who find what they need for that
 * @base: the core from which it was started, or NULL
 * @places: where its own sources are
 * @replaced: the name of the new core; what stands there is gone then
 */
struct thin_service {
	const struct tracee *tracee;
	const struct threads *threads;
	const char *auxv;
	size_t auxv_size;
	const char *base;
	const struct source_places *places;
	const char *replaced;
};

/*
 * Of private mappings that show a file, pages that the service has not made its
 * own are taken out of contents->data and kept in contents->outside; so are
 * those that are as in the base.
 */
int thin_decide(struct contents *contents, const struct thin_service *service,
		struct error *err);

#endif
