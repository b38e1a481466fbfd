/*
 * location.h - addresses in one ELF file: of a function, a line, a probe
 *
 * Addresses are those that the file was linked for; a process has them at its
 * load bias.  "Not there" is an empty list, not an error.
 */
#ifndef CAPTURE_LOCATION_H
#define CAPTURE_LOCATION_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct location_list {
	uint64_t *addresses;
	size_t count;
};

/* Functions by name, static ones and separate debug files included. */
int location_find_symbol(const char *path, const char *name,
			 struct location_list *ret_list, struct error *err);
/*
 * Where the code of a line begins, once for each copy of it.  @file matches
 * the end of a source file's path, whole components of it.
 */
int location_find_line(const char *path, const char *file, uint64_t line,
		       struct location_list *ret_list, struct error *err);
/* The places of a USDT probe, from the notes that SystemTap has defined. */
int location_find_probe(const char *path, const char *provider,
			const char *name, struct location_list *ret_list,
			struct error *err);
void location_list_deinit(struct location_list *list);

/* The bias of a file whose byte @offset is mapped at @start. */
int location_load_bias(const char *path, uint64_t start, uint64_t offset,
		       uint64_t *ret_bias, struct error *err);

#endif
