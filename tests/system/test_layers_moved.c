/*
 * test_layers_moved.c - layers on cores whose own bases and files have gone
 * elsewhere
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/core_reader.h"
#include "tests/cores.h"

TestSuite(layers_moved, .init = harness_begin, .fini = harness_end,
	  .timeout = 120);

static void shell(const char *script)
{
	cr_assert(system(script) == 0, "%s", script);
}

/*
 * It takes programs from its input, and is ready again for each.  "e" is 4 MiB,
 * which the base has; written again they are the same, and its own.
 */
static void make_layer(void)
{
	capture_well(NULL,
		     WORDS("-q", "-o", "base.core", "/usr/bin/python3", "-c",
			   "e = bytearray(b'abcd' * (1 << 20))\n"
			   "while True: exec(input())"));
	capture_well("d = {'a': 1}\n", WORDS("-q", "--thin", "--from=base.core",
					     "-o", "layer.core"));
}

static const char rewrite[] = "for i in range(0, 1 << 22, 4096): e[i] = 97\n";

static void expect_layer(const char *const words[])
{
	restore_well("print(d); exit(0)\n", words, "{'a': 1}\n");
}

/* Whether the core counts on that file, by the name that it has now. */
static void expect_source(const char *path, const char *name, bool is_there)
{
	struct core core;
	struct error err = {0};
	char *real = realpath(name, NULL);
	bool is = false;

	cr_assert(real && core_open(&core, path, &err) == 0, "%s", err.text);
	for (size_t i = 0; i < core.source_count; i++)
		is |= strcmp(core.names + core.sources[i].name, real) == 0;
	cr_expect(is == is_there, "%s: %s", path, real);
	core_close(&core);
	free(real);
}

/* The layer on it names that where it is now. */
Test(layers_moved, layer_whose_base_has_moved_is_built_upon)
{
	make_layer();
	shell("mkdir -m 777 a b && mv base.core b/moved && mv layer.core a");
	capture_well(rewrite, WORDS("-q", "--thin", "--base=b/moved",
				    "--from=a/layer.core", "-o", "2.core"));
	expect_source("2.core", "b/moved", true);
	cr_expect(stored_bytes("2.core") < 1 << 20, "%lld bytes",
		  stored_bytes("2.core"));
	expect_layer(WORDS("2.core"));

	/* And one beside which its base is now, without a word. */
	shell("mv b/moved a/base.core");
	capture_well(rewrite, WORDS("-q", "--thin", "--from", "a/layer.core",
				    "-o", "3.core"));
	expect_source("3.core", "a/base.core", true);
	cr_expect(stored_bytes("3.core") < 1 << 20, "%lld bytes",
		  stored_bytes("3.core"));
	expect_layer(WORDS("3.core"));
}

Test(layers_moved, layer_whose_files_have_moved_is_built_upon)
{
	char folder[512], option[1200];

	shell("cp \"$(readlink -f /bin/sh)\" svc && chmod 755 svc");
	capture_well(NULL, WORDS("-q", "--thin", "-o", "svc.core", "./svc",
				 "-c", "read a; read b; echo $a $b"));
	shell("mkdir -m 777 b && cp svc b/program && mv svc b/other");
	cr_assert(getcwd(folder, sizeof(folder)));
	snprintf(option, sizeof(option), "--file=%s/svc=b/program", folder);
	capture_well("work\n", WORDS("-q", "--thin", option, "--from=svc.core",
				     "-o", "svc.layer"));
	expect_source("svc.layer", "b/program", true);
	expect_source("svc.layer", "b/other", false);
	restore_well("done\n", WORDS("svc.layer"), "work done\n");
}

/* It would be gone as soon as the layer is there, by whatever name. */
Test(layers_moved, base_of_a_base_that_has_moved_is_not_replaced)
{
	static const char *const ways[] = {"--base=moved", "--thin"};
	static const char *const names[] = {"moved", "a/base.core"};

	make_layer();
	shell("mkdir -m 777 a && mv base.core moved && mv layer.core a");
	for (size_t i = 0; i < 2; i++) {
		struct outcome outcome =
			capture_core("e = 2\n", WORDS("-q", "--thin", ways[i],
						      "--from=a/layer.core",
						      "-o", names[i]));

		expect_status(outcome, 2);
		expect_in(outcome.err, "cannot be both the base and the core");
		outcome_free(&outcome);
		if (i == 0)
			shell("mv moved a/base.core");
	}
	expect_layer(WORDS("a/layer.core"));
}

Test(layers_moved, base_that_is_nowhere_is_not_built_upon)
{
	struct outcome outcome;

	make_layer();
	shell("mv base.core moved");
	outcome = capture_core(
		"e = 2\n",
		WORDS("-q", "--thin", "--from=layer.core", "-o", "2.core"));
	expect_status(outcome, 1);
	expect_in(outcome.err, "hint: If it is elsewhere now, --base FILE says "
			       "where.");
	expect_in(outcome.err, "the restorer ended with status 125");
	outcome_free(&outcome);
	outcome = capture_core("e = 2\n",
			       WORDS("-q", "--thin", "--base", "moved", "cat"));
	expect_status(outcome, 2);
	expect_in(outcome.err, "--base and --file are for a service that is "
			       "restored: with --from");
	outcome_free(&outcome);
}
