/*
 * test_build_id.c - what an ELF file is known by, as two readers find it
 */
#include <elf.h>
#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/io.h"
#include "common/note.h"
#include "restore/build_id.h"
#include "tests/expect.h"

enum {
	NOTES_AT = 4096,
};

/* As the capturer has it, from libdwelf. */
static size_t ask_library(int fd, const void **ret_id, Elf **ret_elf)
{
	ssize_t size = 0;

	elf_version(EV_CURRENT);
	*ret_elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (*ret_elf && elf_kind(*ret_elf) == ELF_K_ELF)
		size = dwelf_elf_gnu_build_id(*ret_elf, ret_id);
	return size > 0 ? (size_t)size : 0;
}

Test(build_id, is_what_the_capturer_finds)
{
	static const char *const paths[] = {
		"/proc/self/exe",
		"/lib/x86_64-linux-gnu/libc.so.6",
		"/lib64/ld-linux-x86-64.so.2",
		"/lib/x86_64-linux-gnu/libm.so.6",
		"/usr/bin/perl",
		"/usr/bin/python3",
		"/bin/true",
		"/etc/passwd",
	};
	size_t found = 0;

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		int fd = open(paths[i], O_RDONLY | O_CLOEXEC);
		const void *theirs = NULL;
		struct build_id ours;
		size_t size;
		Elf *elf;

		if (fd < 0)
			continue;
		size = ask_library(fd, &theirs, &elf);
		build_id_read(&ours, fd);
		cr_expect(ours.size == size, "%s: %u bytes, not %zu", paths[i],
			  ours.size, size);
		cr_expect(size == 0 || memcmp(ours.bytes, theirs, size) == 0,
			  "%s", paths[i]);
		found += size > 0;
		elf_end(elf);
		close(fd);
	}
	cr_expect(found >= 4);
}

/* An ELF file of headers and notes. */
struct made {
	Elf64_Ehdr head;
	Elf64_Phdr segments[3];
	struct note_buffer notes;
};

static void make(struct made *made)
{
	*made = (struct made){
		.head = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
				     ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
			 .e_type = ET_DYN,
			 .e_phoff = sizeof(Elf64_Ehdr),
			 .e_phentsize = sizeof(Elf64_Phdr),
			 .e_phnum = 3},
		.segments = {{.p_type = PT_LOAD},
			     {.p_type = PT_NOTE, .p_offset = NOTES_AT}},
	};
	note_append(&made->notes, "stapsdt", 3, "no", 2);
	note_append(&made->notes, "GNU", 1, "no", 2);
	note_append(&made->notes, "GNU", 3, "\1\2\3\4\5", 5);
	made->segments[1].p_filesz = made->notes.size;
}

static struct build_id read_made(struct made *made)
{
	struct build_id id = {.size = 99};
	int fd = memfd_create("elf", MFD_CLOEXEC);

	cr_assert(io_pwrite_all(fd, &made->head, sizeof(made->head), 0) == 0);
	cr_assert(io_pwrite_all(fd, made->segments, sizeof(made->segments),
				sizeof(made->head)) == 0);
	cr_assert(io_pwrite_all(fd, made->notes.bytes, made->notes.size,
				NOTES_AT) == 0);
	build_id_read(&id, fd);
	close(fd);
	note_buffer_deinit(&made->notes);
	return id;
}

/* One change to a file that has one, after which it has none. */
#define NONE(change)                                   \
	do {                                           \
		struct made made;                      \
                                                       \
		make(&made);                           \
		change;                                \
		cr_expect(read_made(&made).size == 0); \
	} while (0)

Test(build_id, first_of_its_type_and_owner_counts)
{
	struct made made;
	struct build_id id;

	make(&made);
	note_append(&made.notes, "GNU", 3, "\7\7\7", 3);
	made.segments[1].p_filesz = made.notes.size;
	id = read_made(&made);
	cr_expect(id.size == 5 && memcmp(id.bytes, "\1\2\3\4\5", 5) == 0);
}

Test(build_id, any_segment_of_notes_may_have_it)
{
	struct made made;

	make(&made);
	made.segments[2] = made.segments[1];
	made.segments[1].p_filesz = 20;
	cr_expect(read_made(&made).size == 5);
}

Test(build_id, what_is_no_elf_file_has_none)
{
	NONE(made.head.e_ident[1] = 'e');
	NONE(made.head.e_phentsize = 32);
	NONE(made.head.e_phnum = 0);
	NONE(made.head.e_phnum = 65);
	NONE(made.head.e_phoff = UINT64_MAX - 8);
	NONE(made.head.e_phoff = 1 << 20);
}

Test(build_id, what_is_no_note_is_passed_over)
{
	NONE(made.segments[1].p_type = PT_LOAD);
	NONE(made.segments[1].p_filesz = 0);
	NONE(made.segments[1].p_filesz = 1 << 20);
	NONE(made.segments[1].p_filesz = UINT64_MAX);
	NONE(made.segments[1].p_offset = 1 << 20);
	NONE(made.segments[1].p_offset = UINT64_MAX - 3);
}

Test(build_id, longer_than_any_is_passed_over)
{
	static const char bytes[CORE_BUILD_ID_SIZE + 1] = "x";
	struct made made;

	make(&made);
	note_buffer_deinit(&made.notes);
	note_append(&made.notes, "GNU", 3, bytes, sizeof(bytes));
	made.segments[1].p_filesz = made.notes.size;
	cr_expect(read_made(&made).size == 0);

	make(&made);
	note_buffer_deinit(&made.notes);
	note_append(&made.notes, "GNU", 3, bytes, CORE_BUILD_ID_SIZE);
	made.segments[1].p_filesz = made.notes.size;
	cr_expect(read_made(&made).size == CORE_BUILD_ID_SIZE);
}

Test(build_id, closed_descriptor_has_none)
{
	struct build_id id = {.size = 99};

	build_id_read(&id, -1);
	cr_expect(id.size == 0);
}
