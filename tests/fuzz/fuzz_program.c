/*
 * fuzz_program.c - any file is refused in words, or is a program that is known, or
 * a library
 *
 * Nothing is started; the file lies in a folder of its own, which is gone
 * afterwards.
 */
#include <assert.h>
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/start/library.h"
#include "capture/start/program.h"
#include "common/io.h"
#include "fuzz.h"

static char folder[] = "/tmp/fuzz_program.XXXXXX";
static char path[sizeof(folder) + 8];

static void leave(void)
{
	unlink(path);
	rmdir(folder);
}

static void write_file(const uint8_t *bytes, size_t size)
{
	int fd;

	if (!path[0]) {
		assert(mkdtemp(folder));
		snprintf(path, sizeof(path), "%s/svc", folder);
		atexit(leave);
	}
	fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0700);
	assert(fd >= 0 && io_pwrite_all(fd, bytes, size, 0) == 0);
	close(fd);
}

/* The least that is a program with a loader, and looks like one of our time. */
struct made_program {
	Elf64_Ehdr head;
	Elf64_Phdr segments[3];
	Elf64_Dyn dynamic[3];
	char interpreter[32];
};

static size_t begin_elf(uint8_t *bytes)
{
	const struct made_program made = {
		.head = {.e_ident = ELFMAG "\2\1\1",
			 .e_type = ET_DYN,
			 .e_machine = EM_X86_64,
			 .e_version = EV_CURRENT,
			 .e_entry = 0x1000,
			 .e_phoff = sizeof(made.head),
			 .e_ehsize = sizeof(made.head),
			 .e_phentsize = sizeof(made.segments[0]),
			 .e_phnum = 3},
		.segments = {{.p_type = PT_INTERP,
			      .p_offset = offsetof(struct made_program,
						   interpreter),
			      .p_filesz = 28},
			     {.p_type = PT_LOAD,
			      .p_filesz = sizeof(made),
			      .p_memsz = sizeof(made)},
			     {.p_type = PT_DYNAMIC,
			      .p_offset =
				      offsetof(struct made_program, dynamic),
			      .p_filesz = sizeof(made.dynamic)}},
		.dynamic = {{.d_tag = DT_SONAME},
			    {.d_tag = DT_FLAGS_1, .d_un.d_val = DF_1_PIE}},
		.interpreter = "/lib64/ld-linux-x86-64.so.2",
	};

	memcpy(bytes, &made, sizeof(made));
	return sizeof(made);
}

/* A program, then the same without a loader, then a script. */
size_t fuzz_begin(uint8_t *bytes, size_t size)
{
	static const char script[] = "#! \t/bin/true -x\necho hello\n";
	static unsigned int turn;
	size_t begun;

	assert(size >= sizeof(struct made_program));
	if (turn++ % 3 == 2) {
		memcpy(bytes, script, sizeof(script));
		return sizeof(script);
	}
	begun = begin_elf(bytes);
	if (turn % 3 == 2)
		memset(bytes + sizeof(Elf64_Ehdr), 0, sizeof(Elf64_Phdr));
	return begun;
}

static void try_as_library(void)
{
	struct error err = {0};
	bool is_library = false;

	if (library_find(path, &is_library, &err) < 0) {
		assert(is_library && err.fault == FAULT_SERVICE);
		assert(strncmp(err.text, "cannot ", 7) == 0);
	}
}

void fuzz_one(uint8_t *bytes, size_t size)
{
	struct program program = {.path = "untouched"};
	struct error err = {0};

	write_file(bytes, size);
	try_as_library();
	if (program_find(&program, path, &err) < 0) {
		assert(err.fault != FAULT_NONE);
		assert(strncmp(err.text, "cannot ", 7) == 0);
		assert(strcmp(program.path, "untouched") == 0);
		return;
	}
	assert(strcmp(program.path, path) == 0);
	assert(program.is_script == (strcmp(program.binary, path) != 0));
	assert(program.is_static == !program.interpreter[0]);
	assert(access(program.binary, X_OK) == 0);
	if (!program.is_static)
		assert(access(program.interpreter, X_OK) == 0);
}
