/*
 * lock_flag.c - memory that is locked as it is touched, as smaps shows it
 */
#include "lock_flag.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/cleanup.h"
#include "common/core_format.h"
#include "common/io.h"

static const char flags_key[] = "\nVmFlags:";

/* The flags of the line that follows @at, up to its end. */
static char *find_flags(char *at, char **ret_end)
{
	at = strstr(at, flags_key);
	if (!at)
		return NULL;
	at += strlen(flags_key);
	*ret_end = at + strcspn(at, "\n");
	return at;
}

static char *find_within(char *from, const char *end, const char *pair)
{
	char *at = strstr(from, pair);

	return at && at < end ? at : NULL;
}

/* True where a page of ours that is locked so is shown as "lo" and "??". */
static bool is_nameless_here(void)
{
	cleanup_heap char *smaps = NULL;
	void *page = mmap(NULL, CORE_PAGE_SIZE, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bool is_nameless = false;
	char range[32], *at, *end;

	if (page == MAP_FAILED)
		return false;
	snprintf(range, sizeof(range), "%lx-", (unsigned long)(uintptr_t)page);
	if (mlock2(page, CORE_PAGE_SIZE, MLOCK_ONFAULT) == 0 &&
	    io_read_file("/proc/self/smaps", &smaps, NULL) == 0) {
		at = strstr(smaps, range);
		at = at ? find_flags(at, &end) : NULL;
		is_nameless = at && find_within(at, end, " ??") &&
			      !find_within(at, end, " lf");
	}
	munmap(page, CORE_PAGE_SIZE);
	return is_nameless;
}

void lock_flag_name(char *smaps)
{
	char *end;

	if (!strstr(smaps, " ??") || !is_nameless_here())
		return;
	for (char *at = smaps; (at = find_flags(at, &end)); at = end) {
		char *unknown = find_within(at, end, " ??");

		if (!unknown || !find_within(at, end, " lo"))
			continue;
		unknown[1] = 'l';
		unknown[2] = 'f';
	}
}
