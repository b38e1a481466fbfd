/*
 * core_writer.c - ELF header, program headers and notes of a core
 */
#include "core_writer.h"

#include <assert.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cleanup.h"
#include "core_format.h"
#include "io.h"

/* With more program headers than e_phnum can count, section 0 counts them. */
static bool needs_section(size_t count)
{
	return count + 1 >= PN_XNUM;
}

size_t core_notes_offset(size_t count)
{
	return sizeof(Elf64_Ehdr) + (count + 1) * sizeof(Elf64_Phdr) +
	       (needs_section(count) ? sizeof(Elf64_Shdr) : 0);
}

static Elf64_Ehdr make_header(size_t count)
{
	Elf64_Ehdr head = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
			    ELFDATA2LSB, EV_CURRENT, ELFOSABI_NONE},
		.e_type = ET_CORE,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = (Elf64_Half)(count + 1),
	};

	if (needs_section(count)) {
		head.e_phnum = PN_XNUM;
		head.e_shoff =
			sizeof(Elf64_Ehdr) + (count + 1) * sizeof(Elf64_Phdr);
		head.e_shentsize = sizeof(Elf64_Shdr);
		head.e_shnum = 1;
	}
	return head;
}

static Elf64_Phdr make_segment(const struct core_segment *segment)
{
	Elf64_Phdr head = {
		.p_type = PT_LOAD,
		.p_vaddr = segment->start,
		.p_memsz = segment->end - segment->start,
		.p_align = CORE_PAGE_SIZE,
	};

	head.p_flags |= segment->protection & PROT_READ ? PF_R : 0;
	head.p_flags |= segment->protection & PROT_WRITE ? PF_W : 0;
	head.p_flags |= segment->protection & PROT_EXEC ? PF_X : 0;
	head.p_offset = segment->offset;
	head.p_filesz = segment->is_stored ? head.p_memsz : 0;
	return head;
}

bool core_seal(char *front, size_t size)
{
	const uint64_t blank = 0;
	struct core_image image;
	char *at = front;
	uint64_t digest;

	for (;;) {
		at = memmem(at, size - (size_t)(at - front), CORE_MAGIC,
			    sizeof(image.magic));
		if (!at || (size_t)(front + size - at) < sizeof(image))
			return false;
		memcpy(&image, at, sizeof(image));
		if (image.version == CORE_VERSION)
			break;
		at++;
	}
	at += offsetof(struct core_image, digest);
	memcpy(at, &blank, sizeof(blank));
	digest = core_digest(CORE_DIGEST_START, front, size);
	memcpy(at, &digest, sizeof(digest));
	return true;
}

int core_write_front(int fd, const struct core_segment *segments, size_t count,
		     const struct note_buffer *notes, struct error *err)
{
	const size_t notes_offset = core_notes_offset(count);
	const size_t size = notes_offset + notes->size;
	cleanup_heap char *front = calloc(1, size);
	const Elf64_Ehdr head = make_header(count);
	const Elf64_Phdr note_head = {
		.p_type = PT_NOTE,
		.p_offset = notes_offset,
		.p_filesz = notes->size,
		.p_align = 4,
	};
	char *at = front + sizeof(head);
	int r;

	if (!front || notes->failed)
		return error_system(err, ENOMEM, "cannot keep the notes");
	memcpy(front, &head, sizeof(head));
	memcpy(at, &note_head, sizeof(note_head));
	for (size_t i = 0; i < count; i++) {
		const Elf64_Phdr load = make_segment(&segments[i]);

		assert(i == 0 || segments[i - 1].end <= segments[i].start);
		at += sizeof(load);
		memcpy(at, &load, sizeof(load));
	}
	if (needs_section(count)) {
		const Elf64_Shdr section = {.sh_info = (Elf64_Word)(count + 1)};

		memcpy(front + head.e_shoff, &section, sizeof(section));
	}
	memcpy(front + notes_offset, notes->bytes, notes->size);
	if (!core_seal(front, size))
		assert(!"a core without a note about its image");
	r = io_pwrite_all(fd, front, size, 0);
	return r < 0 ? error_system(err, -r, "cannot write the headers") : 0;
}
