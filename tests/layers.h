/*
 * layers.h - cores that come from cores
 */
#ifndef TESTS_LAYERS_H
#define TESTS_LAYERS_H

#include "harness.h"

/*
 * Runs the capturer with @words and @input.  The restorer is beside it then, also
 * for another user, who has copies of both.
 */
struct outcome layer_capture(const char *input, const char *const words[]);
/* The same, and it has to succeed. */
void layer_write(const char *input, const char *const words[]);
/* Restores @core, which has to succeed and to print @out. */
void layer_restore(const char *input, const char *core, const char *out);

#endif
