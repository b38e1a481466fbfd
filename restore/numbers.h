/*
 * numbers.h - descriptors of ours, out of the way of the service's
 *
 * The service's descriptors come back at their own numbers; what the restorer
 * itself needs until then has to have higher ones.
 */
#ifndef RESTORE_NUMBERS_H
#define RESTORE_NUMBERS_H

#include "common/core_reader.h"
#include "common/error.h"

/* The first number above all of the service's. */
int numbers_lowest(const struct core *core);

/*
 * Has the limit on open files be high enough for @count of ours, too, if it may
 * be; *ret_soft is what it was, for numbers_lower().
 */
int numbers_raise(const struct core *core, size_t count, uint64_t *ret_soft,
		  struct error *err);
/* Puts the limit back; what is open stays open. */
void numbers_lower(uint64_t soft);

/*
 * Moves a descriptor to @lowest or above, close-on-exec; *fd is untouched on
 * failure.
 */
int numbers_lift(int *fd, int lowest, struct error *err);

#endif
