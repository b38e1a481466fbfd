/*
 * test_core_format.c - what core_writer writes, core_reader takes; and what
 * was damaged in between, it refuses
 *
 * The cores are made by hand and live in memory, in files without a name.
 */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/core_reader.h"
#include "common/core_writer.h"
#include "common/io.h"
#include "tests/expect.h"
#include "tests/make_core.h"

TestSuite(core_format, .timeout = 60);

/* A core in a file, and the path by which it can be opened. */
struct file {
	int fd;
	size_t front_size;
	char path[64];
};

static struct file file_make(void)
{
	struct file file = {.fd = memfd_create("core", MFD_CLOEXEC)};

	cr_assert(file.fd >= 0);
	snprintf(file.path, sizeof(file.path), "/proc/self/fd/%d", file.fd);
	return file;
}

static void make_segments(const struct made_core *made,
			  struct core_segment segments[MADE_MAPPINGS])
{
	for (size_t i = 0; i < made->mapping_count; i++) {
		const struct core_mapping *m = &made->mappings[i];

		segments[i] = (struct core_segment){
			.start = m->start,
			.end = m->end,
			.offset = m->offset,
			.protection = (int)m->protection,
			.is_stored = m->offset > 0,
		};
	}
}

static struct file file_write(const struct made_core *made)
{
	struct core_segment segments[MADE_MAPPINGS];
	struct file file = file_make();
	struct note_buffer notes = {0};
	struct error err = {0};
	const size_t offset = core_notes_offset(made->mapping_count);

	make_segments(made, segments);
	made_core_notes(made, offset, &notes);
	cr_assert(core_write_front(file.fd, segments, made->mapping_count,
				   &notes, &err) == 0,
		  "%s", err.text);
	file.front_size = offset + notes.size;
	cr_assert(ftruncate(file.fd, (off_t)made->image.file_size) == 0);
	note_buffer_deinit(&notes);
	return file;
}

/* The file as it is, which has to be refused. */
static void expect_refused(const struct file *file, const char *message)
{
	struct error err = {0};
	struct core core = {.fd = -7};

	cr_assert(core_open(&core, file->path, &err) < 0, "accepted: %s",
		  message);
	expect_contains(err.text, message);
	expect_contains(err.text, file->path);
	cr_expect(core.fd == -7, "it was touched");
}

/* With @size bytes at @offset changed; sealed again if @seal. */
static void expect_damage(size_t offset, const void *bytes, size_t size,
			  bool seal, const char *message)
{
	struct made_core made;
	struct file file;
	char *front;

	made_core_init(&made);
	file = file_write(&made);
	front = malloc(file.front_size);
	cr_assert(io_pread_all(file.fd, front, file.front_size, 0) == 0);
	memcpy(front + offset, bytes, size);
	if (seal)
		cr_assert(core_seal(front, file.front_size));
	cr_assert(io_pwrite_all(file.fd, front, file.front_size, 0) == 0);

	expect_refused(&file, message);
	free(front);
	close(file.fd);
}

#define DAMAGE(type, start, field, value, seal, message)                 \
	do {                                                             \
		const typeof(((type *)0)->field) changed = (value);      \
                                                                         \
		expect_damage((start) + offsetof(type, field), &changed, \
			      sizeof(changed), seal, message);           \
	} while (0)

Test(core_format, what_is_written_is_read)
{
	struct made_core made;
	struct error err = {0};
	struct core core;
	struct file file;

	made_core_init(&made);
	file = file_write(&made);

	cr_assert(core_open(&core, file.path, &err) == 0, "%s", err.text);

	cr_expect(core.mapping_count == made.mapping_count);
	cr_expect(memcmp(core.mappings, made.mappings, sizeof(made.mappings)) ==
		  0);
	cr_expect(memcmp(core.holes, made.holes, sizeof(made.holes)) == 0);
	cr_expect(core.seams[0] == made.seams[0]);
	cr_expect(memcmp(core.threads, &made.threads[0],
			 sizeof(made.threads[0])) == 0);
	cr_expect(memcmp(core.names, made.names, sizeof(made.names)) == 0);
	cr_expect(memcmp(core.signals, made.signals, sizeof(made.signals)) ==
		  0);
	cr_expect(memcmp(core.process, &made.process, sizeof(made.process)) ==
		  0);
	cr_expect(memcmp(core.machine, &made.machine, sizeof(made.machine)) ==
		  0);
	cr_expect(core.xstate_size == sizeof(made.xstate));
	cr_expect(core.attribute_count == 1);
	cr_expect(core.image->front_size == file.front_size);
	cr_expect(core.fd >= 0);
	core_close(&core);
	cr_expect(core.fd == -1 && !core.front);
	close(file.fd);
}

