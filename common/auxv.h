/*
 * auxv.h - looking up values in the bytes of /proc/PID/auxv
 */
#ifndef COMMON_AUXV_H
#define COMMON_AUXV_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

/* The value of the first entry of type @type (AT_*), or 0 (getauxval(3)). */
uint64_t auxv_find(const char *bytes, size_t size, uint64_t type);

#endif
