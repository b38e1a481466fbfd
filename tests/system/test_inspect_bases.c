/*
 * test_inspect_bases.c - a layer is as whole as its bases, and said to be
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/core_reader.h"
#include "tests/cores.h"

TestSuite(inspect_bases, .init = harness_begin, .fini = harness_end,
	  .timeout = 120);

#define PYTHON "/usr/bin/python3", "-c", "while True: exec(input())"

static void shell(const char *script)
{
	cr_assert(system(script) == 0, "%s", script);
}

/* "base.core" and "layer.core", and that as it is now in "kept". */
static void make_layer(void)
{
	capture_well(NULL, WORDS("-q", "-o", "base.core", PYTHON));
	capture_well("import json\n", WORDS("-q", "--thin", "--from=base.core",
					    "-o", "layer.core"));
	shell("cp -p layer.core kept");
}

/* Changes a byte that is stored, of which @ret_line tells the mapping. */
static void damage(const char *path, char *ret_line, size_t size)
{
	struct error err = {0};
	struct core core;
	const struct core_mapping *m;
	off_t at;
	char byte;
	int fd = open(path, O_RDWR | O_CLOEXEC);

	cr_assert(fd >= 0 && core_open(&core, path, &err) == 0, "%s", err.text);
	m = core.mappings;
	while (m->kind != CORE_MAPPING_STACK)
		m++;
	at = (off_t)(m->offset + (m->end - m->start) - 1);
	snprintf(ret_line, size, "  damaged    %#lx-%#lx [stack]", m->start,
		 m->end);
	core_close(&core);
	cr_assert(pread(fd, &byte, 1, at) == 1);
	byte ^= 1;
	cr_assert(pwrite(fd, &byte, 1, at) == 1);
	close(fd);
}

static void expect_told(const char *const words[], int status,
			const char *const out[], const char *err)
{
	const char *all[CORE_WORDS_MAX] = {tool_inspect()};
	struct outcome outcome;

	for (size_t i = 0; words[i]; i++)
		all[i + 1] = words[i];
	outcome = run(NULL, all);
	expect_status(outcome, status);
	for (size_t i = 0; out[i]; i++)
		expect_in(outcome.out, out[i]);
	if (!out[0])
		expect_out(outcome, "");
	if (err[0])
		expect_in(outcome.err, err);
	else
		cr_expect(outcome.err[0] == '\0', "%s", outcome.err);
	outcome_free(&outcome);
}

#define NOTHING WORDS(NULL)

Test(inspect_bases, bases_are_verified_with_their_layer)
{
	make_layer();
	expect_told(WORDS("--verify", "layer.core"), 0,
		    WORDS("layer.core: ", ", all as captured\n  base       /",
			  "/base.core: "),
		    "");
	expect_told(WORDS("--verify", "--json", "layer.core"), 0,
		    WORDS("\"bases\": [\n", "/base.core\"\n    }\n  ]\n}\n"),
		    "");
}

Test(inspect_bases, damage_of_a_base_is_told)
{
	char line[128];

	make_layer();
	damage("base.core", line, sizeof(line));
	expect_told(WORDS("--verify", "layer.core"), 1,
		    WORDS("layer.core: ", ", all as captured\n", line,
			  "/base.core"),
		    "/base.core' is damaged: of ");
	expect_told(WORDS("--verify", "--json", "layer.core"), 1,
		    WORDS("\"name\": \"[stack]\"\n"),
		    " pieces of memory 1 is not as captured\n");
	/* What the name stands for does not matter, but what it is. */
	shell("mv base.core moved; cp /bin/true base.core");
	expect_told(WORDS("--verify", "--base=moved", "layer.core"), 1,
		    WORDS(line, "/moved\n"), "/moved' is damaged: of ");
}

/* The new one would have digests by which nobody could tell. */
Test(inspect_bases, damage_is_not_made_flat)
{
	char line[128];

	make_layer();
	shell("echo older >flat.core");
	damage("base.core", line, sizeof(line));
	expect_told(WORDS("--flatten=flat.core", "layer.core"), 1, WORDS(line),
		    "subctx-inspect: cannot use 'layer.core': its base '/");
	damage("base.core", line, sizeof(line));
	damage("layer.core", line, sizeof(line));
	expect_told(
		WORDS("--flatten=flat.core", "layer.core"), 1, WORDS(line),
		"subctx-inspect: cannot use 'layer.core': it is damaged: of ");
	shell("echo older | cmp - flat.core");
}

Test(inspect_bases, base_that_cannot_be_had_is_an_error)
{
	make_layer();
	shell("mkdir a && mv base.core a/moved");
	expect_told(WORDS("--verify", "layer.core"), 1,
		    WORDS("layer.core: ", ", all as captured\n"),
		    "subctx-inspect: cannot use 'layer.core': its base cannot "
		    "be had: cannot open '");
	expect_told(WORDS("--verify", "--json", "layer.core"), 1,
		    WORDS("\"lacks\": [\n", "its base cannot be had"),
		    "its base cannot be had");
	expect_told(WORDS("--verify", "--base=a/moved", "layer.core"), 0,
		    WORDS("/a/moved: "), "");
}