Test(core_format, headers_are_what_debuggers_expect)
{
	struct made_core made;
	Elf64_Phdr segments[1 + MADE_MAPPINGS];
	struct file file;
	Elf64_Ehdr head;

	made_core_init(&made);
	file = file_write(&made);
	cr_assert(io_pread_all(file.fd, &head, sizeof(head), 0) == 0);
	cr_assert(io_pread_all(file.fd, segments, sizeof(segments),
			       head.e_phoff) == 0);

	cr_expect(memcmp(head.e_ident, ELFMAG, SELFMAG) == 0);
	cr_expect(head.e_type == ET_CORE && head.e_machine == EM_X86_64);
	cr_expect(head.e_phnum == 1 + MADE_MAPPINGS && head.e_shnum == 0);
	cr_expect(segments[0].p_type == PT_NOTE);
	cr_expect(segments[0].p_offset + segments[0].p_filesz ==
		  file.front_size);
	for (size_t i = 0; i < MADE_MAPPINGS; i++) {
		const struct core_mapping *m = &made.mappings[i];
		const Elf64_Phdr *p = &segments[1 + i];

		cr_expect(p->p_type == PT_LOAD && p->p_vaddr == m->start);
		cr_expect(p->p_memsz == m->end - m->start);
		cr_expect(p->p_offset == m->offset);
		cr_expect(p->p_filesz == (m->offset ? p->p_memsz : 0));
		cr_expect(p->p_align == CORE_PAGE_SIZE);
		cr_expect(!(p->p_flags & PF_R) == !(m->protection & PROT_READ));
		cr_expect(!(p->p_flags & PF_W) ==
			  !(m->protection & PROT_WRITE));
		cr_expect(!(p->p_flags & PF_X) == !(m->protection & PROT_EXEC));
	}
	close(file.fd);
}

Test(core_format, file_cut_anywhere_in_its_front_is_refused)
{
	struct made_core made;
	struct file file;

	made_core_init(&made);
	file = file_write(&made);
	for (size_t cut = file.front_size; cut-- > 0;) {
		struct error err = {0};
		struct core core;

		cr_assert(ftruncate(file.fd, (off_t)cut) == 0);
		cr_assert(core_open(&core, file.path, &err) < 0,
			  "accepted with %zu bytes", cut);
		cr_assert(err.fault == FAULT_CORRUPT, "%zu: %s", cut, err.text);
	}
	close(file.fd);
}

Test(core_format, file_cut_in_its_data_is_refused)
{
	struct made_core made;
	struct file file;

	made_core_init(&made);
	file = file_write(&made);
	cr_assert(ftruncate(file.fd, (off_t)made.image.file_size - 1) == 0);

	expect_refused(&file, "it is cut short: it was written with 1343488 "
			      "bytes, the file has 1343487");
	close(file.fd);
}

Test(core_format, headers_of_something_else_are_refused)
{
	static const unsigned char wrong[] = {0x7f, 'E', 'L', 'G'};
	static const unsigned char class32 = ELFCLASS32;

	expect_damage(0, wrong, sizeof(wrong), true, "it is not an ELF file");
	expect_damage(EI_CLASS, &class32, 1, true, "it is not for x86-64");
	DAMAGE(Elf64_Ehdr, 0, e_type, ET_EXEC, true, "it is not a core file");
	DAMAGE(Elf64_Ehdr, 0, e_machine, EM_AARCH64, true,
	       "it is not for x86-64");
	DAMAGE(Elf64_Ehdr, 0, e_phentsize, 32, true, "it has no SUBCTX note");
	DAMAGE(Elf64_Ehdr, 0, e_phoff, 1 << 20, true, "it has no SUBCTX note");
	DAMAGE(Elf64_Ehdr, 0, e_phnum, 0, true, "it has no SUBCTX note");
}

