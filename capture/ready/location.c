/*
 * location.c - addresses in one ELF file: of a function, a line, a probe
 *
 * Probes and the bias need libelf only, and are cheap.  Functions and lines
 * need libdwfl, which finds debug files, but puts a file at a bias of its own.
 */
#include "location.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "capture/blame/debug_file.h"
#include "common/cleanup.h"

enum {
	NT_STAPSDT_TYPE = 3, /* sys/sdt.h, third version */
	PROBE_WORDS = 3,     /* place, base, semaphore */
	PAGE = 4096,
};

static int add(struct location_list *list, uint64_t address, struct error *err)
{
	uint64_t *addresses;

	for (size_t i = 0; i < list->count; i++)
		if (list->addresses[i] == address)
			return 0;
	addresses = realloc(list->addresses,
			    (list->count + 1) * sizeof(*addresses));
	if (!addresses)
		return error_system(err, ENOMEM, "cannot keep addresses");
	list->addresses = addresses;
	addresses[list->count++] = address;
	return 0;
}

void location_list_deinit(struct location_list *list)
{
	free(list->addresses);
	*list = (struct location_list){0};
}

static int hand_out(struct location_list *list, int r,
		    struct location_list *ret_list)
{
	if (r < 0)
		location_list_deinit(list);
	else
		*ret_list = *list;
	return r;
}

/* To open anything else, such as a device, may do something. */
static bool is_regular(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* NULL for what is no ELF file: it holds nothing. */
static Elf *open_elf(const char *path, int *ret_fd)
{
	elf_version(EV_CURRENT);
	if (is_regular(path))
		*ret_fd = open(path, O_RDONLY | O_CLOEXEC);
	return *ret_fd < 0 ? NULL : elf_begin(*ret_fd, ELF_C_READ, NULL);
}

static Elf_Scn *find_section(Elf *elf, const char *wanted, GElf_Shdr *ret_head)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (!elf || elf_getshdrstrndx(elf, &names) < 0)
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		const char *name;

		name = gelf_getshdr(section, ret_head)
			       ? elf_strptr(elf, names, ret_head->sh_name)
			       : NULL;
		if (name && strcmp(name, wanted) == 0)
			return section;
	}
	return NULL;
}

/* Behind the words: provider, name and arguments, each with its NUL. */
static bool is_probe(const char *contents, size_t size, const char *provider,
		     const char *name)
{
	const char *text = contents + PROBE_WORDS * sizeof(uint64_t);
	const char *second;
	const char *end = contents + size;

	if (size < PROBE_WORDS * sizeof(uint64_t) + 3 || end[-1] != '\0')
		return false;
	second = text + strlen(text) + 1;
	return strcmp(text, provider) == 0 && second < end &&
	       strcmp(second, name) == 0;
}

static bool is_stapsdt(const GElf_Nhdr *head, const char *owner)
{
	return head->n_type == NT_STAPSDT_TYPE &&
	       head->n_namesz == sizeof("stapsdt") &&
	       memcmp(owner, "stapsdt", sizeof("stapsdt")) == 0;
}

/*
 * A note keeps the address that the base section had when it was linked; what
 * prelinking has moved since shows in where that section is now.
 */
static int add_probes(Elf *elf, Elf_Scn *section, const char *provider,
		      const char *name, struct location_list *list,
		      struct error *err)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t at = 0, next, owner, contents;
	GElf_Shdr base = {0};
	const bool has_base = find_section(elf, ".stapsdt.base", &base);
	GElf_Nhdr head;
	int r = 0;

	while (r == 0 && data && data->d_buf &&
	       (next = gelf_getnote(data, at, &head, &owner, &contents)) > 0) {
		const char *bytes = data->d_buf;
		uint64_t words[PROBE_WORDS];

		at = next;
		if (!is_stapsdt(&head, bytes + owner) ||
		    !is_probe(bytes + contents, head.n_descsz, provider, name))
			continue;
		memcpy(words, bytes + contents, sizeof(words));
		if (has_base)
			words[0] += base.sh_addr - words[1];
		r = add(list, words[0], err);
	}
	return r;
}

