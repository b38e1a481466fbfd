/*
 * modules.h - the programs and libraries of a service, for libdwfl
 *
 * Included by those that know libdwfl.
 */
#ifndef INSPECT_MODULES_H
#define INSPECT_MODULES_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stddef.h>

#include "memory.h"

/*
 * One ELF file that was mapped.
 * @mapping: its first, at the header
 * @end: where the last ends
 */
struct module {
	const struct memory *memory;
	const struct core_mapping *mapping;
	uint64_t end;
};

struct modules {
	struct module *items;
	size_t count;
};

/* Without memory there are none. */
void modules_find(struct modules *ret_modules, const struct memory *memory);
void modules_deinit(struct modules *modules);

/* To be called between dwfl_report_begin() and _end(); @modules has to stay. */
void modules_report(const struct modules *modules, Dwfl *dwfl);

/*
 * Callback find_elf of a Dwfl: the file of the module, if it still is the one of
 * the capture, or else what of it was in memory.
 */
int module_open(Dwfl_Module *module, void **data, const char *name,
		Dwarf_Addr base, char **ret_path, Elf **ret_elf);

#endif
