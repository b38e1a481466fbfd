/*
 * symbol_dwfl.h - what the parts of symbol share
 *
 * Included by symbol*.c only.
 */
#ifndef CAPTURE_SYMBOL_DWFL_H
#define CAPTURE_SYMBOL_DWFL_H

#include <elfutils/libdwfl.h>

#include "symbol.h"

/*
 * @servers: what $DEBUGINFOD_URLS was before, or NULL
 * @stack, @tracee: of what is unwound at the moment
 */
struct symbols {
	Dwfl *dwfl;
	char *servers;
	bool can_unwind;
	const struct saved_stack *stack;
	const struct tracee *tracee;
};

#endif
