/*
 * base_pages.c - what the base of a layer has at the addresses of its image
 */
#include "base_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/core_find.h"

/* As a mapping of it would be seen. */
static struct mapping shown(const char *path, uint64_t device, uint64_t inode)
{
	return (struct mapping){
		.backing = path,
		.device_major = major(device),
		.device_minor = minor(device),
		.inode = inode,
	};
}

/* What --file says is where the restorer has found it. */
static int find_file(const struct source_places *places, const char *name,
		     const struct core_source *source, char path[PATH_MAX],
		     struct mapping *ret_shown)
{
	const char *place = source_places_find_file(places, name);
	struct stat status = {.st_dev = source->device,
			      .st_ino = source->inode};

	if (!realpath(place, path) ||
	    (place != name && stat(path, &status) < 0))
		return -errno;
	*ret_shown = shown(path, status.st_dev, status.st_ino);
	return 0;
}

/* By its digest, as the restorer has. */
static int find_base(const struct base_pages *base, const char *core_path,
		     const struct source_places *places,
		     const struct core_source *source, char path[PATH_MAX],
		     struct mapping *ret_shown)
{
	struct error ignored = {0};
	struct source_base found;
	struct stat status;
	int r = source_places_open_base(places, &base->core, source, core_path,
					&found, &ignored);

	if (r < 0)
		return r;
	if (fstat(found.fd, &status) < 0 || !realpath(found.path, path))
		r = -errno;
	close(found.fd);
	if (r == 0)
		*ret_shown = shown(path, status.st_dev, status.st_ino);
	return r;
}

static int open_source(struct base_pages *base, size_t i, const char *core_path,
		       const struct source_places *places,
		       struct sources *sources, struct error *err)
{
	const struct core_source *source = &base->core.sources[i];
	char path[PATH_MAX];
	struct mapping m;
	int r = source->digest
			? find_base(base, core_path, places, source, path, &m)
			: find_file(places, base->core.names + source->name,
				    source, path, &m);

	base->indices[i] = SOURCES_NONE;
	if (r < 0)
		return 0;
	r = sources_find(sources, &m, &base->indices[i], err);
	if (r == 0 && base->indices[i] != SOURCES_NONE)
		base->fds[i] = open(path, O_RDONLY | O_CLOEXEC);
	return r;
}

static int open_sources(struct base_pages *base, const char *path,
			const struct source_places *places,
			struct sources *sources, struct error *err)
{
	const size_t count = base->core.source_count;
	struct stat status = {0};
	struct mapping m;
	int r;

	base->path = realpath(path, NULL);
	base->fds = calloc(count + 1, sizeof(*base->fds));
	base->indices = calloc(count + 1, sizeof(*base->indices));
	if (!base->path || !base->fds || !base->indices)
		return error_system(err, ENOMEM, "cannot keep the base");
	memset(base->fds, 0xff, (count + 1) * sizeof(*base->fds));
	fstat(base->core.fd, &status);
	m = shown(base->path, status.st_dev, status.st_ino);
	r = sources_find(sources, &m, &base->index, err);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = open_source(base, i, path, places, sources, err);
	return r;
}

int base_pages_open(struct base_pages *ret_base, const char *path,
		    const struct source_places *places, struct sources *sources,
		    struct error *err)
{
	struct base_pages base = {0};
	int r = core_open(&base.core, path, err);

	if (r < 0)
		return r;
	r = open_sources(&base, path, places, sources, err);
	if (r < 0)
		base_pages_close(&base);
	else
		*ret_base = base;
	return r;
}

static const struct core_mapping *find_mapping(const struct core *core,
					       uint64_t address, uint64_t *end)
{
	const size_t i = core_find_mapping(core, address);
	const struct core_mapping *m = &core->mappings[i];

	*end = UINT64_MAX;
	if (i == core->mapping_count)
		return NULL;
	*end = address < m->start ? m->start : m->end;
	return address >= m->start && m->offset && core_is_private(m->kind)
		       ? m
		       : NULL;
}

/* Whether it is in @range; *end is moved to where that changes. */
static bool is_within(const struct core_range *range, uint64_t address,
		      uint64_t *end)
{
	const uint64_t change =
		address < range->start ? range->start : range->end;

	if (change < *end)
		*end = change;
	return address >= range->start;
}

static bool is_hole(const struct core *core, uint64_t address, uint64_t *end)
{
	const size_t i = core_find(core->holes, core->hole_count,
				   sizeof(*core->holes), address);

	return i < core->hole_count && is_within(&core->holes[i], address, end);
}

static const struct core_outside *find_outside(const struct core *core,
					       uint64_t address, uint64_t *end)
{
	const size_t i = core_find(core->outside, core->outside_count,
				   sizeof(*core->outside), address);
	struct core_range range;

	if (i == core->outside_count)
		return NULL;
	range = (struct core_range){core->outside[i].start,
				    core->outside[i].end};
	return is_within(&range, address, end) ? &core->outside[i] : NULL;
}

bool base_pages_find(const struct base_pages *base, uint64_t address,
		     struct base_place *ret_place)
{
	const struct core *core = &base->core;
	uint64_t end;
	const struct core_mapping *m = find_mapping(core, address, &end);
	const struct core_outside *outside = NULL;
	struct base_place place = {.fd = -1};

	if (m && !is_hole(core, address, &end)) {
		outside = find_outside(core, address, &end);
		place.fd = core->fd;
		place.offset = m->offset + (address - m->start);
		place.source = base->index;
	}
	if (outside) {
		place.fd = base->fds[outside->source];
		place.offset = outside->offset + (address - outside->start);
		place.source = base->indices[outside->source];
	}
	place.size = end - address;
	*ret_place = place;
	return place.fd >= 0 && place.source != SOURCES_NONE;
}

void base_pages_close(struct base_pages *base)
{
	for (size_t i = 0; base->fds && i < base->core.source_count; i++)
		cleanup_close(&base->fds[i]);
	free(base->path);
	free(base->fds);
	free(base->indices);
	core_close(&base->core);
}
