/*
 * elf_segment.h - the first program header of a type, in any ELF file
 */
#ifndef START_ELF_SEGMENT_H
#define START_ELF_SEGMENT_H

#include <gelf.h>
#include <stdbool.h>

bool elf_segment_find(Elf *elf, uint32_t type, GElf_Phdr *ret_segment);

#endif
