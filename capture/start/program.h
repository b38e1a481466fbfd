/*
 * program.h - what a program file is, before it is started
 *
 * Everything for which execve(2) has only an errno, and everything that would
 * run but not be the same under a tracer, is found here and told in words.
 */
#ifndef START_PROGRAM_H
#define START_PROGRAM_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

/*
 * @path: the file to execute, found as execvp(3) would
 * @binary: the ELF file that really runs: @path, or the interpreter that a
 *	script names behind #!
 * @interpreter: the dynamic loader of @binary, or "" for a static program
 * @is_position_independent: ET_DYN, so that no two processes share addresses
 * @is_static: nothing is loaded beside it, unless it does so by itself
 * @is_script: @binary is not @path
 */
struct program {
	char path[PATH_MAX];
	char binary[PATH_MAX];
	char interpreter[PATH_MAX];
	bool is_position_independent;
	bool is_static;
	bool is_script;
};

/* Finds @name and looks at it.  What cannot be started is refused. */
int program_look(struct program *ret_program, const char *name,
		 struct error *err);

/*
 * The same, and what would not be the same when it is traced is refused, too.
 */
int program_find(struct program *ret_program, const char *name,
		 struct error *err);

/* "aarch64", of an e_machine; "other" if we have no name for it. */
const char *program_machine(uint16_t machine);

#endif
