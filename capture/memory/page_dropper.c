/*
 * page_dropper.c - who in the service may drop pages and count on zeros
 */
#include "page_dropper.h"

#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "common/cleanup.h"

/*
 * Files by the beginning of their names.  glibc drops free memory, but clears
 * what calloc() hands out unless the kernel has just made it.  The
 * others advise on files, on memory that is not to be dumped, or on stacks
 * that are never read before they are written.
 */
static const char *const harmless[] = {
	"libc.so.",   "libc-2.",  "ld-linux",	 "ld-2.",	"libpthread",
	"libcrypto.", "libpcre.", "libpcre2-",	 "libsqlite3.", "libsodium.",
	"libnuma.",   "libLLVM",  "libapt-pkg.",
};

/* Its allocator grows blocks that cannot be told from other memory. */
static const char *const growing[] = {"ld-musl-", "libc.musl-"};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool begins_with(const char *path, const char *const beginnings[],
			size_t count)
{
	const char *name = base_name(path);

	for (size_t i = 0; i < count; i++)
		if (strncmp(name, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	return false;
}

static bool drops(const char *symbol)
{
	return strcmp(symbol, "madvise") == 0 ||
	       strcmp(symbol, "posix_madvise") == 0 ||
	       strcmp(symbol, "process_madvise") == 0 ||
	       strcmp(symbol, "mremap") == 0;
}

static bool imports_dropper(Elf *elf, Elf_Scn *section, const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Sym symbol;

	for (int i = 0; data && gelf_getsym(data, i, &symbol); i++) {
		const char *name =
			elf_strptr(elf, header->sh_link, symbol.st_name);

		if (symbol.st_shndx == SHN_UNDEF && name && drops(name))
			return true;
	}
	return false;
}

/* A static program makes its calls itself: mov $28 or $25, %eax; syscall. */
static bool makes_call(Elf_Scn *section)
{
	static const char *const calls[] = {
		"\xb8\x1c\0\0\0\x0f\x05",
		"\xb8\x19\0\0\0\x0f\x05",
	};
	Elf_Data *data = elf_getdata(section, NULL);

	for (size_t i = 0; data && data->d_buf && i < 2; i++)
		if (memmem(data->d_buf, data->d_size, calls[i], 7))
			return true;
	return false;
}

static bool elf_drops(Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Ehdr head;
	bool is_dynamic = false;
	bool calls = false;

	/* Code that comes out of a core has no file that could be asked. */
	if (!gelf_getehdr(elf, &head) || head.e_type == ET_CORE)
		return true;
	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;

		if (!gelf_getshdr(section, &header))
			return true;
		if (header.sh_type == SHT_DYNSYM) {
			is_dynamic = true;
			if (imports_dropper(elf, section, &header))
				return true;
		}
		if (header.sh_type == SHT_PROGBITS &&
		    header.sh_flags & SHF_EXECINSTR)
			calls = calls || makes_call(section);
	}
	return calls && !is_dynamic;
}

bool page_dropper_is(const char *path)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool result = true;
	Elf *elf;

	if (begins_with(path, harmless, sizeof(harmless) / sizeof(*harmless)))
		return false;
	if (begins_with(path, growing, sizeof(growing) / sizeof(*growing)))
		return true;
	if (fd < 0 || elf_version(EV_CURRENT) == EV_NONE)
		return true;
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF)
		result = elf_drops(elf);
	if (elf)
		elf_end(elf);
	return result;
}

/* Of what is gone, another may have its name. */
static bool may_drop(const struct mapping *m)
{
	if (!m->deleted)
		return page_dropper_is(m->name);
	return !begins_with(m->name, harmless,
			    sizeof(harmless) / sizeof(*harmless));
}

void page_dropper_find(const struct mapping_list *mappings, char *ret_name,
		       size_t size)
{
	ret_name[0] = '\0';
	for (size_t i = 0; i < mappings->count; i++) {
		const struct mapping *m = &mappings->items[i];

		if (!(m->protection & PROT_EXEC) || m->inode == 0 ||
		    m->name[0] != '/' || !may_drop(m))
			continue;
		snprintf(ret_name, size, "%s", base_name(m->name));
		return;
	}
}
