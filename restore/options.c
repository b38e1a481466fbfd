/*
 * options.c - the command line of subctx-restore, and its only usage text
 *
 * Without getopt_long(3), which would be a sixth of the program and wants to
 * print its own messages: there are few options.
 */
#include "options.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

static const char help[] =
	"Usage: subctx-restore [OPTION]... CORE [-- ARGUMENT...]\n"
	"Becomes the service that subctx-capture has written to CORE.\n"
	"\n"
	"  --inherit=FD   take the caller's descriptor FD for that of the service\n"
	"  --base=FILE    a base of CORE, where it has another place than it had\n"
	"  --file=OLD=NEW the file OLD that CORE has no copy of is NEW now\n"
	"  --dry-run      print what would be done, one system call a line\n"
	"  --populate     have all of its memory at hand before it goes on\n"
	"  --hugepages    copy large memory into huge pages\n"
	"  --record       run it once, and keep in CORE which pages it needed;\n"
	"                 later restores have these at hand\n"
	"  --stop         be stopped at the ready point, for gdb -p\n"
	"  -h, --help     print this\n"
	"  -V, --version  print the version\n"
	"\n"
	"The ARGUMENTs are for services that use subctx.h.  Process id, standard\n"
	"streams, working folder, limits and user are those of subctx-restore.\n"
	"Its exit status is the service's, or 125 when there was no restore.\n"
	"\n"
	"Example:  echo '2 + 2' | subctx-restore bc.core\n";

/* Whether @word is @name, alone or with "=VALUE": *ret_value is that, or NULL. */
static bool is_option(const char *word, const char *name,
		      const char **ret_value)
{
	if (!take_word(&word, name) || (*word && *word != '='))
		return false;
	*ret_value = *word ? word + 1 : NULL;
	return true;
}

static bool *find_flag(struct options *options, const char *word,
		       const char **ret_value)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{"--dry-run", &options->dry_run},
		{"--stop", &options->stop},
		{"--record", &options->record},
		{"--populate", &options->populate},
		{"--hugepages", &options->huge_pages},
		{"--help", &options->help},
		{"-h", &options->help},
		{"--version", &options->version},
		{"-V", &options->version},
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (is_option(word, flags[i].name, ret_value))
			return flags[i].flag;
	return NULL;
}

static int unknown(struct error *err, const char *word)
{
	error_set(err, FAULT_USAGE, "unknown option '%s'", word);
	error_hint(err,
		   "--help lists the options; a core of that name is "
		   "written './%s'.",
		   word);
	return -err->code;
}

static int take_inherited(struct options *options, const char *text,
			  struct error *err)
{
	int fd;
	int r = text_descriptor(text, &fd, err);

	if (r < 0)
		return r;
	if (options->inherited_count == OPTIONS_INHERITED_MAX)
		return error_set(err, FAULT_USAGE,
				 "more than %d descriptors are inherited",
				 OPTIONS_INHERITED_MAX);
	options->inherited[options->inherited_count++] = fd;
	return 0;
}

static int take_base(struct options *options, const char *text,
		     struct error *err)
{
	return source_places_take_base(&options->places, text, err);
}

static int take_file(struct options *options, const char *text,
		     struct error *err)
{
	return source_places_take_file(&options->places, text, err);
}

/* With its value, which may be the next word; *at is its last one then. */
static int take_option(struct options *options, char *argv[], int *at,
		       struct error *err)
{
	static const struct {
		const char *name;
		int (*take)(struct options *options, const char *text,
			    struct error *err);
	} valued[] = {
		{"--inherit", take_inherited},
		{"--base", take_base},
		{"--file", take_file},
	};
	const char *word = argv[*at];
	const char *value = NULL;
	bool *flag = find_flag(options, word, &value);

	for (size_t i = 0; i < sizeof(valued) / sizeof(*valued); i++) {
		if (!is_option(word, valued[i].name, &value))
			continue;
		if (!value)
			value = argv[++*at];
		if (value)
			return valued[i].take(options, value, err);
		error_set(err, FAULT_USAGE, "option '%s' wants a value", word);
		error_hint(err, "--help lists the options.");
		return -err->code;
	}
	if (!flag)
		return unknown(err, word);
	if (value) {
		error_set(err, FAULT_USAGE, "option '%s' takes no value", word);
		error_hint(err, "--help lists the options.");
		return -err->code;
	}
	*flag = true;
	return 0;
}

int options_parse(struct options *ret_options, int argc, char *argv[],
		  struct error *err)
{
	struct options options = {0};
	int i = 1;

	for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		int r = 0;

		if (strcmp(argv[i], "--") == 0)
			break;
		r = take_option(&options, argv, &i, err);
		if (r < 0)
			return r;
	}
	if (i < argc && strcmp(argv[i], "--") == 0)
		i++;
	if (i < argc)
		options.core_path = argv[i++];
	if (i < argc && strcmp(argv[i], "--") == 0) {
		options.argv = argv + i + 1;
		options.argc = argc - i - 1;
	} else if (i < argc) {
		error_set(err, FAULT_USAGE, "unexpected argument '%s'",
			  argv[i]);
		error_hint(err, "Options stand before the core, and arguments "
				"for the service behind '--'.");
		return -err->code;
	}
	if (options.record && (options.dry_run || options.stop)) {
		error_set(err, FAULT_USAGE,
			  "--record runs the service: it goes with neither "
			  "--dry-run nor --stop");
		error_hint(err, "Record first; later restores use it.");
		return -err->code;
	}
	if (!options.core_path && !options.help && !options.version) {
		error_set(err, FAULT_USAGE, "there is no core to restore");
		error_hint(err, "Name one that subctx-capture has written: "
				"subctx-restore svc.core");
		return -err->code;
	}
	*ret_options = options;
	return 0;
}

void options_print_help(void)
{
	fputs(help, stdout);
}

void options_print_version(void)
{
	puts("subctx-restore " SUBCTX_VERSION);
}
