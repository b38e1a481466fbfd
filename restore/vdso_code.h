/*
 * vdso_code.h - machine code that takes the place of a function of the vdso
 */
#ifndef RESTORE_VDSO_CODE_H
#define RESTORE_VDSO_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A jump to @target, if @size bytes are enough. */
bool vdso_code_jump(unsigned char *at, size_t size, uint64_t target);

/*
 * For a function that this kernel's vdso does not have: the system call of the
 * same meaning.  False for one that is not known.
 */
bool vdso_code_call(unsigned char *at, size_t size, const char *name);

#endif
