/*
 * entry.h - a program that was started, up to its entry point
 *
 *	fork, execve ----> the loader maps libraries, ----> AT_ENTRY: stands still
 *	                   they initialise themselves
 *
 * That is as far as its addresses are decided without the program: nothing of its
 * own has run.
 */
#ifndef ADDRESSES_ENTRY_H
#define ADDRESSES_ENTRY_H

#include <sys/types.h>

#include "common/error.h"

/*
 * Starts the file at @path with no arguments, nothing to read, and nothing to
 * write to but standard error.  It ends with us, whatever becomes of us.
 */
int entry_reach(const char *path, pid_t *ret_pid, struct error *err);
/* Kills it, and waits for that. */
void entry_end(pid_t pid);

#endif
