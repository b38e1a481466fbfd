/*
 * library.h - a shared library, and whether it is a service
 */
#ifndef START_LIBRARY_H
#define START_LIBRARY_H

#include <libelf.h>
#include <stdbool.h>

#include "common/error.h"

/*
 * Whether it is one: without a loader of its own, as static programs are, too,
 * but no position independent one of these.
 */
bool library_is(Elf *elf);
/*
 * Whether a file is one, which has to be named with a slash, as for dlopen(3).
 * One that subctx-launch cannot load is refused: for another machine, or without
 * a function of subctx.h for it to call.
 */
int library_find(const char *name, bool *ret_is_library, struct error *err);

#endif
