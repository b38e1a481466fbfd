/*
 * test_program.c - a file by name in, what it is or why not out
 *
 * Nothing is started: the files are the system's own, scripts, copies of
 * true(1) with a few bytes changed, and ELF headers made by hand.
 */
#include "capture/start/program.h"

#include <criterion/criterion.h>
#include <elf.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "common/io.h"
#include "tests/harness.h"

TestSuite(program, .init = harness_begin, .fini = harness_end, .timeout = 30);

static void make_file(const char *path, const void *bytes, size_t size,
		      mode_t mode)
{
	FILE *file = fopen(path, "we");

	cr_assert(file && fwrite(bytes, 1, size, file) == size);
	cr_assert(fclose(file) == 0 && chmod(path, mode) == 0);
}

static void make_script(const char *path, const char *text)
{
	make_file(path, text, strlen(text), 0755);
}

/* The bytes of a program that starts everywhere; to be freed. */
static char *read_true(size_t *ret_size)
{
	char *bytes;

	cr_assert(io_read_file("/bin/true", &bytes, ret_size) == 0);
	return bytes;
}

/* ./svc is true(1), but for @size bytes at @offset. */
static void make_altered(size_t offset, const void *bytes, size_t size)
{
	size_t total;
	char *program = read_true(&total);

	cr_assert(offset + size <= total);
	memcpy(program + offset, bytes, size);
	make_file("svc", program, total, 0755);
	free(program);
}

static void expect_text(const char *text, const char *wanted)
{
	cr_expect(strcmp(text, wanted) == 0, "'%s', not '%s'", text, wanted);
}

static void expect_refused(const char *name, enum fault fault, const char *text,
			   const char *hint)
{
	struct program program = {.path = "untouched"};
	struct error err = {0};

	cr_expect(program_find(&program, name, &err) < 0, "taken: %s", name);
	cr_expect(err.fault == fault, "fault %d", (int)err.fault);
	expect_text(err.text, text);
	expect_text(err.hint, hint);
	expect_text(program.path, "untouched");
}

/* "cannot start" or "cannot capture": what is wrong with ./svc itself. */
static void expect_bad(enum fault fault, const char *verb, const char *reason,
		       const char *hint)
{
	char text[128];

	snprintf(text, sizeof(text), "cannot %s './svc': %s", verb, reason);
	expect_refused("./svc", fault, text, hint);
}

static struct program find(const char *name)
{
	struct program program = {0};
	struct error err = {0};

	cr_assert(program_find(&program, name, &err) == 0, "%s (%s)", err.text,
		  err.hint);
	return program;
}

/* The tear-down needs the real one again. */
static struct program find_in(const char *path, const char *name)
{
	char *before = strdup(getenv("PATH"));
	struct program program;

	setenv("PATH", path, 1);
	program = find(name);
	setenv("PATH", before, 1);
	free(before);
	return program;
}

Test(program, bare_name_is_searched_for_in_path)
{
	struct program program = find_in("/nonexistent::/bin", "true");

	expect_text(program.path, "/bin/true");
	expect_text(program.binary, "/bin/true");
	expect_text(program.interpreter, "/lib64/ld-linux-x86-64.so.2");
	cr_expect(program.is_position_independent);
	cr_expect(!program.is_static);
	cr_expect(!program.is_script);
}

Test(program, path_is_searched_as_execvp_does)
{
	cr_assert(mkdir("first", 0755) == 0 && mkdir("first/true", 0755) == 0 &&
		  mkdir("second", 0755) == 0);
	make_file("second/true", "", 0, 0644);
	make_script("svc", "#!/bin/true\n");

	expect_text(find_in("first:second:/bin", "true").path, "/bin/true");
	expect_text(find_in("/nonexistent:", "svc").path, "svc");
}

Test(program, name_that_is_only_in_this_folder_gets_a_hint)
{
	make_script("here", "#!/bin/true\n");

	expect_refused("here", FAULT_SYSTEM,
		       "cannot start 'here': there is no such program in $PATH",
		       "There is one in this folder: './here'.");
	expect_refused("none", FAULT_SYSTEM,
		       "cannot start 'none': there is no such program in $PATH",
		       "");
}

Test(program, script_leads_to_its_interpreter)
{
	struct program program;

	make_script("svc", "#! \t/bin/true -x  \nnonsense");
	program = find("./svc");
	expect_text(program.path, "./svc");
	expect_text(program.binary, "/bin/true");
	cr_expect(program.is_script);

	make_script("svc", "#!/bin/true");
	expect_text(find("./svc").binary, "/bin/true");
}

