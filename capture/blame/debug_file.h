/*
 * debug_file.h - where the debug information of a file is
 */
#ifndef BLAME_DEBUG_FILE_H
#define BLAME_DEBUG_FILE_H

#include <elfutils/libdwfl.h>

/*
 * A callback of libdwfl, as dwfl_standard_find_debuginfo() is one, for files on
 * this machine.  That one goes on to load the client of debuginfod, which takes
 * longer than all of the rest, and then may ask a server, for which nobody waits
 * who wants to know where a crash was.
 */
int debug_file_find(Dwfl_Module *module, void **data, const char *name,
		    Dwarf_Addr base, const char *file, const char *link,
		    GElf_Word crc, char **ret_path);

#endif
