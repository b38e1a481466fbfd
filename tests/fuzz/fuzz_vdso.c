/*
 * fuzz_vdso.c - any bytes are refused, or are an old vdso that gets its jumps
 *
 * The new one is this process's own.
 */
#include <assert.h>
#include <elf.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>

#include "fuzz.h"
#include "restore/vdso.h"

enum {
	OWN_SIZE = 8192,
	FUNCTIONS = 3,
	FUNCTION_SIZE = 16,
};

/* A small one, in which a change is likely to hit something. */
struct made_vdso {
	Elf64_Ehdr head;
	Elf64_Shdr sections[3];
	Elf64_Sym symbols[FUNCTIONS];
	unsigned char code[FUNCTIONS][FUNCTION_SIZE];
	char names[48];
};

static size_t begin_made(uint8_t *bytes)
{
	struct made_vdso made = {
		.head = {.e_ident = ELFMAG "\2\1\1",
			 .e_type = ET_DYN,
			 .e_machine = EM_X86_64,
			 .e_shoff = offsetof(struct made_vdso, sections),
			 .e_shentsize = sizeof(made.sections[0]),
			 .e_shnum = 3},
		.sections = {{0},
			     {.sh_type = SHT_DYNSYM,
			      .sh_offset = offsetof(struct made_vdso, symbols),
			      .sh_size = sizeof(made.symbols),
			      .sh_link = 2},
			     {.sh_type = SHT_STRTAB,
			      .sh_offset = offsetof(struct made_vdso, names),
			      .sh_size = sizeof(made.names)}},
		.names = "\0__vdso_time\0__vdso_getcpu\0__vdso_clock_gettime",
	};
	static const uint32_t names[FUNCTIONS] = {1, 13, 27};
	const size_t size =
		offsetof(struct made_vdso, names) + sizeof(made.names);

	for (size_t i = 0; i < FUNCTIONS; i++)
		made.symbols[i] = (Elf64_Sym){
			.st_name = names[i],
			.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
			.st_shndx = 1,
			.st_value = offsetof(struct made_vdso, code) +
				    i * FUNCTION_SIZE,
			.st_size = FUNCTION_SIZE,
		};
	memcpy(bytes, &made, size);
	return size;
}

size_t fuzz_begin(uint8_t *bytes, size_t size)
{
	static unsigned int turn;

	assert(size >= OWN_SIZE);
	if (turn++ % 2 == 0)
		return begin_made(bytes);
	memcpy(bytes, (const void *)getauxval(AT_SYSINFO_EHDR), OWN_SIZE);
	return OWN_SIZE;
}

void fuzz_one(uint8_t *bytes, size_t size)
{
	const unsigned char *own = (const void *)getauxval(AT_SYSINFO_EHDR);
	struct error err = {0};
	int r = vdso_patch(bytes, size, own, OWN_SIZE, 0x7ffff7fc0000, &err);

	if (r < 0)
		assert(err.fault != FAULT_NONE && err.text[0]);
	else
		assert(err.fault == FAULT_NONE);
}
