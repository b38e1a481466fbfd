/*
 * text.h - strict scanning of the text that /proc and command lines hold
 *
 * Each take_*() looks at *text, and if what it wants stands there, stores it,
 * moves *text behind it and returns true.  Otherwise nothing changes.  There
 * are no signs, no leading blanks, and a number that does not fit is refused.
 */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

bool take_char(const char **text, char wanted);
bool take_word(const char **text, const char *wanted);
bool take_hex(const char **text, uint64_t *ret_value);
bool take_octal(const char **text, uint64_t *ret_value);
bool take_decimal(const char **text, uint64_t *ret_value);
/* Any number of blanks and tabs, none included. */
void skip_blanks(const char **text);
/* To the character behind the next newline, or to the end. */
void skip_line(const char **text);

/* The number of a descriptor and nothing else; -EINVAL and a message if not. */
int text_descriptor(const char *text, int *ret_fd, struct error *err);

#endif
