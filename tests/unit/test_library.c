/*
 * test_library.c - a file by name in, whether it is a service library out
 *
 * Files are the system's own, copies with a few bytes changed, and ELF headers
 * made by hand; what a service library really is, is tested with real ones.
 */
#include "capture/start/library.h"

#include <criterion/criterion.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/io.h"
#include "tests/harness.h"

TestSuite(library, .init = harness_begin, .fini = harness_end, .timeout = 30);

static void make_file(const void *bytes, size_t size)
{
	FILE *file = fopen("svc.so", "we");

	cr_assert(file && fwrite(bytes, 1, size, file) == size);
	cr_assert(fclose(file) == 0);
}

/* A segment, but no section; @machine, @class and @entry are its own. */
static void make_library(uint16_t machine, char class, uint64_t entry)
{
	struct {
		Elf64_Ehdr header;
		Elf64_Phdr segment;
	} file = {
		.header.e_ident = ELFMAG "\2\1\1",
		.header.e_type = ET_DYN,
		.header.e_machine = machine,
		.header.e_entry = entry,
		.header.e_phoff = sizeof(file.header),
		.header.e_phentsize = sizeof(file.segment),
		.header.e_phnum = 1,
		.segment.p_type = PT_LOAD,
	};

	file.header.e_ident[EI_CLASS] = (unsigned char)class;
	make_file(&file, sizeof(file));
}

static void expect_none(const char *name)
{
	struct error err = {0};
	bool is_library = true;

	cr_expect(library_find(name, &is_library, &err) == 0, "%s", err.text);
	cr_expect(!is_library, "%s", name);
}

static void expect_refused(const char *text)
{
	struct error err = {0};
	bool is_library = false;

	cr_expect(library_find("./svc.so", &is_library, &err) < 0);
	cr_expect(is_library && err.fault == FAULT_SERVICE);
	cr_expect(strcmp(err.text, text) == 0, "'%s'", err.text);
}

Test(library, other_files_are_none)
{
	expect_none("/bin/true");
	expect_none("/nonexistent/libsvc.so");
	expect_none("/bin");
	expect_none("/dev/null");
	make_file("#!/bin/sh\n", 10);
	expect_none("./svc.so");
	/* A static program that is position independent. */
	make_library(EM_X86_64, ELFCLASS64, 0x1000);
	expect_none("./svc.so");
}

Test(library, name_without_a_slash_is_that_of_a_program)
{
	make_library(EM_X86_64, ELFCLASS64, 0);

	expect_none("svc.so");
}

/* The launcher looks at such a file itself. */
Test(library, file_without_sections_may_be_a_service)
{
	struct error err = {0};
	bool is_library = false;

	make_library(EM_X86_64, ELFCLASS64, 0);

	cr_expect(library_find("./svc.so", &is_library, &err) == 0, "%s",
		  err.text);
	cr_expect(is_library);
}

Test(library, of_other_machines_are_refused)
{
	make_library(EM_RISCV, ELFCLASS64, 0);
	expect_refused("cannot capture './svc.so': it is a library for riscv64 "
		       "processors");
	make_library(EM_386, ELFCLASS64, 0);
	expect_refused("cannot capture './svc.so': it is a library for x86 "
		       "processors");
}

/* As the 32-bit loader is; its headers are shorter. */
Test(library, of_32_bits_are_refused)
{
	struct {
		Elf32_Ehdr header;
		Elf32_Phdr segment;
	} file = {
		.header.e_ident = ELFMAG "\1\1\1",
		.header.e_type = ET_DYN,
		.header.e_machine = EM_386,
		.header.e_phoff = sizeof(file.header),
		.header.e_phentsize = sizeof(file.segment),
		.header.e_phnum = 1,
		.segment.p_type = PT_LOAD,
	};

	make_file(&file, sizeof(file));
	expect_refused("cannot capture './svc.so': it is a 32-bit library (ELF "
		       "class 32)");
}

Test(library, without_the_functions_are_refused)
{
	size_t size;
	char *bytes;

	cr_assert(io_read_file("/lib/x86_64-linux-gnu/libm.so.6", &bytes,
			       &size) == 0);
	make_file(bytes, size);
	free(bytes);
	expect_refused("cannot start './svc.so': it is a shared library, with "
		       "neither subctx_warm_up() nor subctx_serve()");
}

Test(library, damaged_files_give_messages_or_are_none)
{
	size_t size;
	char *bytes;

	cr_assert(io_read_file("/lib/x86_64-linux-gnu/libm.so.6", &bytes,
			       &size) == 0);
	for (size_t cut = 1; cut < 4096; cut += 61) {
		struct error err = {0};
		bool is_library;

		make_file(bytes, cut);
		if (library_find("./svc.so", &is_library, &err) < 0)
			cr_expect(strncmp(err.text, "cannot ", 7) == 0);
	}
	for (size_t at = SELFMAG; at < 1024; at++) {
		const char kept = bytes[at];
		struct error err = {0};
		bool is_library;

		bytes[at] = "\0\1\177\377"[at % 4];
		make_file(bytes, 64 << 10);
		if (library_find("./svc.so", &is_library, &err) < 0)
			cr_expect(strncmp(err.text, "cannot ", 7) == 0);
		bytes[at] = kept;
	}
	free(bytes);
}
