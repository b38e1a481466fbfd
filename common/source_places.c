/*
 * source_places.c - where files are now that hold bytes of an image
 */
#include "source_places.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"

static int take_place(const char **places, size_t *count, const char *text,
		      struct error *err)
{
	if (*count == SOURCE_PLACES_MAX) {
		error_set(err, FAULT_USAGE,
			  "more than %d files have another place",
			  SOURCE_PLACES_MAX);
		error_hint(err, "Bases are also looked for beside the core.");
		return -err->code;
	}
	places[(*count)++] = text;
	return 0;
}

int source_places_take_base(struct source_places *places, const char *text,
			    struct error *err)
{
	return take_place(places->bases, &places->base_count, text, err);
}

int source_places_take_file(struct source_places *places, const char *text,
			    struct error *err)
{
	if (text[0] == '=' || !strchr(text, '=')) {
		error_set(err, FAULT_USAGE,
			  "'%s' names no file and its new place, OLD=NEW",
			  text);
		error_hint(err, "OLD is the path that it had when it was "
				"captured, as an error names it.");
		return -err->code;
	}
	return take_place(places->moved, &places->moved_count, text, err);
}

const char *source_places_find_file(const struct source_places *places,
				    const char *name)
{
	const size_t length = strlen(name);

	for (size_t i = 0; i < places->moved_count; i++)
		if (strncmp(places->moved[i], name, length) == 0 &&
		    places->moved[i][length] == '=')
			return places->moved[i] + length + 1;
	return name;
}

/* Whether it is the base; @err is why it is not. */
static bool is_base(const struct core *core, const struct core_source *source,
		    const char *path, int *ret_fd, struct error *err)
{
	struct stat own, others;
	struct core base;

	if (core_open(&base, path, err) < 0)
		return false;
	if (fstat(core->fd, &own) == 0 && fstat(base.fd, &others) == 0 &&
	    own.st_dev == others.st_dev && own.st_ino == others.st_ino)
		error_set(err, FAULT_CORRUPT, "'%s' is its own base", path);
	else if (base.image->digest != source->digest)
		error_set(err, FAULT_UNSUPPORTED,
			  "'%s' is another core than its base; then: digest "
			  "%016" PRIx64 ", now: %016" PRIx64,
			  path, source->digest, base.image->digest);
	else
		*ret_fd = take_fd(&base.fd);
	core_close(&base);
	return err->fault == FAULT_NONE;
}

/* The same name, in the folder of @core_path. */
static void place_beside(char path[PATH_MAX], const char *core_path,
			 const char *name)
{
	const char *slash = strrchr(core_path, '/');
	const char *base = strrchr(name, '/');

	snprintf(path, PATH_MAX, "%.*s%s",
		 slash ? (int)(slash + 1 - core_path) : 0, core_path,
		 base ? base + 1 : name);
}

static bool is_missing(const struct error *err)
{
	return err->fault == FAULT_SYSTEM &&
	       (err->code == ENOENT || err->code == ENOTDIR);
}

static int refuse_base(struct error *err, const struct error *why)
{
	*err = *why;
	error_context(err, "its base cannot be had");
	if (is_missing(err))
		error_hint(err, "If it is elsewhere now, --base FILE says "
				"where.");
	else if (err->fault != FAULT_SYSTEM)
		error_hint(err, "Name the right one with --base FILE, or "
				"capture again.");
	return -err->code;
}

/* A core that is another one tells more than one that is not there. */
int source_places_open_base(const struct source_places *places,
			    const struct core *core,
			    const struct core_source *source,
			    const char *core_path, struct source_base *ret_base,
			    struct error *err)
{
	const char *name = core->names + source->name;
	struct error why = {0};
	char beside[PATH_MAX];

	place_beside(beside, core_path, name);
	for (size_t i = 0; i < 2 + places->base_count; i++) {
		const char *path = i == 0   ? name
				   : i == 1 ? beside
					    : places->bases[i - 2];
		struct error here = {0};

		if (is_base(core, source, path, &ret_base->fd, &here)) {
			snprintf(ret_base->path, PATH_MAX, "%s", path);
			return 0;
		}
		if (i == 0 || (why.fault == FAULT_SYSTEM && !is_missing(&here)))
			why = here;
	}
	return refuse_base(err, &why);
}
