/*
 * thin.h - which pages a core need not hold, as a file has them
 */
#ifndef CAPTURE_THIN_H
#define CAPTURE_THIN_H

#include "contents.h"

/*
 * Of private mappings that show a file, pages that the service has not made its
 * own are taken out of contents->data and kept in contents->outside; so are
 * those that are as in @base, the core from which it was started, or NULL.
 * What stands in @replaced, the name of the new core, is gone then.
 */
int thin_decide(struct contents *contents, const struct tracee *t,
		const char *base, const char *replaced, struct error *err);

#endif
