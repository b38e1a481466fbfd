/*
 * program.c - what a program file is, before it is started
 *
 *	name ---> path ---#!---> ... ---#!---> binary ---PT_INTERP---> interpreter
 *	  $PATH        as deep as the kernel            its dynamic loader
 */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "elf_segment.h"
#include "library.h"

enum {
	SCRIPTS_MAX = 5, /* then ELOOP: exec_binprm() in fs/exec.c */
	HEAD_SIZE = 256, /* BINPRM_BUF_SIZE since Linux 5.1 */
};

static const struct {
	uint16_t machine;
	const char *name;
} machines[] = {
	{EM_386, "x86"},	 {EM_ARM, "arm"},
	{EM_AARCH64, "aarch64"}, {EM_RISCV, "riscv64"},
	{EM_PPC64, "powerpc64"}, {EM_S390, "s390x"},
	{EM_MIPS, "mips64"},	 {EM_LOONGARCH, "loongarch64"},
};

const char *program_machine(uint16_t machine)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(*machines); i++)
		if (machines[i].machine == machine)
			return machines[i].name;
	return "other";
}

/* "cannot start '@path': @reason", with a hint unless it is "". */
static int refuse_start(struct error *err, const char *path, const char *reason,
			const char *hint)
{
	error_set(err, FAULT_SERVICE, "cannot start '%s': %s", path, reason);
	error_hint(err, "%s", hint);
	return -err->code;
}

/* The same of one that starts, but would be another than without a tracer. */
static int refuse_capture(struct error *err, const char *path,
			  const char *reason, const char *hint)
{
	error_set(err, FAULT_UNSUPPORTED, "cannot capture '%s': %s", path,
		  reason);
	error_hint(err, "%s", hint);
	return -err->code;
}

static bool may_be_executed(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
	       access(path, X_OK) == 0;
}

/* A part of $PATH that is empty means the working folder. */
static int search_path(char ret_path[PATH_MAX], const char *name,
		       struct error *err)
{
	const char *path = getenv("PATH");
	const char *end;

	for (path = path ? path : "/bin:/usr/bin"; path;
	     path = *end ? end + 1 : NULL) {
		char found[PATH_MAX];
		int length;

		end = path + strcspn(path, ":");
		length = snprintf(found, sizeof(found), "%.*s%s%s",
				  (int)(end - path), path,
				  end > path ? "/" : "", name);
		if (length >= (int)sizeof(found) || !may_be_executed(found))
			continue;
		memcpy(ret_path, found, sizeof(found));
		return 0;
	}
	error_set(err, FAULT_SYSTEM,
		  "cannot start '%s': there is no such program in $PATH", name);
	if (may_be_executed(name))
		error_hint(err, "There is one in this folder: './%s'.", name);
	return -err->code;
}

static int check_file(const char *path, struct error *err)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return error_system(err, errno, "cannot start '%s'", path);
	if (S_ISDIR(status.st_mode))
		return error_system(err, EISDIR, "cannot start '%s'", path);
	if (!S_ISREG(status.st_mode))
		return error_set(err, FAULT_SYSTEM,
				 "cannot start '%s': it is not a regular file",
				 path);
	if (access(path, X_OK) == 0)
		return 0;
	error_system(err, errno, "cannot start '%s'", path);
	if ((status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0)
		error_hint(err,
			   "It is not executable; 'chmod +x %s' makes it so.",
			   path);
	return -err->code;
}

/*
 * The loader of a program, or that of a script.  The errno of execve() for it
 * is about a file of which the user may never have heard.
 */
static int check_interpreter(const char *path, const char *interpreter,
			     struct error *err)
{
	const char *cr = strchr(interpreter, '\r');
	int code;

