/*
 * core_check.h - whether what the notes of a core say makes sense
 *
 * Included by core_reader.c only.
 */
#ifndef COMMON_CORE_CHECK_H
#define COMMON_CORE_CHECK_H

#include "core_reader.h"

/* Bounds, order, overlap and kinds of all that a core holds. */
int core_check(const struct core *core, struct error *err);

/* The index of the thread whose id is that of the process; or their number. */
size_t core_find_leader(const struct core *core);

#endif
