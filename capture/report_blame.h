/*
 * report_blame.h - who made something, for people and for programs
 *
 * Included by report*.c only.
 */
#ifndef CAPTURE_REPORT_BLAME_H
#define CAPTURE_REPORT_BLAME_H

#include <jansson.h>

#include "capture/blame/blame.h"

json_t *report_blame_json(const struct blame *blame);
/* On standard error, as wide as that is. */
void report_blame_print(const struct blame *blame);
/* Words, where blame would stand. */
void report_blame_say(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

#endif
