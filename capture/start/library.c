/*
 * library.c - a shared library, and whether it is a service
 */
#include "library.h"

#include <fcntl.h>
#include <gelf.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "elf_segment.h"
#include "program.h"

/* Whether the dynamic section has a name for others to ask for, and no PIE. */
static bool has_name(Elf *elf)
{
	GElf_Phdr segment;
	Elf_Data *data = NULL;
	GElf_Dyn entry;
	bool is_named = false;

	if (elf_segment_find(elf, PT_DYNAMIC, &segment))
		data = elf_getdata_rawchunk(elf, (int64_t)segment.p_offset,
					    segment.p_filesz, ELF_T_DYN);
	for (int i = 0; data && gelf_getdyn(data, i, &entry); i++) {
		if (entry.d_tag == DT_NULL)
			break;
		if (entry.d_tag == DT_FLAGS_1 && entry.d_un.d_val & DF_1_PIE)
			return false;
		is_named = is_named || entry.d_tag == DT_SONAME;
	}
	return is_named;
}

static bool is_service_function(const char *name)
{
	return strcmp(name, "subctx_warm_up") == 0 ||
	       strcmp(name, "subctx_serve") == 0;
}

static bool exports_one(Elf *elf, Elf_Scn *section, const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Sym symbol;

	for (int i = 0; data && gelf_getsym(data, i, &symbol); i++) {
		const char *name =
			elf_strptr(elf, header->sh_link, symbol.st_name);

		if (symbol.st_shndx != SHN_UNDEF && name &&
		    is_service_function(name))
			return true;
	}
	return false;
}

/* @if_unknown: the answer for a file that has no sections to ask. */
static bool is_service(Elf *elf, bool if_unknown)
{
	Elf_Scn *section = NULL;
	bool result = if_unknown;

	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;

		if (!gelf_getshdr(section, &header) ||
		    header.sh_type != SHT_DYNSYM)
			continue;
		if (exports_one(elf, section, &header))
			return true;
		result = false;
	}
	return result;
}

/* Old linkers gave libraries an entry, too. */
bool library_is(Elf *elf)
{
	GElf_Ehdr header;
	GElf_Phdr segment;

	if (!gelf_getehdr(elf, &header) || header.e_type != ET_DYN ||
	    elf_segment_find(elf, PT_INTERP, &segment))
		return false;
	return header.e_entry == 0 || has_name(elf) || is_service(elf, false);
}

static int check_machine(const char *path, Elf *elf, struct error *err)
{
	GElf_Ehdr header;

	gelf_getehdr(elf, &header);
	if (header.e_ident[EI_CLASS] == ELFCLASS32)
		error_set(err, FAULT_SERVICE,
			  "cannot capture '%s': it is a 32-bit library (ELF "
			  "class 32)",
			  path);
	else if (header.e_machine != EM_X86_64 ||
		 header.e_ident[EI_DATA] != ELFDATA2LSB)
		error_set(err, FAULT_SERVICE,
			  "cannot capture '%s': it is a library for %s "
			  "processors",
			  path, program_machine(header.e_machine));
	else
		return 0;
	error_hint(err, "Rebuild it for x86-64.");
	return -err->code;
}

static int check_functions(const char *path, Elf *elf, struct error *err)
{
	if (is_service(elf, true))
		return 0;
	error_set(err, FAULT_SERVICE,
		  "cannot start '%s': it is a shared library, with neither "
		  "subctx_warm_up() nor subctx_serve()",
		  path);
	error_hint(err, "Start the program that uses it, or give it 'int "
			"subctx_warm_up(int argc, char *argv[])' or 'int "
			"subctx_serve(int argc, char *argv[])', or both, as in "
			"subctx.h.");
	return -err->code;
}

/* What cannot be read is for program_find() to tell. */
int library_find(const char *name, bool *ret_is_library, struct error *err)
{
	cleanup_fd int fd = -1;
	struct stat status;
	Elf *elf;
	int r = 0;

	*ret_is_library = false;
	if (!strchr(name, '/') || stat(name, &status) < 0 ||
	    !S_ISREG(status.st_mode))
		return 0;
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF && library_is(elf)) {
		*ret_is_library = true;
		r = check_machine(name, elf, err);
		if (r == 0)
			r = check_functions(name, elf, err);
	}
	elf_end(elf);
	return r;
}
