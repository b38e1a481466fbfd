/*
 * location.h - addresses in one ELF file: of a function, a line, a probe
 *
 * Addresses are those that the file was linked for; a process has them at its
 * load bias.  "Not there" is an empty list, and so is a file that is no ELF
 * file or cannot be read: none of that is an error.
 */
#ifndef READY_LOCATION_H
#define READY_LOCATION_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

/*
 * @addresses: each once; owned
 * @line: of location_find_line(): the line that they are of
 */
struct location_list {
	uint64_t *addresses;
	size_t count;
	uint64_t line;
};

/*
 * Entries of functions and labels by name, without the "@VERSION" that it may
 * have; static ones and separate debug files included.  Indirect functions
 * (STT_GNU_IFUNC) are not found: what they name is not where they lead.
 */
int location_find_symbol(const char *path, const char *name,
			 struct location_list *ret_list, struct error *err);

/*
 * Where the code of a line begins, once for each copy of it: each function it
 * was compiled or inlined into.  @file matches the end of a source file's
 * path, whole components of it.  A line without code stands for the next one
 * that has some, as in gdb.
 */
int location_find_line(const char *path, const char *file, uint64_t line,
		       struct location_list *ret_list, struct error *err);

/*
 * The places of a USDT probe, from the notes that SystemTap has defined.  Made
 * to be asked of every library: a file without probes costs microseconds.
 */
int location_find_probe(const char *path, const char *provider,
			const char *name, struct location_list *ret_list,
			struct error *err);
void location_list_deinit(struct location_list *list);

/*
 * The bias of a file of which the byte @offset is mapped at @start; to be
 * asked of its first mapping, because later segments may share a page.
 */
int location_load_bias(const char *path, uint64_t start, uint64_t offset,
		       uint64_t *ret_bias, struct error *err);

#endif
