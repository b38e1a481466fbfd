/*
 * print_parts.h - the parts of what is printed about a core
 *
 * Included by print*.c only.
 */
#ifndef INSPECT_PRINT_PARTS_H
#define INSPECT_PRINT_PARTS_H

#include <jansson.h>
#include <stdint.h>

#include "paper.h"

enum {
	PRINT_SIZE_MAX = 32,
};

/* "12 KiB", "3.1 MiB", "-" for nothing; returns @text. */
const char *print_size(char text[PRINT_SIZE_MAX], uint64_t size);
/* The value of that key, or "" or 0. */
const char *print_text_of(const json_t *object, const char *key);
uint64_t print_number_of(const json_t *object, const char *key);

void print_mappings(const struct paper *paper, const json_t *mappings);
void print_threads(const struct paper *paper, const json_t *threads);
void print_findings(const struct paper *paper, const json_t *findings);

/* "read at read.c:26", "read in libc.so.6", "libc.so.6+0x1234"; allocated. */
char *print_frame(const json_t *frame);

#endif
