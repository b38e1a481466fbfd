/*
 * build_id.c - by what an ELF file is known, whatever its name and date
 */
#include "build_id.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "common/io.h"
#include "common/note.h"

#ifndef NT_GNU_BUILD_ID
#define NT_GNU_BUILD_ID 3
#endif

enum {
	SEGMENTS_MAX = 64, /* others have 14 at most */
	NOTES_MAX = 64 << 10,
};

static bool take_id(struct build_id *ret_id, const void *bytes, size_t size)
{
	struct note_cursor notes = {bytes, size};
	struct error ignored = {0};
	struct note note;

	while (note_next(&notes, &note, &ignored)) {
		if (note.type != NT_GNU_BUILD_ID ||
		    strcmp(note.owner, "GNU") != 0 || note.size == 0 ||
		    note.size > sizeof(ret_id->bytes))
			continue;
		memcpy(ret_id->bytes, note.contents, note.size);
		ret_id->size = (uint32_t)note.size;
		return true;
	}
	return false;
}

static bool look_in(struct build_id *ret_id, int fd, const Elf64_Phdr *segment)
{
	cleanup_heap void *bytes = NULL;

	if (segment->p_type != PT_NOTE || segment->p_filesz == 0 ||
	    segment->p_filesz > NOTES_MAX)
		return false;
	bytes = malloc(segment->p_filesz);
	return bytes &&
	       io_pread_all(fd, bytes, segment->p_filesz, segment->p_offset) ==
		       0 &&
	       take_id(ret_id, bytes, segment->p_filesz);
}

void build_id_read(struct build_id *ret_id, int fd)
{
	Elf64_Phdr segments[SEGMENTS_MAX];
	Elf64_Ehdr head;

	*ret_id = (struct build_id){0};
	if (io_pread_all(fd, &head, sizeof(head), 0) < 0 ||
	    memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
	    head.e_phentsize != sizeof(Elf64_Phdr) ||
	    head.e_phnum > SEGMENTS_MAX ||
	    io_pread_all(fd, segments, head.e_phnum * sizeof(*segments),
			 head.e_phoff) < 0)
		return;
	for (size_t i = 0; i < head.e_phnum; i++)
		if (look_in(ret_id, fd, &segments[i]))
			return;
}