Test(program, scripts_are_followed_as_deep_as_the_kernel_does)
{
	static const char *const texts[] = {
		"#!/bin/true\n", "#!./1\n", "#!./2\n",
		"#!./3\n",	 "#!./4\n", "#!./5\n",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		make_script((char[]){(char)('1' + i), '\0'}, texts[i]);

	expect_text(find("./5").binary, "/bin/true");
	expect_refused("./6", FAULT_SYSTEM,
		       "cannot start './6': Too many levels of symbolic links",
		       "");
}

Test(program, script_that_the_kernel_would_not_start_is_told)
{
	static const char neither[] =
		"it is neither an ELF program nor a script with #!";
	static const char advice[] =
		"A script wants its interpreter in the first line, such as #!/bin/sh.";
	static const struct {
		const char *script;
		enum fault fault;
		const char *text;
		const char *hint;
	} rows[] = {
		{"#!/nonexistent/pythn -u\n", FAULT_SYSTEM,
		 "No such file or directory",
		 "'./svc' exists, but its interpreter '/nonexistent/pythn' does not."},
		{"#!/bin/sh\r\ntrue\r\n", FAULT_SYSTEM,
		 "No such file or directory",
		 "Its first line ends in CR LF, and the CR counts as a part of the interpreter's name."},
		{"#!/etc/passwd\n", FAULT_SYSTEM, "Permission denied",
		 "Its interpreter '/etc/passwd' may not be executed."},
		{"#! \ntrue\n", FAULT_SERVICE,
		 "its #! line names no interpreter", ""},
		{"", FAULT_SERVICE, neither, advice},
		{"hello\n", FAULT_SERVICE, neither, advice},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		make_script("svc", rows[i].script);
		expect_bad(rows[i].fault, "start", rows[i].text, rows[i].hint);
	}
}

/* The kernel reads 256 bytes, and does not start what is cut off there. */
Test(program, interpreter_that_is_cut_off_is_none)
{
	char line[300] = "#!";

	memset(line + 2, '/', sizeof(line) - 2);
	make_file("svc", line, sizeof(line), 0755);

	expect_bad(FAULT_SERVICE, "start", "its #! line names no interpreter",
		   "");
}

Test(program, missing_interpreter_of_a_program_is_named)
{
	size_t size;
	char *program = read_true(&size);
	char *at = memmem(program, size, "/lib64/ld-linux", 15);

	cr_assert(at != NULL);
	make_altered((size_t)(at - program), "/lib65", 6);
	free(program);
	expect_bad(
		FAULT_SYSTEM, "start", "No such file or directory",
		"'./svc' exists, but its interpreter '/lib65/ld-linux-x86-64.so.2' does not.");
}

Test(program, what_is_no_file_to_execute_is_told)
{
	make_file("svc", "#!/bin/true\n", 12, 0644);
	cr_assert(mkfifo("pipe", 0755) == 0);

	expect_refused("./none", FAULT_SYSTEM,
		       "cannot start './none': No such file or directory", "");
	expect_bad(FAULT_SYSTEM, "start", "Permission denied",
		   "It is not executable; 'chmod +x ./svc' makes it so.");
	expect_refused("./pipe", FAULT_SYSTEM,
		       "cannot start './pipe': it is not a regular file", "");
	expect_refused("./", FAULT_SYSTEM, "cannot start './': Is a directory",
		       "");
}

Test(program, header_that_is_not_of_a_program_here_is_told)
{
	static const struct {
		size_t offset;
		const char *bytes;
		const char *text;
	} rows[] = {
		{EI_CLASS, "\1\1", "it is a 32-bit program (ELF class 32)"},
		{EI_DATA, "\2\1", "it is a program for other processors"},
		{offsetof(Elf64_Ehdr, e_machine), "\xb7\0",
		 "it is a program for aarch64 processors"},
		{offsetof(Elf64_Ehdr, e_machine), "\xf3\0",
		 "it is a program for riscv64 processors"},
		{offsetof(Elf64_Ehdr, e_type), "\1\0",
		 "it is an object file, and not linked yet"},
		{offsetof(Elf64_Ehdr, e_type), "\4\0",
		 "it is a core, and not a program"},
		{offsetof(Elf64_Ehdr, e_type), "\xee\xee",
		 "it is of no known ELF type"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const bool is_type =
			rows[i].offset == offsetof(Elf64_Ehdr, e_type);

		make_altered(rows[i].offset, rows[i].bytes, 2);
		expect_bad(FAULT_SERVICE, "start", rows[i].text,
			   is_type ? "" : "Rebuild it for x86-64.");
	}
}

/* The least that is a static program; ./svc. */
static void make_static(uint16_t type, uint64_t entry)
{
	struct {
		Elf64_Ehdr header;
		Elf64_Phdr segment;
	} file = {
		.header.e_ident = ELFMAG "\2\1\1",
		.header.e_type = type,
		.header.e_machine = EM_X86_64,
		.header.e_entry = entry,
		.header.e_phoff = sizeof(file.header),
		.header.e_phentsize = sizeof(file.segment),
		.header.e_phnum = 1,
		.segment.p_type = PT_LOAD,
	};

	make_file("svc", &file, sizeof(file), 0755);
}

Test(program, static_programs_need_no_interpreter)
{
	struct program program;

	make_static(ET_EXEC, 0x78);
	program = find("./svc");
	cr_expect(program.is_static && !program.interpreter[0]);
	cr_expect(!program.is_position_independent);

	make_static(ET_DYN, 0x78);
	program = find("./svc");
	cr_expect(program.is_static && program.is_position_independent);
}

Test(program, shared_library_is_refused)
{
	static const char text[] = "it is a shared library";
	static const char hint[] = "Start the program that uses it.";
	size_t size;
	char *library;

	cr_assert(io_read_file("/lib/x86_64-linux-gnu/libm.so.6", &library,
			       &size) == 0);
	make_file("svc", library, size, 0755);
	free(library);
	expect_bad(FAULT_SERVICE, "start", text, hint);

	make_static(ET_DYN, 0);
	expect_bad(FAULT_SERVICE, "start", text, hint);
}

Test(program, set_user_id_and_set_group_id_are_refused)
{
	make_altered(0, ELFMAG, SELFMAG);
	cr_assert(chmod("svc", 04755) == 0);
	expect_bad(
		FAULT_UNSUPPORTED, "capture",
		"it is set-user-ID, and loses that under a tracer",
		"Run it as the user it should be, from a copy without that bit.");
	cr_assert(chmod("svc", 02755) == 0);
	expect_bad(
		FAULT_UNSUPPORTED, "capture",
		"it is set-group-ID, and loses that under a tracer",
		"Run it as the group it should be, from a copy without that bit.");
}

Test(program, what_a_tracer_takes_away_is_no_matter_to_who_only_looks)
{
	struct program program = {0};
	struct error err = {0};

	make_altered(0, ELFMAG, SELFMAG);
	cr_assert(chmod("svc", 04755) == 0);

	cr_assert(program_look(&program, "./svc", &err) == 0, "%s", err.text);
	expect_text(program.path, "./svc");
}

Test(program, set_user_id_script_is_taken_as_the_kernel_does)
{
	make_script("svc", "#!/bin/true\n");
	cr_assert(chmod("svc", 06755) == 0);

	expect_text(find("./svc").binary, "/bin/true");
}

Test(program, file_capabilities_are_refused)
{
	const struct vfs_cap_data capabilities = {VFS_CAP_REVISION_2, {{1, 0}}};

	make_altered(0, ELFMAG, SELFMAG);
	if (setxattr("svc", "security.capability", &capabilities,
		     sizeof(capabilities), 0) < 0) {
		harness_end();
		cr_skip("only root may give a file capabilities");
	}

	expect_bad(FAULT_UNSUPPORTED, "capture",
		   "it has file capabilities, and loses them under a tracer",
		   "Run it from a copy without them, as a user who has them.");
}

/* Whatever stands there: an answer, or a message. */
static void expect_an_answer(void)
{
	struct program program = {0};
	struct error err = {0};

	if (program_find(&program, "./svc", &err) < 0)
		cr_expect(strncmp(err.text, "cannot ", 7) == 0, "%s", err.text);
}

Test(program, damaged_programs_give_messages)
{
	size_t size;
	char *program = read_true(&size);

	make_file("svc", program, 40, 0755);
	expect_bad(FAULT_SERVICE, "start", "its ELF header is cut short", "");
	for (size_t cut = 0; cut < 2048; cut += 7) {
		make_file("svc", program, cut, 0755);
		expect_an_answer();
	}
	for (size_t offset = SELFMAG; offset < 1024; offset++) {
		make_altered(offset, &"\0\1\177\377"[offset % 4], 1);
		expect_an_answer();
		make_altered(offset & ~(size_t)7,
			     "\377\377\377\377\377\377\377", 8);
		expect_an_answer();
	}
	free(program);
}
