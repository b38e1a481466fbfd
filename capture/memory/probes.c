/*
 * probes.c - breakpoints in the code of the service that are not its own
 */
#include "probes.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"

enum {
	ENTRIES_AT_ONCE = 512,
	BREAKPOINT = 0xcc, /* int3 */
};

/* Documentation/admin-guide/mm/pagemap.rst */
static const uint64_t entry_present = 1ULL << 63;
static const uint64_t entry_swapped = 1ULL << 62;
static const uint64_t entry_file = 1ULL << 61;

/* What is behind a mapping: of a deleted file only the superuser's business. */
static int open_file(const struct tracee *t, const struct mapping *m)
{
	cleanup_fd int fd = open(m->name, O_RDONLY | O_CLOEXEC);
	struct stat status;
	char path[96];

	if (fd >= 0 && fstat(fd, &status) == 0 && status.st_ino == m->inode)
		return take_fd(&fd);
	snprintf(path, sizeof(path), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64,
		 t->pid, m->start, m->end);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* The first breakpoint of a page that differs in nothing else, or 0. */
static uint64_t find_in_page(const struct tracee *t, const struct mapping *m,
			     int fd, uint64_t page)
{
	unsigned char is[CORE_PAGE_SIZE], was[CORE_PAGE_SIZE] = {0};
	struct error ignored = {0};
	uint64_t found = 0;

	if (tracee_read(t, page, is, sizeof(is), &ignored) < 0 ||
	    pread(fd, was, sizeof(was),
		  (off_t)(m->offset + (page - m->start))) < 0)
		return 0;
	for (size_t i = sizeof(is); i-- > 0;) {
		if (is[i] == was[i])
			continue;
		if (is[i] != BREAKPOINT)
			return 0;
		found = page + i;
	}
	return found;
}

static bool is_own(uint64_t entry)
{
	return entry & (entry_present | entry_swapped) && !(entry & entry_file);
}

/* In a mapping; its file is opened only when it has pages of its own. */
static int find(const struct tracee *t, const struct mapping *m, int pagemap,
		uint64_t *ret_found, struct error *err)
{
	uint64_t entries[ENTRIES_AT_ONCE];
	cleanup_fd int fd = -1;

	for (uint64_t at = m->start; at < m->end;) {
		uint64_t count = (m->end - at) / CORE_PAGE_SIZE;
		int r;

		count = count < ENTRIES_AT_ONCE ? count : ENTRIES_AT_ONCE;
		r = io_pread_all(pagemap, entries, count * sizeof(*entries),
				 at / CORE_PAGE_SIZE * sizeof(*entries));
		if (r < 0)
			return error_system(err, -r,
					    "cannot read the page map");
		for (uint64_t i = 0; i < count; i++, at += CORE_PAGE_SIZE) {
			if (!is_own(entries[i]))
				continue;
			if (fd < 0)
				fd = open_file(t, m);
			if (fd < 0)
				return 0; /* nothing to compare it with */
			*ret_found = find_in_page(t, m, fd, at);
			if (*ret_found)
				return 0;
		}
	}
	return 0;
}

static void refuse(const struct mapping *m, uint64_t found, struct audit *audit)
{
	char subject[64];

	snprintf(subject, sizeof(subject), "memory 0x%" PRIx64 "-0x%" PRIx64,
		 m->start, m->end);
	audit_add(audit, VERDICT_REFUSED, subject,
		  "a probe or breakpoint that another program has set at "
		  "0x%" PRIx64 " (%s)",
		  found, m->name);
	audit_remedy(audit, "Take it away before the capture.");
}

int probes_audit(const struct contents *contents, const struct tracee *t,
		 struct audit *audit, struct error *err)
{
	cleanup_fd int pagemap = -1;
	int r = pagemap_open(t->pid, &pagemap, err);

	for (size_t i = 0; r == 0 && i < contents->count; i++) {
		const struct mapping *m = contents->items[i].mapping;
		uint64_t found = 0;

		if (contents->items[i].kind != CORE_MAPPING_FILE ||
		    !(m->protection & PROT_EXEC))
			continue;
		r = find(t, m, pagemap, &found, err);
		if (r == 0 && found)
			refuse(m, found, audit);
	}
	return r;
}
