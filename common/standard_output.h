/*
 * standard_output.h - what was printed, and whether it got anywhere
 */
#ifndef COMMON_STANDARD_OUTPUT_H
#define COMMON_STANDARD_OUTPUT_H

#include "error.h"

/*
 * At the end of a program that prints, which otherwise would never know that a
 * disk is full.  Nothing that was printed is no error.
 */
int standard_output_flush(struct error *err);

#endif