int location_find_probe(const char *path, const char *provider,
			const char *name, struct location_list *ret_list,
			struct error *err)
{
	struct location_list list = {0};
	cleanup_fd int fd = -1;
	Elf *elf = open_elf(path, &fd);
	GElf_Shdr head;
	Elf_Scn *section = find_section(elf, ".note.stapsdt", &head);
	int r = 0;

	/* In a separate debug file it is SHT_NOBITS. */
	if (section && head.sh_type == SHT_NOTE &&
	    gelf_getclass(elf) == ELFCLASS64)
		r = add_probes(elf, section, provider, name, &list, err);
	elf_end(elf);
	return hand_out(&list, r, ret_list);
}

/* The segment is mapped from the page in which it begins. */
static bool holds(const GElf_Phdr *segment, uint64_t offset)
{
	return segment->p_type == PT_LOAD &&
	       offset >= (segment->p_offset & -(uint64_t)PAGE) &&
	       (offset < segment->p_offset ||
		offset - segment->p_offset < segment->p_filesz);
}

int location_load_bias(const char *path, uint64_t start, uint64_t offset,
		       uint64_t *ret_bias, struct error *err)
{
	cleanup_fd int fd = -1;
	Elf *elf = open_elf(path, &fd);
	GElf_Phdr segment;
	size_t count = 0, i = 0;

	if (elf)
		elf_getphdrnum(elf, &count);
	while (i < count && (!gelf_getphdr(elf, (int)i, &segment) ||
			     !holds(&segment, offset)))
		i++;
	elf_end(elf);
	if (i == count)
		return error_set(err, FAULT_CORRUPT,
				 "cannot tell where '%s' is loaded", path);
	*ret_bias = start - (segment.p_vaddr - segment.p_offset + offset);
	return 0;
}

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = debug_file_find,
	.section_address = dwfl_offline_section_address,
};

/* A file with its debug information, put at @bias. */
struct reported {
	Dwfl *dwfl;
	Dwfl_Module *module;
	GElf_Addr bias;
};

/* @module is NULL for what is no ELF file; it holds nothing. */
static void reported_open(struct reported *file, const char *path)
{
	*file = (struct reported){0};
	file->dwfl = dwfl_begin(&callbacks);
	if (!file->dwfl || !is_regular(path))
		return;
	file->module = dwfl_report_offline(file->dwfl, path, path, -1);
	dwfl_report_end(file->dwfl, NULL, NULL);
	if (file->module && !dwfl_module_getelf(file->module, &file->bias))
		file->module = NULL;
}

static void reported_close(struct reported *file)
{
	dwfl_end(file->dwfl);
}

/* A name may carry its version, "memcpy@@GLIBC_2.14". */
static bool is_named(const char *symbol, const char *name)
{
	const size_t length = strcspn(symbol, "@");

	return strncmp(symbol, name, length) == 0 && name[length] == '\0';
}

/* A label of hand-written assembly may have no type, and so has "_end". */
static bool is_code(const GElf_Sym *symbol, Elf *elf, size_t index)
{
	const int type = GELF_ST_TYPE(symbol->st_info);
	Elf_Scn *section = elf_getscn(elf, index);
	GElf_Shdr head;

	return (type == STT_FUNC || type == STT_NOTYPE) && section &&
	       gelf_getshdr(section, &head) && head.sh_flags & SHF_EXECINSTR;
}

int location_find_symbol(const char *path, const char *name,
			 struct location_list *ret_list, struct error *err)
{
	struct location_list list = {0};
	struct reported file;
	int count, r = 0;

	reported_open(&file, path);
	count = file.module ? dwfl_module_getsymtab(file.module) : 0;
	for (int i = 0; r == 0 && i < count; i++) {
		GElf_Sym symbol;
		GElf_Addr address;
		GElf_Word index;
		Elf *elf;
		const char *text = dwfl_module_getsym_info(
			file.module, i, &symbol, &address, &index, &elf, NULL);

		if (text && is_named(text, name) &&
		    is_code(&symbol, elf, index))
			r = add(&list, address - file.bias, err);
	}
	reported_close(&file);
	return hand_out(&list, r, ret_list);
}

