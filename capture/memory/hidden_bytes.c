/*
 * hidden_bytes.c - shared memory that goes on behind what is mapped of it
 */
#include "hidden_bytes.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "objects.h"

/* Whether some mapping shows what comes next in the memory that @m shows. */
static bool is_next_shown(const struct mapping_list *mappings,
			  const struct mapping *m)
{
	const uint64_t next = m->offset + mapping_size(m);

	for (size_t i = 0; i < mappings->count; i++) {
		const struct mapping *other = &mappings->items[i];

		if (object_is_same(m, other) && other->offset <= next &&
		    next < other->offset + mapping_size(other))
			return true;
	}
	return false;
}

static bool has_descriptor(pid_t pid, const struct mapping *m)
{
	char path[64];
	cleanup_dir DIR *dir = NULL;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = object_is_segment(m) ? NULL : opendir(path);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		struct stat status;

		if (fstatat(dirfd(dir), entry->d_name, &status, 0) == 0 &&
		    status.st_ino == m->inode &&
		    major(status.st_dev) == m->device_major &&
		    minor(status.st_dev) == m->device_minor)
			return true;
	}
	return false;
}

/* A page of a memfd is there or not; of other memory there are more often. */
static void judge(const struct tracee *t, const struct mapping *m,
		  uint64_t address, struct audit *audit)
{
	const bool is_memfd = strncmp(m->name, "/memfd:", 7) == 0;
	char page[CORE_PAGE_SIZE], subject[64];
	struct error ignored = {0};

	if (tracee_read(t, address, page, sizeof(page), &ignored) < 0 ||
	    (!is_memfd && io_is_zero(page, sizeof(page))))
		return;
	snprintf(subject, sizeof(subject), "memory 0x%" PRIx64 "-0x%" PRIx64,
		 m->start, m->end);
	audit_add(
		audit, VERDICT_NOTED, subject,
		"shared memory (%s) that goes on behind what is mapped of it, "
		"which is not carried",
		m->name);
}

static int probe(const struct inferior *inferior, pid_t tid,
		 const struct mapping *m, struct audit *audit,
		 struct error *err)
{
	const uint64_t size = mapping_size(m);
	struct call call = CALL_TRY(SYS_mremap, m->start, 0,
				    size + CORE_PAGE_SIZE, MREMAP_MAYMOVE);
	uint64_t copy;
	int r = inferior_run(inferior, tid, &call, 1, err);

	/* Sealed, or more than a limit allows. */
	if (r < 0 || call.result < 0)
		return r;
	copy = (uint64_t)call.result;
	judge(inferior->tracee, m, copy + size, audit);
	call = CALL_GIVES(0, SYS_munmap, copy, size + CORE_PAGE_SIZE);
	return inferior_run(inferior, tid, &call, 1, err);
}

int hidden_bytes_audit(const struct inferior *inferior, pid_t tid,
		       const struct mapping_list *mappings, struct audit *audit,
		       struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < mappings->count; i++) {
		const struct mapping *m = &mappings->items[i];

		if (m->shared && object_is(m) && !is_next_shown(mappings, m) &&
		    !has_descriptor(inferior->tracee->pid, m))
			r = probe(inferior, tid, m, audit, err);
	}
	return r;
}
