/*
 * code_module.c - what a process has code from: a file, or memory without one
 */
#include "code_module.h"

#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

enum {
	PAGE = 4096,
};

/* Where the first segment of a file begins and the last one ends. */
struct extent {
	uint64_t start;
	uint64_t end;
};

static uint64_t page_of(uint64_t address)
{
	return address & -(uint64_t)PAGE;
}

static bool holds(const GElf_Phdr *segment, uint64_t offset)
{
	return offset >= page_of(segment->p_offset) &&
	       offset < segment->p_offset + segment->p_filesz;
}

/*
 * As the file has them, and its bias: what is added to them by a mapping of the
 * byte @m->offset, which is code.
 */
static bool find_extent(Elf *elf, const struct mapping *m,
			struct extent *ret_extent, uint64_t *ret_bias)
{
	struct extent extent = {UINT64_MAX, 0};
	bool is_found = false;
	size_t count = 0;
	GElf_Phdr segment;

	if (!elf || elf_getphdrnum(elf, &count) != 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getphdr(elf, (int)i, &segment) ||
		    segment.p_type != PT_LOAD)
			continue;
		if (segment.p_vaddr < extent.start)
			extent.start = segment.p_vaddr;
		if (segment.p_vaddr + segment.p_memsz > extent.end)
			extent.end = segment.p_vaddr + segment.p_memsz;
		if (!is_found && segment.p_flags & PF_X &&
		    holds(&segment, m->offset)) {
			*ret_bias = m->start - (segment.p_vaddr -
						segment.p_offset + m->offset);
			is_found = true;
		}
	}
	*ret_extent = extent;
	return is_found;
}

/* To open anything but a file may do something. */
static void read_file(struct code_module *module, const struct mapping *m,
		      const char *path)
{
	struct extent extent;
	cleanup_fd int fd = -1;
	uint64_t bias = 0;
	Elf *elf;

	if (stat(path, &module->status) < 0) {
		module->status = (struct stat){0};
		return;
	}
	if (S_ISREG(module->status.st_mode))
		fd = open(path, O_RDONLY | O_CLOEXEC);
	elf_version(EV_CURRENT);
	elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ, NULL);
	if (find_extent(elf, m, &extent, &bias)) {
		module->start = page_of(extent.start + bias);
		module->end = page_of(extent.end + bias + PAGE - 1);
	}
	elf_end(elf);
}

bool code_module_read(struct code_module *ret_module, const struct mapping *m,
		      const char *path)
{
	const bool has_name =
		m->name[0] == '/' || strcmp(m->name, CODE_MODULE_VDSO) == 0;
	struct code_module module = {
		.start = m->start,
		.end = m->end,
		.path = strdup(has_name ? m->name : ""),
	};

	if (!module.path)
		return false;
	if (path)
		read_file(&module, m, path);
	*ret_module = module;
	return true;
}

void code_module_deinit(struct code_module *module)
{
	free(module->path);
	*module = (struct code_module){0};
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Memory without a file has no names that could be wrong. */
bool code_module_is_same(const struct code_module *a,
			 const struct code_module *b)
{
	if (a->path[0] == '\0' || b->path[0] == '\0')
		return a->path[0] == b->path[0];
	return a->start == b->start && strcmp(a->path, b->path) == 0 &&
	       is_same_file(&a->status, &b->status);
}

bool code_module_overlaps(const struct code_module *a,
			  const struct code_module *b)
{
	return a->start < b->end && b->start < a->end;
}

bool code_module_is_deleted(const struct code_module *module)
{
	struct stat status;

	return module->path[0] == '/' &&
	       (stat(module->path, &status) < 0 ||
		!is_same_file(&status, &module->status));
}
