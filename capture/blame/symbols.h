/*
 * symbols.h - where the names of a process's code are looked up
 *
 * Included by those that know libdwfl: symbol*.c and saved_backtrace.c; for
 * others it is only to be opened and closed.  Files are opened when an address
 * in them is asked for.
 */
#ifndef BLAME_SYMBOLS_H
#define BLAME_SYMBOLS_H

#include <sys/types.h>

#include "code_history.h"
#include "common/error.h"

/* Stands behind the name of a module whose file is gone, as in maps. */
#define SYMBOLS_DELETED " (deleted)"

struct Dwfl;
struct saved_stack;

/* @unwound: the stack that saved_backtrace.c is at */
struct symbols {
	struct Dwfl *dwfl;
	const struct saved_stack *unwound;
};

/* What the process has mapped now, so to be opened again after a dlopen(). */
int symbols_open(struct symbols **ret_symbols, pid_t pid, struct error *err);
/* What it had in an era of its history. */
int symbols_open_era(struct symbols **ret_symbols,
		     const struct code_history *history, size_t era, pid_t pid,
		     struct error *err);
/* Safe on NULL. */
void symbols_close(struct symbols *symbols);

#endif
