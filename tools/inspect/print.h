/*
 * print.h - what was found out about a core, for people
 */
#ifndef INSPECT_PRINT_H
#define INSPECT_PRINT_H

#include <jansson.h>

#include "paper.h"

/* As inspection_json() has it; what is missing there is left out. */
void print_inspection(const struct paper *paper, const json_t *inspection);
/* As verification_make() has it: what is damaged, or that nothing is. */
void print_verification(const struct paper *paper, const char *core_path,
			const json_t *verification);

#endif
