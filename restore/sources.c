/*
 * sources.c - files that hold bytes of the image, and proof that they still do
 */
#include "sources.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "build_id.h"
#include "common/cleanup.h"
#include "common/file_digest.h"

enum {
	IDENTITY_SIZE = 160,
};

/* Of which nobody has touched anything since; its date can be set. */
static bool is_untouched(const struct core_source *source,
			 const struct stat *status)
{
	return status->st_dev == source->device &&
	       status->st_ino == source->inode &&
	       core_source_status(&status->st_ctim) == source->status_ns;
}

static bool is_unchanged(const struct core_source *source,
			 const struct stat *status)
{
	return (uint64_t)status->st_size == source->size &&
	       status->st_mtim.tv_sec == source->seconds &&
	       (uint32_t)status->st_mtim.tv_nsec == source->nanoseconds;
}

/* For people, who compare two of them. */
static void describe(char text[IDENTITY_SIZE], const unsigned char *id,
		     uint32_t id_size, uint64_t size, int64_t seconds)
{
	char hex[2 * CORE_BUILD_ID_SIZE + 1] = "";

	for (uint32_t i = 0; i < id_size; i++)
		snprintf(hex + 2 * (size_t)i, 3, "%02x", id[i]);
	snprintf(text, IDENTITY_SIZE,
		 "%s%s%s%" PRIu64 " bytes, changed at %" PRId64,
		 id_size > 0 ? "build ID " : "", hex, id_size > 0 ? ", " : "",
		 size, seconds);
}

static int refuse_file(const struct core_source *source, const char *name,
		       const struct stat *status, const struct build_id *id,
		       struct error *err)
{
	char then[IDENTITY_SIZE], now[IDENTITY_SIZE];

	describe(then, source->id, source->id_size, source->size,
		 source->seconds);
	describe(now, id->bytes, id->size, (uint64_t)status->st_size,
		 status->st_mtim.tv_sec);
	error_set(err, FAULT_UNSUPPORTED,
		  "cannot map '%s', which it has no copy of: it is not the "
		  "file of the capture; then: %s; now: %s",
		  name, then, now);
	error_hint(err,
		   "If that is elsewhere now, --file %s=NEW says so. Or "
		   "capture again.",
		   name);
	return -err->code;
}

/* Dates may be made alike, as tools do that want the same archive each time. */
static int refuse_contents(const char *name, struct error *err)
{
	error_set(err, FAULT_UNSUPPORTED,
		  "cannot map '%s', which it has no copy of: its bytes are "
		  "others than at the capture, although size and date are the "
		  "same",
		  name);
	error_hint(err,
		   "If that is elsewhere now, --file %s=NEW says so. Or "
		   "capture again.",
		   name);
	return -err->code;
}

/* The same inode with the same dates needs no further proof. */
static int check_file(const struct core_source *source, const char *name,
		      int fd, struct error *err)
{
	struct build_id id;
	struct stat status;

	if (fstat(fd, &status) < 0)
		return error_system(err, errno, "cannot map '%s'", name);
	if (is_untouched(source, &status) && is_unchanged(source, &status))
		return 0;
	build_id_read(&id, fd);
	if ((uint64_t)status.st_size != source->size ||
	    id.size != source->id_size ||
	    (id.size > 0 ? memcmp(id.bytes, source->id, id.size) != 0
			 : !is_unchanged(source, &status)))
		return refuse_file(source, name, &status, &id, err);
	if (id.size == 0 && file_digest(fd) != source->contents)
		return refuse_contents(name, err);
	return 0;
}

static int open_file(const struct core_source *source, const char *name,
		     const struct source_places *places, int *ret_fd,
		     struct error *err)
{
	const char *path = source_places_find_file(places, name);
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		error_system(err, errno,
			     "cannot map '%s', which it has no copy of", path);
		if (err->code == ENOENT || err->code == ENOTDIR)
			error_hint(err,
				   "If it is elsewhere now, --file %s=NEW says "
				   "so.",
				   name);
		return -err->code;
	}
	if (check_file(source, path, fd, err) < 0)
		return -err->code;
	*ret_fd = take_fd(&fd);
	return 0;
}

static int open_base(const struct core *core, const struct core_source *source,
		     const char *core_path, const struct source_places *places,
		     int *ret_fd, struct error *err)
{
	struct source_base base;
	int r = source_places_open_base(places, core, source, core_path, &base,
					err);

	if (r == 0)
		*ret_fd = base.fd;
	return r;
}

int sources_open(const struct core *core, const char *core_path,
		 const struct source_places *places, int **ret_fds,
		 struct error *err)
{
	cleanup_heap int *fds = NULL;
	int r = 0;

	if (core->source_count == 0)
		return 0;
	fds = malloc(core->source_count * sizeof(*fds));
	if (!fds)
		return error_system(err, ENOMEM, "cannot open its sources");
	for (size_t i = 0; r == 0 && i < core->source_count; i++) {
		const struct core_source *source = &core->sources[i];

		r = source->digest
			    ? open_base(core, source, core_path, places,
					&fds[i], err)
			    : open_file(source, core->names + source->name,
					places, &fds[i], err);
	}
	if (r == 0)
		*ret_fds = take_pointer(&fds);
	return r;
}

static bool is_executed(const struct core *core, size_t index)
{
	const struct core_mapping *m = core->mappings;

	for (size_t i = 0; i < core->outside_count; i++) {
		const struct core_outside *o = &core->outside[i];

		while (m->end <= o->start)
			m++;
		if (o->source == index && m->protection & PROT_EXEC)
			return true;
	}
	return false;
}

/* The kernel would refuse it when it is too late to say so. */
static int check_mount(const struct core *core, size_t index, int fd,
		       struct error *err)
{
	struct statvfs status;

	if (!is_executed(core, index) || fstatvfs(fd, &status) < 0 ||
	    !(status.f_flag & ST_NOEXEC))
		return 0;
	return error_set(err, FAULT_UNSUPPORTED,
			 "cannot map '%s', which it has no copy of: it lies on "
			 "a file system that is mounted noexec",
			 core->names + core->sources[index].name);
}

int sources_check_mounts(const struct core *core, const int *fds,
			 struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < core->source_count; i++)
		r = check_mount(core, i, fds[i], err);
	return r;
}

void sources_close(const struct core *core, int *fds)
{
	for (size_t i = 0; fds && i < core->source_count; i++)
		close(fds[i]);
	free(fds);
}