Test(core_format, notes_that_lie_elsewhere_are_refused)
{
	const size_t at = sizeof(Elf64_Ehdr);

	DAMAGE(Elf64_Phdr, at, p_type, PT_LOAD, true, "it has no SUBCTX note");
	DAMAGE(Elf64_Phdr, at, p_offset, 8, true, "it has no SUBCTX note");
	DAMAGE(Elf64_Phdr, at, p_offset, UINT64_MAX, true,
	       "it has no SUBCTX note");
	DAMAGE(Elf64_Phdr, at, p_filesz, UINT64_MAX, true,
	       "it has no SUBCTX note");
	DAMAGE(Elf64_Phdr, at, p_filesz, 0, true, "it has no SUBCTX note");
	DAMAGE(Elf64_Phdr, at, p_filesz, CORE_FRONT_MAX, true,
	       "it is cut short: its notes end at byte");
	DAMAGE(Elf64_Phdr, at, p_filesz, 30, true, "a note is cut short");
}

/* Where in the file the image note has its contents. */
static size_t image_offset(void)
{
	struct made_core made;
	struct file file;
	size_t at;
	char *front;
	char *found;

	made_core_init(&made);
	file = file_write(&made);
	front = malloc(file.front_size);
	cr_assert(io_pread_all(file.fd, front, file.front_size, 0) == 0);
	found = memmem(front, file.front_size, CORE_MAGIC, 8);
	cr_assert(found);
	at = (size_t)(found - front);
	free(front);
	close(file.fd);
	return at;
}

Test(core_format, image_that_is_not_as_it_was_written_is_refused)
{
	const size_t at = image_offset();

	expect_damage(at, "SUBCTX\n\n", 8, false, "it has no SUBCTX note");
	DAMAGE(struct core_image, at, version, 9, false,
	       "it has version 9 of the format, this program knows version 6");
	DAMAGE(struct core_image, at, version, 0, false,
	       "it has version 0 of the format");
	DAMAGE(struct core_image, at, page_size, 65536, true,
	       "its pages have 65536 bytes, here they have 4096");
	DAMAGE(struct core_image, at, file_size, 1 << 30, true,
	       "it is cut short: it was written with 1073741824 bytes");
	DAMAGE(struct core_image, at, front_size, 4096, true,
	       "its headers or notes are damaged");
	DAMAGE(struct core_image, at, digest, 1, false,
	       "its headers or notes are damaged");
	DAMAGE(struct core_image, at, seconds, 7, false,
	       "its headers or notes are damaged");
}

Test(core_format, seal_makes_a_changed_core_whole)
{
	struct made_core made;
	struct error err = {0};
	struct core core;
	size_t size;
	char *front;
	char *name;

	made_core_init(&made);
	front = made_core_front(&made, &size);
	name = memmem(front, size, "/usr/bin/svc", 12);
	cr_assert(name);
	name[1] = 'X';

	cr_expect(core_parse(&core, front, size, made.image.file_size, &err) <
		  0);
	expect_contains(err.text, "its headers or notes are damaged");
	cr_expect(core_seal(front, size));
	err = (struct error){0};
	cr_assert(core_parse(&core, front, size, made.image.file_size, &err) ==
		  0);
	expect_text(core.names + 1, "/Xsr/bin/svc");
	free(front);
}

Test(core_format, nothing_is_sealed_without_an_image)
{
	char bytes[256] = {0};

	cr_expect(!core_seal(bytes, sizeof(bytes)));
	memcpy(bytes + sizeof(bytes) - 8, CORE_MAGIC, 8);
	cr_expect(!core_seal(bytes, sizeof(bytes)), "it is cut off");
}

