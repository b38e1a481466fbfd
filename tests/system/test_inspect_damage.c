/*
 * test_inspect_damage.c - damage of a core is named, and where
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/core_reader.h"
#include "tests/harness.h"

TestSuite(inspect_damage, .init = harness_begin, .fini = harness_end,
	  .timeout = 120);

static void expect_ran(const char *const words[])
{
	struct outcome outcome = run("", words);

	expect_status(outcome, 0);
	outcome_free(&outcome);
}

static void capture(const char *service)
{
	expect_ran(WORDS(tool_capture(), "-q", "--carry=all", "-o", "svc.core",
			 service_path(service)));
}

/* @status, and what is said on standard error. */
static void expect_refused(const char *path, int status, const char *message)
{
	struct outcome outcome = run(NULL, WORDS(tool_inspect(), path));

	expect_status(outcome, status);
	expect_out(outcome, "");
	expect_in(outcome.err, message);
	outcome_free(&outcome);
}

static void expect_verified(int status, const char *out, const char *err)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_inspect(), "--verify", "svc.core"));

	expect_status(outcome, status);
	expect_in(outcome.out, out);
	expect_in(outcome.err, err);
	outcome_free(&outcome);
}

static void flip(const char *path, uint64_t offset)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	char byte;

	cr_assert(pread(fd, &byte, 1, (off_t)offset) == 1);
	byte ^= 1;
	cr_assert(pwrite(fd, &byte, 1, (off_t)offset) == 1);
	close(fd);
}

/* Where in the file its last byte is, and what is said when it is damaged. */
static uint64_t stack_offset(char *ret_name, size_t size)
{
	struct error err = {0};
	struct core core;
	uint64_t offset = 0;

	cr_assert(core_open(&core, "svc.core", &err) == 0, "%s", err.text);
	for (size_t i = 0; i < core.mapping_count; i++) {
		const struct core_mapping *m = &core.mappings[i];

		if (m->kind != CORE_MAPPING_STACK)
			continue;
		offset = m->offset + (m->end - m->start) - 1;
		snprintf(ret_name, size, "  damaged    %#lx-%#lx [stack]\n",
			 m->start, m->end);
	}
	core_close(&core);
	return offset;
}

Test(inspect_damage, flipped_byte_is_found_in_its_mapping)
{
	char name[128];
	struct outcome outcome;
	uint64_t offset;

	capture("waits_for_input");
	expect_verified(0, ", all as captured\n", "");
	offset = stack_offset(name, sizeof(name));
	flip("svc.core", offset);

	expect_verified(1, name,
			"subctx-inspect: cannot use 'svc.core': it is "
			"damaged: of ");
	expect_verified(1, ", some of them damaged\n",
			" pieces of memory 1 is not as captured\n");
	outcome = run(NULL,
		      WORDS(tool_inspect(), "--json", "--verify", "svc.core"));
	expect_status(outcome, 1);
	expect_in(outcome.out, "\"name\": \"[stack]\"\n    }\n  ]\n}\n");
	expect_in(outcome.out, "\"mappings\": [");
	outcome_free(&outcome);

	flip("svc.core", offset);
	expect_verified(0, ", all as captured\n", "");
}

Test(inspect_damage, copy_without_holes_is_whole)
{
	capture("threads_on_files");
	cr_assert(system("cp --sparse=never svc.core full.core && "
			 "cat full.core >svc.core") == 0);
	expect_verified(0, ", all as captured\n", "");
}

/* Bytes that were copied while it lived on, from a fork of it, are digested. */
Test(inspect_damage, service_that_lives_on_is_whole)
{
	struct running service = start(WORDS(service_path("is_large")));
	struct outcome outcome;
	char pid[32];

	await_input(service.pid);
	snprintf(pid, sizeof(pid), "%d", service.pid);
	expect_ran(WORDS(tool_capture(), "-q", "-o", "svc.core", "--pid", pid));
	outcome = finish(service, "x\n", 10);
	expect_status(outcome, 0);
	outcome_free(&outcome);

	expect_verified(0, ", all as captured\n", "");
}

