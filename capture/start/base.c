/*
 * base.c - the core that a service is restored from before it is captured
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "neighbour.h"

static bool is_same_file(const char *a, const char *b)
{
	struct stat first, second;

	return stat(a, &first) == 0 && stat(b, &second) == 0 &&
	       first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

static bool is_source(const struct base *base, const struct core_source *source,
		      const struct source_places *places, const char *output)
{
	const struct core *core = &base->core;
	const char *name = core->names + source->name;
	struct error ignored = {0};
	struct source_base found;

	if (!source->digest)
		return is_same_file(source_places_find_file(places, name),
				    output);
	if (source_places_open_base(places, core, source, base->path, &found,
				    &ignored) < 0)
		return false;
	close(found.fd);
	return is_same_file(found.path, output);
}

/*
 * The core could be replaced while it is read, but who would know it then? So
 * it is with what it counts on itself.
 */
static int check_output(const struct base *base,
			const struct source_places *places, const char *output,
			struct error *err)
{
	const struct core *core = &base->core;
	bool is_needed = is_same_file(base->path, output);

	for (size_t i = 0; i < core->source_count; i++)
		is_needed |= is_source(base, &core->sources[i], places, output);
	if (!is_needed)
		return 0;
	error_set(err, FAULT_USAGE, "'%s' cannot be both the base and the core",
		  output);
	error_hint(err, "Name another with --output.");
	return -err->code;
}

/* The restorer changes none of them. */
static char *word(const char *text)
{
	return (char *)(uintptr_t)text;
}

static char **add_option(char **argv, const char *name,
			 const char *const *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		*argv++ = word(name);
		*argv++ = word(values[i]);
	}
	return argv;
}

static int make_argv(struct base *base, const struct source_places *places,
		     char *const *arguments, struct error *err)
{
	size_t count = 0;
	char **argv;

	while (arguments[count])
		count++;
	argv = calloc(count + 4 +
			      2 * (places->base_count + places->moved_count),
		      sizeof(*argv));
	if (!argv)
		return error_system(err, ENOMEM, "cannot keep the arguments");
	base->argv = argv;
	*argv++ = base->restorer;
	argv = add_option(argv, "--base", places->bases, places->base_count);
	argv = add_option(argv, "--file", places->moved, places->moved_count);
	*argv++ = base->path;
	if (count > 0)
		*argv++ = word("--");
	memcpy(argv, arguments, count * sizeof(*argv));
	return 0;
}

static int find_inherited(struct base *base, struct error *err)
{
	const struct core *core = &base->core;

	base->inherited = calloc(core->file_count + 1, sizeof(int));
	if (!base->inherited)
		return error_system(err, ENOMEM, "cannot keep descriptors");
	for (size_t i = 0; i < core->file_count; i++) {
		const struct core_file *file = &core->files[i];

		const int fd = (int)file->values[0];

		/* What is closed on exec is our own. */
		if (file->kind == CORE_FILE_INHERITED && fd > STDERR_FILENO &&
		    fcntl(fd, F_GETFD) == 0)
			base->inherited[base->inherited_count++] = fd;
	}
	return 0;
}

/* That of which it has just the features: more it was not to see. */
static enum cpu_level find_level(const struct core_machine *machine)
{
	for (enum cpu_level level = CPU_LEVEL_1; level <= CPU_LEVEL_4;
	     level++) {
		uint32_t words[CORE_CPU_WORDS];

		memset(words, 0xff, sizeof(words));
		cpu_limit_features(words, level);
		if (memcmp(words, machine->features, sizeof(words)) == 0)
			return level;
	}
	return CPU_LEVEL_NONE;
}

int base_open(struct base *ret_base, const char *path,
	      const struct source_places *places, char *const *arguments,
	      const char *output, struct error *err)
{
	struct base base = {.core.fd = -1};
	int length = snprintf(base.path, sizeof(base.path), "%s%s",
			      path[0] == '-' ? "./" : "", path);
	int r;

	if (length >= (int)sizeof(base.path))
		return error_system(err, ENAMETOOLONG, "cannot open '%s'",
				    path);
	r = core_open(&base.core, base.path, err);
	if (r < 0)
		return r;
	base.level = find_level(base.core.machine);
	r = check_output(&base, places, output, err);
	if (r == 0)
		r = neighbour_find(base.restorer, "subctx-restore",
				   "../restore", err);
	*ret_base = base;
	if (r == 0)
		r = make_argv(ret_base, places, arguments, err);
	if (r == 0)
		r = find_inherited(ret_base, err);
	if (r < 0)
		base_close(ret_base);
	return r;
}

void base_close(struct base *base)
{
	if (!base->core.front)
		return;
	core_close(&base->core);
	free(base->argv);
	free(base->inherited);
	*base = (struct base){.core.fd = -1};
}
