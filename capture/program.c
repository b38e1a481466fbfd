/*
 * program.c - what a program file is, before it is started
 */
#include "program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"

enum {
	SCRIPTS_MAX = 5,     /* as deep as the kernel follows #! (fs/exec.c) */
	LINE_MAX_SIZE = 256, /* BINPRM_BUF_SIZE since Linux 5.1 */
	SEGMENTS_MAX = 1024,
};

static const struct {
	uint16_t machine;
	const char *name;
} machines[] = {
	{EM_386, "x86"},	 {EM_ARM, "arm"},
	{EM_AARCH64, "aarch64"}, {EM_RISCV, "riscv"},
	{EM_PPC64, "powerpc64"}, {EM_S390, "s390"},
	{EM_MIPS, "mips"},	 {EM_LOONGARCH, "loongarch"},
};

static const char *machine_name(uint16_t machine)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(*machines); i++)
		if (machines[i].machine == machine)
			return machines[i].name;
	return "another";
}

/* The first file of that name in $PATH that may be executed. */
static int search_path(char ret_path[PATH_MAX], const char *name,
		       struct error *err)
{
	const char *path = getenv("PATH");
	const char *end;

	for (path = path ? path : "/usr/bin:/bin"; path;
	     path = *end ? end + 1 : NULL) {
		int length;

		end = path + strcspn(path, ":");
		length = snprintf(ret_path, PATH_MAX, "%.*s%s%s",
				  (int)(end - path), path,
				  end > path ? "/" : "", name);
		if (length < PATH_MAX && access(ret_path, X_OK) == 0)
			return 0;
	}
	error_set(err, FAULT_SYSTEM,
		  "cannot start '%s': there is no such program in $PATH", name);
	if (access(name, X_OK) == 0)
		error_hint(err, "There is one in this folder: './%s'.", name);
	return -err->code;
}

static int check_file(const char *path, const char *name, struct error *err)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return error_system(err, errno, "cannot start '%s'", name);
	if (S_ISDIR(status.st_mode))
		return error_system(err, EISDIR, "cannot start '%s'", name);
	if (access(path, X_OK) < 0)
		return error_system(err, errno, "cannot start '%s'", name);
	if (status.st_mode & (S_ISUID | S_ISGID)) {
		error_set(err, FAULT_UNSUPPORTED,
			  "cannot capture '%s': it is set-%s-ID, and loses "
			  "that under a tracer",
			  path, status.st_mode & S_ISUID ? "user" : "group");
		error_hint(err,
			   "Run it as the %s it should be, from a copy "
			   "without that bit.",
			   status.st_mode & S_ISUID ? "user" : "group");
		return -err->code;
	}
	if (getxattr(path, "security.capability", NULL, 0) > 0) {
		error_set(err, FAULT_UNSUPPORTED,
			  "cannot capture '%s': it has file capabilities, and "
			  "loses them under a tracer",
			  path);
		error_hint(err, "Run it from a copy without them, as a user "
				"who has them.");
		return -err->code;
	}
	return 0;
}

/* "#! interpreter argument": blanks may stand before, one argument behind. */
static bool script_interpreter(const char *head, size_t size,
			       char ret_path[PATH_MAX])
{
	char line[LINE_MAX_SIZE + 1];
	const char *at = line + 2;

	if (size < 2 || memcmp(head, "#!", 2) != 0)
		return false;
	memcpy(line, head, size);
	line[size] = '\0';
	line[strcspn(line, "\n")] = '\0';
	at += strspn(at, " \t");
	snprintf(ret_path, PATH_MAX, "%.*s", (int)strcspn(at, " \t"), at);
	return true;
}

static int check_header(const char *path, const Elf64_Ehdr *head, size_t size,
			struct error *err)
{
	if (size < EI_NIDENT || memcmp(head->e_ident, ELFMAG, SELFMAG) != 0) {
		error_set(err, FAULT_UNSUPPORTED,
			  "cannot start '%s': it is neither an ELF program nor "
			  "a script with #!",
			  path);
		error_hint(err, "A script wants its interpreter in the first "
				"line, such as #!/bin/sh.");
		return -err->code;
	}
	if (head->e_ident[EI_CLASS] == ELFCLASS32) {
		error_set(err, FAULT_UNSUPPORTED,
			  "cannot capture '%s': it is a 32-bit program (ELF "
			  "class 32)",
			  path);
		error_hint(err, "Rebuild it for x86-64.");
		return -err->code;
	}
	if (size < sizeof(*head))
		return error_set(err, FAULT_CORRUPT,
				 "cannot start '%s': it is cut short", path);
	if (head->e_machine != EM_X86_64) {
		error_set(err, FAULT_UNSUPPORTED,
			  "cannot capture '%s': it is a program for %s "
			  "processors",
			  path, machine_name(head->e_machine));
		error_hint(err, "Rebuild it for x86-64.");
		return -err->code;
	}
	if (head->e_type != ET_DYN && head->e_type != ET_EXEC)
		return error_set(err, FAULT_UNSUPPORTED,
				 "cannot start '%s': it is no program, but ELF "
				 "type %u",
				 path, head->e_type);
	return 0;
}

