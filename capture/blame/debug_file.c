/*
 * debug_file.c - where the debug information of a file is
 */
#include "debug_file.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Where a file says that its debug information is in one of that name. */
static bool is_beside(const char *file, const char *link)
{
	static const char *const places[][2] = {
		{"", "/.debug"}, {"", ""}, {"/usr/lib/debug", ""}};
	const char *slash = strrchr(file, '/');

	for (size_t i = 0; slash && i < sizeof(places) / sizeof(*places); i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%s%.*s%s/%s", places[i][0],
			 (int)(slash - file), file, places[i][1], link);
		if (access(path, R_OK) == 0)
			return true;
	}
	return false;
}

int debug_file_find(Dwfl_Module *module, void **data, const char *name,
		    Dwarf_Addr base, const char *file, const char *link,
		    GElf_Word crc, char **ret_path)
{
	int fd = dwfl_build_id_find_debuginfo(module, data, name, base, file,
					      link, crc, ret_path);

	if (fd >= 0 || !file || !link || !is_beside(file, link))
		return fd;
	return dwfl_standard_find_debuginfo(module, data, name, base, file,
					    link, crc, ret_path);
}
