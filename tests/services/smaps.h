/*
 * smaps.h - what the kernel says of one mapping in /proc/self/smaps
 */
#ifndef TESTS_SERVICES_SMAPS_H
#define TESTS_SERVICES_SMAPS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SMAPS_LINE = 8192, /* a path of PATH_MAX, each byte as \ooo, is rare */
};

/*
 * Finds the line of the mapping at an address that begins with a word, or with
 * NULL the line of its range and name.  Returns 0 when there is none.
 */
static inline int smaps_find(const void *address, const char *begin, char *line)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");
	int is_there = 0, is_found = 0;

	while (smaps && !is_found && fgets(line, SMAPS_LINE, smaps)) {
		char *dash;
		uintptr_t start = strtoul(line, &dash, 16);
		int is_range = *dash == '-';

		if (is_range)
			is_there = (uintptr_t)address >= start &&
				   (uintptr_t)address <
					   strtoul(dash + 1, NULL, 16);
		is_found = is_there &&
			   (begin ? strncmp(line, begin, strlen(begin)) == 0
				  : is_range);
	}
	if (smaps)
		fclose(smaps);
	return is_found;
}

/* Whether the mapping at an address has a flag of VmFlags, such as "lo". */
static inline int smaps_has_flag(const void *address, const char *flag)
{
	char line[SMAPS_LINE], spaced[8];

	snprintf(spaced, sizeof(spaced), " %.2s ", flag);
	return smaps_find(address, "VmFlags:", line) &&
	       strstr(line, spaced) != NULL;
}

/* Whether the mapping at an address has a name, such as "[heap]". */
static inline int smaps_has_name(const void *address, const char *name)
{
	char line[SMAPS_LINE];

	return smaps_find(address, NULL, line) && strstr(line, name) != NULL;
}

#endif