	if (may_be_executed(interpreter))
		return 0;
	code = access(interpreter, F_OK) == 0 ? 0 : errno;
	error_system(err, code ? code : EACCES, "cannot start '%s'", path);
	if (code == 0)
		error_hint(err, "Its interpreter '%s' may not be executed.",
			   interpreter);
	else if (cr && cr[1] == '\0')
		error_hint(
			err,
			"Its first line ends in CR LF, and the CR counts as a part of the interpreter's name.");
	else if (code == ENOENT)
		error_hint(err,
			   "'%s' exists, but its interpreter '%s' does not.",
			   path, interpreter);
	return -err->code;
}

/* Of the binary: Linux ignores the bits of a script (execve(2)). */
static int check_privileges(const char *path, struct error *err)
{
	struct stat status = {0};

	if (getxattr(path, "security.capability", NULL, 0) > 0)
		return refuse_capture(
			err, path,
			"it has file capabilities, and loses them under a tracer",
			"Run it from a copy without them, as a user who has them.");
	if (stat(path, &status) == 0 && status.st_mode & S_ISUID)
		return refuse_capture(
			err, path,
			"it is set-user-ID, and loses that under a tracer",
			"Run it as the user it should be, from a copy without that bit.");
	/* Without group execution the bit means something else: inode(7). */
	if (status.st_mode & S_ISGID && status.st_mode & S_IXGRP)
		return refuse_capture(
			err, path,
			"it is set-group-ID, and loses that under a tracer",
			"Run it as the group it should be, from a copy without that bit.");
	return 0;
}

/*
 * "#! interpreter argument" as load_script() in fs/binfmt_script.c reads it:
 * blanks may stand before, and a name that the head has cut off is none.
 * @ret_path is "" when there is none.
 */
static bool read_script(const char head[HEAD_SIZE + 1], char ret_path[PATH_MAX])
{
	const char *at = head + 2;
	size_t length;

	if (memcmp(head, "#!", 2) != 0)
		return false;
	at += strspn(at, " \t");
	length = strcspn(at, " \t\n");
	if (at + length == head + HEAD_SIZE)
		length = 0;
	snprintf(ret_path, PATH_MAX, "%.*s", (int)length, at);
	return true;
}

static int read_head(const char *path, char ret_head[HEAD_SIZE + 1],
		     struct error *err)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, ret_head, HEAD_SIZE);

	if (size < 0)
		return error_system(err, errno, "cannot read '%s'", path);
	memset(ret_head + size, 0, HEAD_SIZE + 1 - (size_t)size);
	return 0;
}

/* From the path to the file that is no script. */
static int follow_scripts(struct program *program, char ret_head[HEAD_SIZE + 1],
			  struct error *err)
{
	char next[PATH_MAX];

	memcpy(program->binary, program->path, sizeof(program->path));
	for (int depth = 0;; depth++) {
		int r = read_head(program->binary, ret_head, err);

		if (r < 0 || !read_script(ret_head, next))
			return r;
		if (depth == SCRIPTS_MAX)
			return error_system(err, ELOOP, "cannot start '%s'",
					    program->path);
		if (!next[0])
			return refuse_start(err, program->binary,
					    "its #! line names no interpreter",
					    "");
		r = check_interpreter(program->binary, next, err);
		if (r < 0)
			return r;
		memcpy(program->binary, next, sizeof(next));
		program->is_script = true;
	}
}

static int check_head(const char *path, const char head[HEAD_SIZE + 1],
		      struct error *err)
{
	if (memcmp(head, ELFMAG, SELFMAG) != 0)
		return refuse_start(
			err, path,
			"it is neither an ELF program nor a script with #!",
			"A script wants its interpreter in the first line, such as #!/bin/sh.");
	if (head[EI_CLASS] == ELFCLASS32)
		return refuse_start(err, path,
				    "it is a 32-bit program (ELF class 32)",
				    "Rebuild it for x86-64.");
	return 0;
}

static int check_machine(const char *path, const GElf_Ehdr *header,
			 struct error *err)
{
	char reason[64];

