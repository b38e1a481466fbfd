/*
 * restored.c - what a restore has left of itself in the memory of a service
 */
#include "restored.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "common/cleanup.h"
#include "common/core_find.h"
#include "common/io.h"

/*
 * A file that is mapped, and the core that it is; other files have no mappings
 * in @core.
 * @names: where the names of the core are in those of the list
 */
struct known_file {
	dev_t device;
	uint64_t inode;
	struct core core;
	size_t names;
};

struct known_files {
	struct known_file *items;
	size_t count;
	size_t names_size;
	size_t mapping_count;
};

bool restored_is_handover(pid_t pid, const struct mapping *m)
{
	char magic[sizeof(CORE_HANDOVER_MAGIC)];
	char path[64];
	cleanup_fd int fd = -1;

	if (m->inode != 0 || m->protection != (PROT_READ | PROT_EXEC) ||
	    m->name[0] != '\0')
		return false;
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 &&
	       io_pread_all(fd, magic, sizeof(magic), m->start) == 0 &&
	       memcmp(magic, CORE_HANDOVER_MAGIC, sizeof(magic)) == 0;
}

static bool is_restored(const struct mapping_list *list, pid_t pid)
{
	for (size_t i = 0; i < list->count; i++)
		if (restored_is_handover(pid, &list->items[i]))
			return true;
	return false;
}

static dev_t device_of(const struct mapping *m)
{
	return makedev(m->device_major, m->device_minor);
}

static struct known_file *find_file(const struct known_files *files,
				    const struct mapping *m)
{
	for (size_t i = 0; i < files->count; i++)
		if (files->items[i].inode == m->inode &&
		    files->items[i].device == device_of(m))
			return &files->items[i];
	return NULL;
}

/* What is there now under its name may be another file. */
static bool open_core(struct core *ret_core, const struct mapping *m)
{
	struct error ignored = {0};
	struct stat status;

	if (core_open(ret_core, m->backing, &ignored) < 0)
		return false;
	if (fstat(ret_core->fd, &status) == 0 && status.st_ino == m->inode &&
	    status.st_dev == device_of(m))
		return true;
	core_close(ret_core);
	return false;
}

static void add_file(struct known_files *files, const struct mapping *m)
{
	struct known_file *file = &files->items[files->count++];

	*file = (struct known_file){
		.device = device_of(m),
		.inode = m->inode,
		.core.fd = -1,
		.names = files->names_size,
	};
	if (!open_core(&file->core, m))
		return;
	files->names_size += file->core.names_size;
	files->mapping_count += file->core.mapping_count;
}

static int open_files(struct known_files *files,
		      const struct mapping_list *list, struct error *err)
{
	files->items = calloc(list->count, sizeof(*files->items));
	if (!files->items)
		return error_system(err, ENOMEM, "cannot keep the cores");
	for (size_t i = 0; i < list->count; i++) {
		const struct mapping *m = &list->items[i];

		if (m->backing && !m->shared && !m->deleted &&
		    !find_file(files, m))
			add_file(files, m);
	}
	return 0;
}

static void close_files(struct known_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		core_close(&files->items[i].core);
	free(files->items);
}

/*
 * What shows the byte at @address of @m in the core, or NULL, and in *ret_end up
 * to where.
 */
static const struct core_mapping *find_origin(const struct core *core,
					      const struct mapping *m,
					      uint64_t address,
					      uint64_t *ret_end)
{
	const uint64_t offset = m->backing_offset + (address - m->start);
	const size_t i = core_find_mapping(core, address);
	const struct core_mapping *b = &core->mappings[i];
	uint64_t end = m->end;

	if (i < core->mapping_count)
		end = address < b->start ? b->start : b->end;
	*ret_end = end < m->end ? end : m->end;
	if (i == core->mapping_count || address < b->start ||
	    b->offset + (address - b->start) != offset)
		return NULL;
	return b->kind == CORE_MAPPING_FILE || b->kind == CORE_MAPPING_ANONYMOUS
		       ? b
		       : NULL;
}

static bool is_same_file(const char *name, const struct core_mapping *b)
{
	struct stat status;

	return stat(name, &status) == 0 && status.st_dev == b->file_device &&
	       status.st_ino == b->file_inode &&
	       (uint64_t)status.st_size == b->file_size &&
	       status.st_mtime == b->file_seconds;
}

static void name_piece(struct mapping *piece, const struct core_mapping *b,
		       const char *names)
{
	piece->name = names + b->name;
	piece->offset = 0;
	piece->deleted = false;
	if (b->kind != CORE_MAPPING_FILE)
		return;
	piece->offset = b->file_offset + (piece->start - b->start);
	piece->deleted = !is_same_file(piece->name, b);
}

static size_t split(struct mapping *pieces, const struct mapping *m,
		    const struct known_file *file, const char *names)
{
	size_t count = 0;

	for (uint64_t at = m->start; at < m->end; at = pieces[count++].end) {
		struct mapping *piece = &pieces[count];
		const struct core_mapping *b;

		*piece = *m;
		piece->start = at;
		b = find_origin(&file->core, m, at, &piece->end);
		piece->offset += at - m->start;
		piece->backing_offset += at - m->start;
		if (b)
			name_piece(piece, b, names + file->names);
	}
	return count;
}

/* Every piece ends where a mapping does, of the service or of a core. */
static int name_all(struct mapping_list *list, const struct known_files *files,
		    struct error *err)
{
	cleanup_heap struct mapping *items =
		calloc(list->count + 2 * files->mapping_count, sizeof(*items));
	size_t count = 0;

	list->names = malloc(files->names_size);
	if (!items || !list->names)
		return error_system(err, ENOMEM, "cannot keep the mappings");
	for (size_t i = 0; i < files->count; i++)
		if (files->items[i].core.names_size)
			memcpy(list->names + files->items[i].names,
			       files->items[i].core.names,
			       files->items[i].core.names_size);
	for (size_t i = 0; i < list->count; i++) {
		const struct mapping *m = &list->items[i];
		const struct known_file *file =
			m->backing && !m->shared && !m->deleted
				? find_file(files, m)
				: NULL;

		if (file && file->core.mapping_count)
			count += split(items + count, m, file, list->names);
		else
			items[count++] = *m;
	}
	free(list->items);
	list->items = take_pointer(&items);
	list->count = count;
	return 0;
}

int restored_name_all(struct mapping_list *list, struct error *err)
{
	struct known_files files = {0};
	int r = open_files(&files, list, err);

	if (r == 0 && files.mapping_count > 0)
		r = name_all(list, &files, err);
	close_files(&files);
	return r;
}

int restored_name(struct mapping_list *list, pid_t pid, struct error *err)
{
	return is_restored(list, pid) ? restored_name_all(list, err) : 0;
}
