/*
 * change_core.h - a core that was written, with other headers or notes
 */
#ifndef TESTS_CHANGE_CORE_H
#define TESTS_CHANGE_CORE_H

#include "common/core_reader.h"

/*
 * Has @change change the @size bytes of headers and notes at @front, and seals
 * them anew, so that only what they say can be objected to.
 */
void change_core(const char *path, void (*change)(const struct core *core,
						  char *front, size_t size));

#endif