	if (header->e_machine == EM_X86_64 &&
	    header->e_ident[EI_DATA] == ELFDATA2LSB)
		return 0;
	snprintf(reason, sizeof(reason), "it is a program for %s processors",
		 program_machine(header->e_machine));
	return refuse_start(err, path, reason, "Rebuild it for x86-64.");
}

static int check_type(const char *path, const GElf_Ehdr *header,
		      struct error *err)
{
	static const char *const types[] = {
		[ET_NONE] = "it is of no known ELF type",
		[ET_REL] = "it is an object file, and not linked yet",
		[ET_CORE] = "it is a core, and not a program",
	};
	const size_t count = sizeof(types) / sizeof(*types);
	const unsigned type = header->e_type;

	if (type == ET_EXEC || type == ET_DYN)
		return 0;
	return refuse_start(
		err, path,
		type < count ? types[type] : "it is of no known ELF type", "");
}

/* With its final NUL, as load_elf_binary() in fs/binfmt_elf.c demands. */
static int read_interpreter(struct program *program, Elf *elf, int fd,
			    struct error *err)
{
	GElf_Phdr segment;
	char name[PATH_MAX];

	if (!elf_segment_find(elf, PT_INTERP, &segment)) {
		program->is_static = true;
		return 0;
	}
	if (segment.p_filesz < 2 || segment.p_filesz > sizeof(name) ||
	    io_pread_all(fd, name, segment.p_filesz, segment.p_offset) < 0 ||
	    name[segment.p_filesz - 1] != '\0')
		return refuse_start(err, program->binary,
				    "its interpreter's name is damaged", "");
	memcpy(program->interpreter, name, segment.p_filesz);
	return check_interpreter(program->binary, program->interpreter, err);
}

static int look_at_elf(struct program *program, Elf *elf, int fd,
		       struct error *err)
{
	GElf_Ehdr header;
	GElf_Phdr segment;

	if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header))
		return refuse_start(err, program->binary,
				    "its ELF header is cut short", "");
	program->is_position_independent = header.e_type == ET_DYN;
	if (check_machine(program->binary, &header, err) < 0 ||
	    check_type(program->binary, &header, err) < 0)
		return -err->code;
	if (header.e_phentsize != sizeof(Elf64_Phdr) ||
	    !elf_segment_find(elf, PT_LOAD, &segment))
		return refuse_start(err, program->binary,
				    "its program headers are damaged", "");
	if (read_interpreter(program, elf, fd, err) < 0)
		return -err->code;
	if (library_is(elf))
		return refuse_start(err, program->binary,
				    "it is a shared library",
				    "Start the program that uses it.");
	return 0;
}

static int look_at_binary(struct program *program, struct error *err)
{
	cleanup_fd int fd = open(program->binary, O_RDONLY | O_CLOEXEC);
	Elf *elf;
	int r;

	if (fd < 0)
		return error_system(err, errno, "cannot read '%s'",
				    program->binary);
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	r = look_at_elf(program, elf, fd, err);
	elf_end(elf);
	return r;
}

int program_look(struct program *ret_program, const char *name,
		 struct error *err)
{
	struct program program = {0};
	char head[HEAD_SIZE + 1];

	if (!name[0] || strlen(name) >= sizeof(program.path))
		return error_system(err, name[0] ? ENAMETOOLONG : ENOENT,
				    "cannot start '%s'", name);
	if (strchr(name, '/'))
		snprintf(program.path, sizeof(program.path), "%s", name);
	else if (search_path(program.path, name, err) < 0)
		return -err->code;
	if (check_file(program.path, err) < 0 ||
	    follow_scripts(&program, head, err) < 0 ||
	    check_head(program.binary, head, err) < 0 ||
	    look_at_binary(&program, err) < 0)
		return -err->code;
	*ret_program = program;
	return 0;
}

int program_find(struct program *ret_program, const char *name,
		 struct error *err)
{
	struct program program;

	if (program_look(&program, name, err) < 0 ||
	    check_privileges(program.binary, err) < 0)
		return -err->code;
	*ret_program = program;
	return 0;
}