static int read_interpreter(struct program *program, int fd,
			    const Elf64_Ehdr *head, struct error *err)
{
	for (size_t i = 0; i < head->e_phnum && i < SEGMENTS_MAX; i++) {
		Elf64_Phdr segment;
		size_t size;

		if (io_pread_all(fd, &segment, sizeof(segment),
				 head->e_phoff + i * sizeof(segment)) < 0)
			return error_set(err, FAULT_CORRUPT,
					 "cannot start '%s': it is cut short",
					 program->binary);
		if (segment.p_type != PT_INTERP)
			continue;
		size = segment.p_filesz;
		if (size == 0 || size > sizeof(program->interpreter) ||
		    io_pread_all(fd, program->interpreter, size,
				 segment.p_offset) < 0)
			return error_set(err, FAULT_CORRUPT,
					 "cannot start '%s': the name of its "
					 "interpreter is cut short",
					 program->binary);
		program->interpreter[size - 1] = '\0';
		if (access(program->interpreter, X_OK) == 0)
			return 0;
		error_system(err, errno, "cannot start '%s'", program->binary);
		error_hint(err,
			   "'%s' exists, but its interpreter '%s' does "
			   "not.",
			   program->binary, program->interpreter);
		return -err->code;
	}
	return 0;
}

/*
 * A library has an entry only by accident, and no interpreter; a static
 * program that is position independent has no interpreter either, but an
 * entry that means something.
 */
static int check_library(const struct program *program, const Elf64_Ehdr *head,
			 struct error *err)
{
	if (head->e_type != ET_DYN || program->interpreter[0] ||
	    head->e_entry != 0)
		return 0;
	error_set(err, FAULT_UNSUPPORTED,
		  "cannot start '%s': it is a shared library", program->binary);
	error_hint(err, "Start the program that uses it.");
	return -err->code;
}

static int look_at_binary(struct program *program, int depth, struct error *err)
{
	cleanup_fd int fd = open(program->binary, O_RDONLY | O_CLOEXEC);
	char script[PATH_MAX];
	char head[LINE_MAX_SIZE];
	Elf64_Ehdr elf;
	ssize_t size;
	int r;

	if (fd < 0)
		return error_system(err, errno, "cannot look at '%s'",
				    program->binary);
	size = read(fd, head, sizeof(head));
	if (size < 0)
		return error_system(err, errno, "cannot look at '%s'",
				    program->binary);
	if (script_interpreter(head, (size_t)size, script)) {
		if (depth == SCRIPTS_MAX)
			return error_system(err, ELOOP, "cannot start '%s'",
					    program->path);
		r = check_file(script, script, err);
		if (r < 0)
			return error_context(err, "cannot start '%s'",
					     program->binary);
		memcpy(program->binary, script, sizeof(script));
		return look_at_binary(program, depth + 1, err);
	}
	memset(&elf, 0, sizeof(elf));
	memcpy(&elf, head,
	       (size_t)size < sizeof(elf) ? (size_t)size : sizeof(elf));
	r = check_header(program->binary, &elf, (size_t)size, err);
	if (r == 0)
		r = read_interpreter(program, fd, &elf, err);
	if (r == 0)
		r = check_library(program, &elf, err);
	program->is_position_independent = elf.e_type == ET_DYN;
	return r;
}

int program_find(struct program *ret_program, const char *name,
		 struct error *err)
{
	struct program program = {0};
	int r = 0;

	if (!name[0] || strlen(name) >= sizeof(program.path))
		return error_system(err, name[0] ? ENAMETOOLONG : ENOENT,
				    "cannot start '%s'", name);
	if (strchr(name, '/'))
		snprintf(program.path, sizeof(program.path), "%s", name);
	else
		r = search_path(program.path, name, err);
	if (r == 0)
		r = check_file(program.path, name, err);
	memcpy(program.binary, program.path, sizeof(program.path));
	if (r == 0)
		r = look_at_binary(&program, 0, err);
	if (r == 0)
		*ret_program = program;
	return r;
}