static uint64_t memfd_offset(void)
{
	struct error err = {0};
	struct core core;
	uint64_t offset = 0;

	cr_assert(core_open(&core, "svc.core", &err) == 0, "%s", err.text);
	for (size_t i = 0; i < core.file_count; i++)
		if (core.files[i].kind == CORE_FILE_MEMFD &&
		    core.files[i].data_size > 0)
			offset = core.files[i].data;
	core_close(&core);
	return offset;
}

Test(inspect_damage, memfds_have_digests_too)
{
	static const char *const names[] = {"memfd", "memfd:namesakes",
					    "memfd:sparse"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		expect_ran(WORDS(tool_capture(), "-q", "--carry=memfd", "-o",
				 "svc.core", service_path("carries"),
				 names[i]));
		expect_verified(0, ", all as captured\n", "");
		flip("svc.core", memfd_offset());
		expect_verified(1, "  damaged    memfd '",
				" 1 is not as captured\n");
	}
}

Test(inspect_damage, what_is_no_core_of_ours_is_refused)
{
	struct outcome outcome;

	expect_refused("nowhere", 1,
		       "subctx-inspect: cannot open 'nowhere': No such file or "
		       "directory\n");
	expect_refused("/dev/null", 1, "it is not a regular file");
	expect_refused("/etc/passwd", 1,
		       "subctx-inspect: cannot use '/etc/passwd': it is not an "
		       "ELF file\n");
	expect_refused(tool_inspect(), 1, ": it is not a core file\n");
	if (!has_program("gcore"))
		return;
	outcome = run(NULL, WORDS("sh", "-c",
				  "sleep 60 & gcore -o theirs $! >&2; kill $!;"
				  "mv theirs.* theirs"));
	outcome_free(&outcome);
	expect_refused("theirs", 1,
		       "it has no SUBCTX note, so subctx-capture did not write "
		       "it\n");
}

Test(inspect_damage, damaged_or_cut_file_is_refused)
{
	capture("waits_for_input");
	cr_assert(system("cp svc.core cut.core; truncate -s -4096 cut.core; "
			 "cp svc.core tiny.core; truncate -s 100 tiny.core; "
			 "chmod 644 cut.core tiny.core") == 0);
	expect_refused("cut.core", 1, "it is cut short: it was written with ");
	expect_refused("tiny.core", 1,
		       "it is cut short in its program headers");
	flip("svc.core", 4096);
	expect_refused("svc.core", 1, "its headers or notes are damaged");
}

Test(inspect_damage, core_that_cannot_be_read_is_told)
{
	struct outcome outcome;

	if (!has_program("strace"))
		return;
	capture("waits_for_input");
	outcome = run(NULL, WORDS("strace", "-o", "/dev/null", "-e",
				  "inject=pread64:error=EIO:when=9+",
				  tool_inspect(), "--verify", "svc.core"));
	expect_status(outcome, 1);
	expect_in(outcome.err, "subctx-inspect: cannot use 'svc.core': cannot "
			       "read its memory: Input/output error\n");
	outcome_free(&outcome);
}

Test(inspect_damage, output_that_cannot_be_written_is_told)
{
	char command[512];
	struct outcome outcome;

	capture("waits_for_input");
	snprintf(command, sizeof(command), "'%s' svc.core >/dev/full",
		 tool_inspect());
	outcome = run(NULL, WORDS("sh", "-c", command));
	expect_status(outcome, 1);
	expect_in(outcome.err, "subctx-inspect: cannot write to standard "
			       "output: No space left on device\n");
	outcome_free(&outcome);
}

Test(inspect_damage, command_line_that_makes_no_sense_ends_with_2)
{
	struct outcome outcome = run(NULL, WORDS(tool_inspect(), "--help"));

	expect_status(outcome, 0);
	expect_in(outcome.out, "Usage: subctx-inspect ");
	outcome_free(&outcome);
	outcome = run(NULL, WORDS(tool_inspect(), "--version"));
	expect_status(outcome, 0);
	expect_in(outcome.out, "subctx-inspect 0");
	outcome_free(&outcome);
	outcome = run(NULL, WORDS(tool_inspect()));
	expect_status(outcome, 2);
	expect_in(outcome.err, "subctx-inspect: there is no core to look into\n"
			       "  hint: ");
	outcome_free(&outcome);
	expect_refused("--jason", 2, "unknown option '--jason'");
}
