/*
 * sources.c - files that hold bytes of the image, so that the core need not
 */
#include "sources.h"

#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/core_reader.h"
#include "common/file_digest.h"

enum {
	SETTLED_SECONDS = 2,
};

/* A core of ours has no build ID, but a digest; it may be replaced meanwhile. */
static void read_digest(struct core_source *known, const char *path)
{
	struct error ignored = {0};
	struct stat status;
	struct core core;

	if (core_open(&core, path, &ignored) < 0)
		return;
	if (fstat(core.fd, &status) == 0 && status.st_dev == known->device &&
	    status.st_ino == known->inode)
		known->digest = core.image->digest;
	core_close(&core);
}

static void read_build_id(struct core_source *known, int fd, const char *path)
{
	const void *id = NULL;
	GElf_Ehdr head;
	ssize_t size;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (elf && gelf_getehdr(elf, &head) && head.e_type == ET_CORE) {
		read_digest(known, path);
	} else if (elf && elf_kind(elf) == ELF_K_ELF) {
		size = dwelf_elf_gnu_build_id(elf, &id);
		if (size > 0 && size <= CORE_BUILD_ID_SIZE) {
			memcpy(known->id, id, (size_t)size);
			known->id_size = (uint32_t)size;
		}
	}
	elf_end(elf);
}

static bool is_file_of(const struct mapping *m, dev_t device, uint64_t inode)
{
	return inode == m->inode &&
	       device == makedev(m->device_major, m->device_minor);
}

static bool is_backed_by(const struct mapping *m, const struct stat *status)
{
	return S_ISREG(status->st_mode) &&
	       is_file_of(m, status->st_dev, status->st_ino);
}

/*
 * A file that has just been written may be written again without that its date
 * shows it; file systems keep it to two seconds at worst (FAT).
 */
static bool is_settled(const struct stat *status)
{
	const time_t age = time(NULL) - status->st_mtim.tv_sec;

	return age < 0 || age > SETTLED_SECONDS;
}

/*
 * What is written first has another file from then on, of the same number; who
 * has mapped the one beneath goes on with that.
 */
static bool may_hide(int fd)
{
	struct statfs status;

	return fstatfs(fd, &status) < 0 ||
	       status.f_type == OVERLAYFS_SUPER_MAGIC;
}

/* Two files have one name where one is mounted over the other. */
static uint32_t find(const struct sources *sources, const struct mapping *m)
{
	for (size_t i = 0; i < sources->count; i++) {
		const struct source *source = &sources->items[i];

		if (strcmp(source->path, m->backing) == 0 &&
		    is_file_of(m, source->known.device, source->known.inode))
			return (uint32_t)i;
	}
	return SOURCES_NONE;
}

static int add(struct sources *sources, const char *path,
	       const struct source *source, uint32_t *ret_index,
	       struct error *err)
{
	struct source *items =
		realloc(sources->items, (sources->count + 1) * sizeof(*items));

	if (items)
		sources->items = items;
	if (!items || !(items[sources->count].path = strdup(path)))
		return error_system(err, ENOMEM, "cannot keep the sources");
	items[sources->count].known = source->known;
	items[sources->count].may_hide = source->may_hide;
	*ret_index = (uint32_t)sources->count++;
	return 0;
}

int sources_find(struct sources *sources, const struct mapping *m,
		 uint32_t *ret_index, struct error *err)
{
	cleanup_fd int fd = -1;
	struct source source = {0};
	struct stat status;

	*ret_index = SOURCES_NONE;
	if (!m->backing)
		return 0;
	*ret_index = find(sources, m);
	if (*ret_index != SOURCES_NONE)
		return 0;
	fd = open(m->backing, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &status) < 0 || !is_backed_by(m, &status))
		return 0;
	source.known.size = (uint64_t)status.st_size;
	source.known.device = status.st_dev;
	source.known.inode = status.st_ino;
	source.known.seconds = status.st_mtim.tv_sec;
	source.known.nanoseconds = (uint32_t)status.st_mtim.tv_nsec;
	source.known.status_ns = core_source_status(&status.st_ctim);
	source.may_hide = may_hide(fd);
	read_build_id(&source.known, fd, m->backing);
	if (source.known.id_size == 0 && source.known.digest == 0) {
		if (!is_settled(&status))
			return 0;
		source.known.contents = file_digest(fd);
	}
	return add(sources, m->backing, &source, ret_index, err);
}

int sources_keep_used(struct sources *sources, struct core_outside *outside,
		      size_t count, struct error *err)
{
	cleanup_heap uint32_t *places =
		malloc((sources->count + 1) * sizeof(*places));
	uint32_t kept = 0;

	if (!places)
		return error_system(err, ENOMEM, "cannot keep the sources");
	memset(places, 0xff, sources->count * sizeof(*places));
	for (size_t i = 0; i < count; i++)
		places[outside[i].source] = 0;
	for (size_t i = 0; i < sources->count; i++) {
		if (places[i] == SOURCES_NONE) {
			free(sources->items[i].path);
			continue;
		}
		places[i] = kept;
		sources->items[kept++] = sources->items[i];
	}
	sources->count = kept;
	for (size_t i = 0; i < count; i++)
		outside[i].source = places[outside[i].source];
	return 0;
}

void sources_deinit(struct sources *sources)
{
	for (size_t i = 0; i < sources->count; i++)
		free(sources->items[i].path);
	free(sources->items);
	*sources = (struct sources){0};
}
