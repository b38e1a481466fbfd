/*
 * program.h - what a program file is, before it is started
 */
#ifndef CAPTURE_PROGRAM_H
#define CAPTURE_PROGRAM_H

#include <limits.h>
#include <stdbool.h>

#include "common/error.h"

/*
 * @path: the file to execute, found as execvp(3) would
 * @binary: the ELF file that really runs: @path, or the interpreter that a
 *	script names behind #!
 * @interpreter: its dynamic loader, or "" for a static program
 * @is_position_independent: ET_DYN, so that no two processes share addresses
 */
struct program {
	char path[PATH_MAX];
	char binary[PATH_MAX];
	char interpreter[PATH_MAX];
	bool is_position_independent;
};

/*
 * Finds @name and looks at it.  What cannot be started, or would not be the
 * same when it is traced, is refused with the reason.
 */
int program_find(struct program *ret_program, const char *name,
		 struct error *err);

#endif
