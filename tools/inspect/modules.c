/*
 * modules.c - the programs and libraries of a service, for libdwfl
 *
 * A file counts only if its build ID is that of the bytes in memory, or, where
 * it has none, if it was not changed.  Otherwise a file is made of these bytes:
 * unwind tables are among them, and the build ID, by which there may be a debug
 * file; symbol tables and lines mostly are not.
 */
#include "modules.h"

#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "restore/build_id.h"

enum {
	SEGMENTS_MAX = 64, /* others have 14 at most */
	PIECE = 64 << 10,
};

/* The headers of a module as they are in memory, and how far that is moved. */
struct headers {
	Elf64_Ehdr head;
	Elf64_Phdr segments[SEGMENTS_MAX];
	uint64_t bias;
};

static const char *name_of(const struct module *module)
{
	return module->memory->core->names + module->mapping->name;
}

static bool is_elf(const struct memory *memory, uint64_t address)
{
	char magic[SELFMAG];

	return memory_read(memory, address, magic, sizeof(magic)) &&
	       memcmp(magic, ELFMAG, SELFMAG) == 0;
}

static bool is_module(const struct memory *memory, const struct core_mapping *m)
{
	return (m->kind == CORE_MAPPING_FILE || m->kind == CORE_MAPPING_VDSO) &&
	       m->file_offset == 0 && is_elf(memory, m->start);
}

void modules_find(struct modules *ret_modules, const struct memory *memory)
{
	const struct core *core = memory->core;
	struct modules modules = {
		.items =
			calloc(core->mapping_count + 1, sizeof(*modules.items)),
	};
	struct module *last = NULL;

	for (size_t i = 0; modules.items && i < core->mapping_count; i++) {
		const struct core_mapping *m = &core->mappings[i];

		if (is_module(memory, m)) {
			last = &modules.items[modules.count++];
			*last = (struct module){memory, m, m->end};
		} else if (last && m->kind == CORE_MAPPING_FILE &&
			   strcmp(core->names + m->name, name_of(last)) == 0) {
			last->end = m->end;
		}
	}
	*ret_modules = modules;
}

void modules_deinit(struct modules *modules)
{
	free(modules->items);
	*modules = (struct modules){0};
}

void modules_report(const struct modules *modules, Dwfl *dwfl)
{
	for (size_t i = 0; i < modules->count; i++) {
		struct module *module = &modules->items[i];
		Dwfl_Module *reported =
			dwfl_report_module(dwfl, name_of(module),
					   module->mapping->start, module->end);
		void **data;

		if (!reported)
			continue;
		dwfl_module_info(reported, &data, NULL, NULL, NULL, NULL, NULL,
				 NULL);
		*data = module;
	}
}

/* The first segment that is loaded begins where the module does. */
static bool find_bias(struct headers *headers, uint64_t start)
{
	for (size_t i = 0; i < headers->head.e_phnum; i++) {
		const Elf64_Phdr *segment = &headers->segments[i];

		if (segment->p_type != PT_LOAD)
			continue;
		headers->bias = start - (segment->p_vaddr &
					 ~(uint64_t)(CORE_PAGE_SIZE - 1));
		return true;
	}
	return false;
}

static bool read_headers(const struct module *module, struct headers *headers)
{
	const uint64_t start = module->mapping->start;
	Elf64_Ehdr *head = &headers->head;

	return memory_read(module->memory, start, head, sizeof(*head)) &&
	       head->e_phentsize == sizeof(Elf64_Phdr) &&
	       head->e_phnum <= SEGMENTS_MAX &&
	       head->e_phoff < module->end - start &&
	       memory_read(module->memory, start + head->e_phoff,
			   headers->segments,
			   head->e_phnum * sizeof(Elf64_Phdr)) &&
	       find_bias(headers, start);
}

/* Its bytes at the place that they have in the file; what is gone stays out. */
static void write_segment(const struct module *module,
			  const struct headers *headers,
			  const Elf64_Phdr *segment, int fd)
{
	const uint64_t room = module->end - module->mapping->start;
	char piece[PIECE];

	if (segment->p_offset > room || segment->p_filesz > room)
		return;
	for (uint64_t at = 0; at < segment->p_filesz; at += sizeof(piece)) {
		const size_t left = segment->p_filesz - at;
		const size_t part = left < sizeof(piece) ? left : sizeof(piece);

		if (memory_read(module->memory,
				headers->bias + segment->p_vaddr + at, piece,
				part))
			io_pwrite_all(fd, piece, part, segment->p_offset + at);
	}
}

static void write_segments(const struct module *module,
			   const struct headers *headers, uint32_t type, int fd)
{
	for (size_t i = 0; i < headers->head.e_phnum; i++)
		if (headers->segments[i].p_type == type)
			write_segment(module, headers, &headers->segments[i],
				      fd);
}

/* Sections lie behind what is loaded: there are none. */
static void write_headers(const struct headers *headers, int fd)
{
	Elf64_Ehdr head = headers->head;

	head.e_shoff = 0;
	head.e_shnum = 0;
	head.e_shstrndx = SHN_UNDEF;
	io_pwrite_all(fd, &head, sizeof(head), 0);
	io_pwrite_all(fd, headers->segments, head.e_phnum * sizeof(Elf64_Phdr),
		      head.e_phoff);
}

/* Whether @fd is open for the file that was mapped; @id is that of memory. */
static bool is_same(const struct module *module, const struct build_id *id,
		    int fd)
{
	const struct core_mapping *m = module->mapping;
	struct build_id others;
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return false;
	build_id_read(&others, fd);
	if (others.size > 0 || id->size > 0)
		return others.size == id->size &&
		       memcmp(others.bytes, id->bytes, id->size) == 0;
	return status.st_ino == m->file_inode &&
	       status.st_dev == m->file_device &&
	       (uint64_t)status.st_size == m->file_size &&
	       status.st_mtime == m->file_seconds;
}

/* The file that is to be read, or -1. */
static int open_one(const struct module *module)
{
	cleanup_fd int image = memfd_create("module", MFD_CLOEXEC);
	cleanup_fd int file =
		open(name_of(module), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct headers headers;
	struct build_id id;

	if (image < 0 || !read_headers(module, &headers))
		return -1;
	write_headers(&headers, image);
	write_segments(module, &headers, PT_NOTE, image);
	build_id_read(&id, image);
	if (is_same(module, &id, file))
		return take_fd(&file);
	write_segments(module, &headers, PT_LOAD, image);
	/* The first of them has the headers, too. */
	write_headers(&headers, image);
	return take_fd(&image);
}

int module_open(Dwfl_Module *reported, void **data, const char *name,
		Dwarf_Addr base, char **ret_path, Elf **ret_elf)
{
	int fd = open_one(*data);

	(void)reported;
	(void)base;
	*ret_elf = NULL;
	*ret_path = fd < 0 ? NULL : strdup(name);
	return fd;
}