Test(inspect_bases, base_that_cannot_be_read_is_told)
{
	struct outcome outcome;

	if (!has_program("strace"))
		return;
	make_layer();
	outcome =
		run(NULL, WORDS("strace", "-o", "/dev/null", "-P", "base.core",
				"-e", "inject=pread64:error=EIO:when=9+",
				tool_inspect(), "--verify", "layer.core"));
	expect_status(outcome, 1);
	expect_in(outcome.err, "/base.core': cannot read its memory: "
			       "Input/output error\n");
	outcome_free(&outcome);
}

/* A program of our own, so that it can be lost. */
static void make_thin(void)
{
	shell("cp \"$(readlink -f /bin/sh)\" svc && chmod 755 svc");
	capture_well(NULL, WORDS("-q", "--thin", "-o", "thin.core", "./svc",
				 "-c", "read x; echo $x"));
}

Test(inspect_bases, files_that_are_not_read_are_counted)
{
	make_thin();
	expect_told(WORDS("--verify", "thin.core"), 0,
		    WORDS(", all as captured\n  not read   ",
			  " other files, known by build ID or date "
			  "alone\n"),
		    "");
	expect_told(WORDS("--verify", "--json", "thin.core"), 0,
		    WORDS("\"unread\": {\n", "\"bases\": []"), "");
	shell("mv svc moved");
	expect_told(WORDS("--verify", "thin.core"), 1,
		    WORDS(", all as captured\n"),
		    "subctx-inspect: cannot use 'thin.core': cannot map '");
	expect_told(WORDS("--verify", "--file", "/nowhere=moved", "thin.core"),
		    1, WORDS(", all as captured\n"), "/svc'");
}

/* It would be gone as soon as the new one is there. */
Test(inspect_bases, what_a_core_needs_is_not_replaced)
{
	make_layer();
	make_thin();
	shell("ln base.core same; ln -s base.core link; mkdir a; "
	      "cp base.core svc a");
	expect_told(WORDS("--flatten=base.core", "layer.core"), 2, NOTHING,
		    "subctx-inspect: 'base.core' cannot be both a file that "
		    "the core needs and the flat core\n"
		    "  hint: Name another with --flatten.\n");
	expect_told(WORDS("--flatten=same", "layer.core"), 2, NOTHING,
		    "'same' cannot be both");
	expect_told(WORDS("--flatten=link", "layer.core"), 2, NOTHING,
		    "'link' cannot be both");
	expect_told(WORDS("--flatten=svc", "thin.core"), 2, NOTHING,
		    "'svc' cannot be both");
	shell("rm same link && mv base.core moved");
	expect_told(WORDS("--base=moved", "--flatten=moved", "layer.core"), 2,
		    NOTHING, "'moved' cannot be both");
	shell("cmp moved a/base.core && cmp svc a/svc");
}

/* What was open stays until all of the new one is there. */
Test(inspect_bases, core_is_made_flat_where_it_is)
{
	make_layer();
	expect_told(WORDS("--flatten=layer.core", "layer.core"), 0, NOTHING,
		    "");
	expect_told(WORDS("--flatten=other.core", "kept"), 0, NOTHING, "");
	shell("cmp layer.core other.core && rm base.core");
	expect_told(WORDS("--verify", "layer.core"), 0,
		    WORDS("layer.core: ", ", all as captured\n"), "");
	restore_well("print(json.dumps([1])); exit(0)\n", WORDS("layer.core"),
		     "[1]\n");
}

Test(inspect_bases, what_would_be_ignored_is_refused)
{
	expect_told(WORDS("--flatten=x", "--json", "layer.core"), 2, NOTHING,
		    "subctx-inspect: --flatten and --json exclude each other\n"
		    "  hint: ");
	expect_told(WORDS("--verify", "--flatten=x", "layer.core"), 2, NOTHING,
		    "--flatten and --verify exclude each other\n");
}

/* As disks for cores are mounted where they are kept, and not restored. */
Test(inspect_bases, cores_are_looked_at_where_nothing_may_be_executed)
{
	if (geteuid() != 0 || getenv("SUBCTX_TEST_UID"))
		skip("only root can mount");
	shell("mkdir disk && mount -t tmpfs -o noexec none disk");
	make_layer();
	shell("mv base.core layer.core disk");
	expect_told(WORDS("disk/layer.core"), 0,
		    WORDS("  here       cannot be restored: ", "mounted noexec",
			  " _Py_read "),
		    "");
	expect_told(WORDS("--verify", "disk/layer.core"), 0,
		    WORDS("/disk/base.core: "), "");
	expect_told(WORDS("--flatten=flat.core", "disk/layer.core"), 0, NOTHING,
		    "");
	restore_refused(WORDS("disk/layer.core"), WORDS("mounted noexec"));
	shell("mv disk/layer.core .");
	restore_refused(WORDS("--base=disk/base.core", "layer.core"),
			WORDS("cannot restore 'layer.core': cannot map '",
			      "/base.core', which it has no copy of: it lies "
			      "on a file system that is mounted noexec\n"));
	shell("umount disk");
	restore_well("print(json.dumps([1])); exit(0)\n", WORDS("flat.core"),
		     "[1]\n");
}
