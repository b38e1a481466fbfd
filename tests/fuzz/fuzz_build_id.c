/*
 * fuzz_build_id.c - any bytes have a build ID that fits, the same each time, or
 * none
 */
#include <assert.h>
#include <elf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/io.h"
#include "common/note.h"
#include "fuzz.h"
#include "restore/build_id.h"

size_t fuzz_begin(uint8_t *bytes, size_t size)
{
	const size_t notes_at = sizeof(Elf64_Ehdr) + 2 * sizeof(Elf64_Phdr);
	const Elf64_Ehdr head = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
			    ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_DYN,
		.e_phoff = sizeof(head),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 2,
	};
	Elf64_Phdr segments[2] = {{.p_type = PT_LOAD},
				  {.p_type = PT_NOTE, .p_offset = notes_at}};
	struct note_buffer notes = {0};
	size_t total;

	note_append(&notes, "stapsdt", 3, "elsewhere", 9);
	note_append(&notes, "GNU", 3, "01234567890123456789", 20);
	segments[1].p_filesz = notes.size;
	total = notes_at + notes.size;
	assert(!notes.failed && total <= size);
	memcpy(bytes, &head, sizeof(head));
	memcpy(bytes + sizeof(head), segments, sizeof(segments));
	memcpy(bytes + notes_at, notes.bytes, notes.size);
	note_buffer_deinit(&notes);
	return total;
}

void fuzz_one(uint8_t *bytes, size_t size)
{
	struct build_id first, second;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	assert(fd >= 0 && io_pwrite_all(fd, bytes, size, 0) == 0);
	build_id_read(&first, fd);
	build_id_read(&second, fd);
	close(fd);
	assert(first.size <= sizeof(first.bytes));
	assert(memcmp(&first, &second, sizeof(first)) == 0);
	if (first.size > 0)
		assert(memmem(bytes, size, first.bytes, first.size));
}
