/*
 * elf_segment.c - the first program header of a type, in any ELF file
 */
#include "elf_segment.h"

bool elf_segment_find(Elf *elf, uint32_t type, GElf_Phdr *ret_segment)
{
	size_t count = 0;

	elf_getphdrnum(elf, &count);
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getphdr(elf, (int)i, ret_segment))
			return false;
		if (ret_segment->p_type == type)
			return true;
	}
	return false;
}