Test(core_format, what_is_no_file_is_named)
{
	struct error err = {0};
	struct core core;
	struct file file = file_make();

	cr_expect(core_open(&core, "/nonexistent/a.core", &err) == -ENOENT);
	expect_text(err.text, "cannot open '/nonexistent/a.core': No such file "
			      "or directory");
	cr_expect(core_open(&core, "/", &err) < 0);
	expect_text(err.text, "cannot use '/': it is not a regular file");
	cr_expect(core_open(&core, "/dev/zero", &err) < 0);
	expect_text(err.text,
		    "cannot use '/dev/zero': it is not a regular file");
	expect_refused(&file, "it is not an ELF file: it has 0 bytes");
	close(file.fd);
}

enum {
	MANY = 70000,
};

/* More program headers than e_phnum can count, and a mapping for each. */
Test(core_format, seventy_thousand_segments_are_written_and_read)
{
	const size_t contents = MANY * sizeof(struct core_mapping);
	struct core_segment *segments = calloc(MANY, sizeof(*segments));
	struct core_mapping *mappings = calloc(MANY, sizeof(*mappings));
	struct made_core made;
	struct file file = file_make();
	struct note_buffer notes = {0};
	struct error err = {0};
	struct core core;
	Elf64_Ehdr head;
	Elf64_Shdr section;

	for (uint64_t i = 0; i < MANY; i++) {
		const uint64_t start = (1 + 2 * i) * CORE_PAGE_SIZE;
		const uint64_t end = start + CORE_PAGE_SIZE;

		segments[i] = (struct core_segment){.start = start, .end = end};
		mappings[i].start = start;
		mappings[i].end = end;
		mappings[i].kind = CORE_MAPPING_ANONYMOUS;
	}
	made_core_init(&made);
	made.hole_count = made.seam_count = made.digest_count = 0;
	made.leave_out = CORE_NOTE_MAPPINGS;
	made.image.file_size = CORE_PAGE_SIZE;
	/* The head of a note, its owner, and what it holds. */
	made_core_notes(&made, core_notes_offset(MANY) + 12 + 8 + contents,
			&notes);
	note_append(&notes, CORE_NOTE_OWNER, CORE_NOTE_MAPPINGS, mappings,
		    contents);

	cr_assert(core_write_front(file.fd, segments, MANY, &notes, &err) == 0);
	cr_assert(io_pread_all(file.fd, &head, sizeof(head), 0) == 0);
	cr_assert(io_pread_all(file.fd, &section, sizeof(section),
			       head.e_shoff) == 0);

	cr_expect(head.e_phnum == PN_XNUM && head.e_shnum == 1);
	cr_expect(section.sh_info == MANY + 1);
	cr_expect(core_notes_offset(MANY) == head.e_shoff + sizeof(section));
	cr_assert(core_open(&core, file.path, &err) == 0, "%s", err.text);
	cr_expect(core.mapping_count == MANY);
	cr_expect(core.mappings[MANY - 1].end == 2ULL * MANY * CORE_PAGE_SIZE);
	core_close(&core);
	note_buffer_deinit(&notes);
	free(segments);
	free(mappings);
	close(file.fd);
}

Test(core_format, section_counts_only_when_it_must)
{
	const size_t one = sizeof(Elf64_Phdr);

	cr_expect(core_notes_offset(0) == sizeof(Elf64_Ehdr) + one);
	cr_expect(core_notes_offset(PN_XNUM - 2) ==
		  core_notes_offset(PN_XNUM - 3) + one);
	cr_expect(core_notes_offset(PN_XNUM - 1) ==
		  core_notes_offset(PN_XNUM - 2) + one + sizeof(Elf64_Shdr));
}

Test(core_format, failure_of_a_write_is_told)
{
	struct made_core made;
	struct note_buffer notes = {0};
	struct error err = {0};

	made_core_init(&made);
	made_core_notes(&made, core_notes_offset(0), &notes);

	cr_expect(core_write_front(-1, NULL, 0, &notes, &err) == -EBADF);
	expect_text(err.text, "cannot write the headers: Bad file descriptor");
	notes.failed = true;
	cr_expect(core_write_front(-1, NULL, 0, &notes, &err) == -ENOMEM);
	expect_text(err.text, "cannot keep the notes: Cannot allocate memory");
	note_buffer_deinit(&notes);
}