static bool ends_in(const char *path, const char *file)
{
	const size_t path_length = strlen(path);
	const size_t length = strlen(file);

	return length <= path_length &&
	       strcmp(path + path_length - length, file) == 0 &&
	       (length == path_length || path[path_length - length - 1] == '/');
}

struct wanted_line {
	const char *file;
	int number;
};

/* The number of a row that begins a line and may be it, or 0. */
static int candidate(const struct wanted_line *wanted, Dwarf_Line *row)
{
	const char *source = dwarf_linesrc(row, NULL, NULL);
	bool is_statement = false;
	int number;

	if (dwarf_lineno(row, &number) != 0 || number < wanted->number ||
	    !source || !ends_in(source, wanted->file))
		return 0;
	dwarf_linebeginstatement(row, &is_statement);
	return is_statement ? number : 0;
}

/* The innermost function, or copy of one that is inlined, at an address. */
static Dwarf_Off function_at(Dwarf_Die *unit, Dwarf_Addr address)
{
	Dwarf_Die *scopes = NULL;
	const int count = dwarf_getscopes(unit, address, &scopes);
	Dwarf_Off function = 0;

	for (int i = 0; i < count && function == 0; i++)
		if (dwarf_tag(&scopes[i]) == DW_TAG_subprogram ||
		    dwarf_tag(&scopes[i]) == DW_TAG_inlined_subroutine)
			function = dwarf_dieoffset(&scopes[i]);
	free(scopes);
	return function;
}

/*
 * Rows are sorted by address: of each copy, the lowest comes first.  A function
 * that was split has one in each part (sequence), of which one may never run.
 */
static bool has_copy(const struct location_list *list, Dwarf_Die *unit,
		     uint64_t bias, Dwarf_Addr sequence, Dwarf_Addr address)
{
	for (size_t i = 0; i < list->count; i++) {
		const Dwarf_Addr other = list->addresses[i] - bias;

		if (other >= sequence && other <= address &&
		    function_at(unit, other) == function_at(unit, address))
			return true;
	}
	return false;
}

/* A line before the best one so far makes those that were found worthless. */
static int search_unit(const struct wanted_line *wanted, Dwarf_Die *unit,
		       uint64_t bias, struct location_list *list,
		       struct error *err)
{
	Dwarf_Addr address, sequence = 0;
	Dwarf_Lines *lines;
	size_t count;
	int r = 0;

	if (dwarf_getsrclines(unit, &lines, &count) != 0)
		return 0;
	for (size_t i = 0; r == 0 && i < count; i++) {
		Dwarf_Line *row = dwarf_onesrcline(lines, i);
		const uint64_t number = (uint64_t)candidate(wanted, row);
		bool is_end = false;

		if (dwarf_lineaddr(row, &address) != 0 ||
		    dwarf_lineendsequence(row, &is_end) != 0)
			continue;
		if (is_end)
			sequence = address;
		if (is_end || number == 0 ||
		    (list->line && number > list->line))
			continue;
		if (number != list->line)
			list->count = 0;
		list->line = number;
		if (!has_copy(list, unit, bias, sequence, address))
			r = add(list, address + bias, err);
	}
	return r;
}

int location_find_line(const char *path, const char *file, uint64_t line,
		       struct location_list *ret_list, struct error *err)
{
	const struct wanted_line wanted = {file, (int)line};
	const bool is_number = line > 0 && line <= INT_MAX;
	struct location_list list = {0};
	struct reported reported;
	Dwarf_Die *unit = NULL;
	Dwarf_Addr bias;
	int r = 0;

	reported_open(&reported, path);
	while (is_number && reported.module && r == 0 &&
	       (unit = dwfl_module_nextcu(reported.module, unit, &bias)))
		r = search_unit(&wanted, unit, bias - reported.bias, &list,
				err);
	reported_close(&reported);
	return hand_out(&list, r, ret_list);
}
