/*
 * location.c - addresses in one ELF file: of a function, a line, a probe
 */
#include "location.h"

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

enum {
	NT_STAPSDT_TYPE = 3, /* sys/sdt.h, third version */
	PROBE_WORDS = 3,     /* place, base, semaphore */
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

/* An ELF file that is open for as long as it is looked at. */
struct opened {
	int fd;
	Elf *elf;
};

static void opened_close(struct opened *file)
{
	if (file->elf)
		elf_end(file->elf);
	cleanup_close(&file->fd);
}

/* What is no ELF file holds nothing that could be found. */
static void opened_open(struct opened *file, const char *path)
{
	elf_version(EV_CURRENT);
	*file = (struct opened){.fd = open(path, O_RDONLY | O_CLOEXEC)};
	if (file->fd >= 0)
		file->elf = elf_begin(file->fd, ELF_C_READ_MMAP, NULL);
}

static Elf_Scn *find_section(Elf *elf, const char *wanted, GElf_Shdr *ret_head)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (!elf || elf_getshdrstrndx(elf, &names) < 0)
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		const char *name;

		if (!gelf_getshdr(section, ret_head))
			return NULL;
		name = elf_strptr(elf, names, ret_head->sh_name);
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
	const char *end = contents + size;
	const char *second;

	if (size < PROBE_WORDS * sizeof(uint64_t) + 3 || end[-1] != '\0')
		return false;
	second = text + strlen(text) + 1;
	return strcmp(text, provider) == 0 && second < end &&
	       strcmp(second, name) == 0;
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
	bool has_base = find_section(elf, ".stapsdt.base", &base) != NULL;
	GElf_Nhdr head;
	int r = 0;

	while (r == 0 && data &&
	       (next = gelf_getnote(data, at, &head, &owner, &contents)) > 0) {
		const char *bytes = (const char *)data->d_buf + contents;
		uint64_t words[PROBE_WORDS];

		at = next;
		if (head.n_type != NT_STAPSDT_TYPE ||
		    !is_probe(bytes, head.n_descsz, provider, name))
			continue;
		memcpy(words, bytes, sizeof(words));
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
	struct opened file;
	GElf_Shdr head;
	Elf_Scn *section;
	int r = 0;

	opened_open(&file, path);
	section = find_section(file.elf, ".note.stapsdt", &head);
	if (section)
		r = add_probes(file.elf, section, provider, name, ret_list,
			       err);
	opened_close(&file);
	return r;
}

int location_load_bias(const char *path, uint64_t start, uint64_t offset,
		       uint64_t *ret_bias, struct error *err)
{
	struct opened file;
	size_t count = 0;
	bool is_found = false;

	opened_open(&file, path);
	if (file.elf)
		elf_getphdrnum(file.elf, &count);
	for (size_t i = 0; i < count && !is_found; i++) {
		GElf_Phdr segment;

		if (!gelf_getphdr(file.elf, (int)i, &segment) ||
		    segment.p_type != PT_LOAD ||
		    offset < (segment.p_offset & ~(GElf_Off)0xfff) ||
		    offset >= segment.p_offset + segment.p_filesz)
			continue;
		*ret_bias =
			start - (segment.p_vaddr - segment.p_offset + offset);
		is_found = true;
	}
	opened_close(&file);
	if (!is_found)
		return error_set(err, FAULT_CORRUPT,
				 "cannot tell where '%s' is loaded", path);
	return 0;
}

/* One file with its debug information, as if it were loaded where linked. */
static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.section_address = dwfl_offline_section_address,
};

static Dwfl *open_dwfl(const char *path, Dwfl_Module **ret_module,
		       uint64_t *ret_bias)
{
	Dwfl *dwfl;
	GElf_Addr bias = 0;

	setenv("DEBUGINFOD_URLS", "", 1);
	dwfl = dwfl_begin(&callbacks);
	if (!dwfl)
		return NULL;
	*ret_module = dwfl_report_offline(dwfl, path, path, -1);
	dwfl_report_end(dwfl, NULL, NULL);
	if (!*ret_module || !dwfl_module_getelf(*ret_module, &bias)) {
		dwfl_end(dwfl);
		return NULL;
	}
	*ret_bias = bias;
	return dwfl;
}

/* A name may carry its version, "memcpy@@GLIBC_2.14". */
static bool is_named(const char *symbol, const char *name)
{
	size_t length = strlen(name);

	return strncmp(symbol, name, length) == 0 &&
	       (symbol[length] == '\0' || symbol[length] == '@');
}

int location_find_symbol(const char *path, const char *name,
			 struct location_list *ret_list, struct error *err)
{
	Dwfl_Module *module;
	uint64_t bias;
	Dwfl *dwfl = open_dwfl(path, &module, &bias);
	int count = dwfl ? dwfl_module_getsymtab(module) : 0;
	int r = 0;

	for (int i = 0; r == 0 && i < count; i++) {
		GElf_Sym symbol;
		GElf_Addr address;
		const char *text = dwfl_module_getsym_info(
			module, i, &symbol, &address, NULL, NULL, NULL);

		if (text && is_named(text, name) &&
		    symbol.st_shndx != SHN_UNDEF &&
		    (GELF_ST_TYPE(symbol.st_info) == STT_FUNC ||
		     GELF_ST_TYPE(symbol.st_info) == STT_NOTYPE))
			r = add(ret_list, address - bias, err);
	}
	if (dwfl)
		dwfl_end(dwfl);
	return r;
}

static bool ends_in(const char *path, const char *file)
{
	size_t path_length = strlen(path);
	size_t length = strlen(file);

	return length <= path_length &&
	       strcmp(path + path_length - length, file) == 0 &&
	       (length == path_length || path[path_length - length - 1] == '/');
}

/*
 * Consecutive rows of a line are one copy of it; of a line that is left and
 * entered again within a function, the lowest address is the one that counts.
 */
static int add_unit(Dwarf_Die *unit, const char *file, int wanted,
		    struct location_list *list, struct error *err)
{
	Dwarf_Addr lowest = 0;
	Dwarf_Lines *lines;
	size_t count;
	int r = 0;

	if (dwarf_getsrclines(unit, &lines, &count) != 0)
		return 0;
	for (size_t i = 0; i < count; i++) {
		Dwarf_Line *row = dwarf_onesrcline(lines, i);
		const char *source = dwarf_linesrc(row, NULL, NULL);
		Dwarf_Addr address;
		bool is_statement;
		int number;

		if (dwarf_lineno(row, &number) != 0 || number != wanted ||
		    !source || !ends_in(source, file) ||
		    dwarf_lineaddr(row, &address) != 0 ||
		    dwarf_linebeginstatement(row, &is_statement) != 0 ||
		    !is_statement)
			continue;
		if (!lowest || address < lowest)
			lowest = address;
	}
	if (lowest)
		r = add(list, lowest, err);
	return r;
}

int location_find_line(const char *path, const char *file, uint64_t line,
		       struct location_list *ret_list, struct error *err)
{
	Dwfl_Module *module;
	uint64_t bias;
	Dwfl *dwfl = open_dwfl(path, &module, &bias);
	Dwarf_Die *unit = NULL;
	Dwarf_Addr ignored;
	int r = 0;

	while (dwfl && r == 0 &&
	       (unit = dwfl_module_nextcu(module, unit, &ignored)))
		r = add_unit(unit, file, (int)line, ret_list, err);
	if (dwfl)
		dwfl_end(dwfl);
	return r;
}
