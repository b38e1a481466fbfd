/*
 * lacks.c - what this machine lacks to restore a core
 *
 * The same questions as the restorer asks before it changes anything; but it
 * ends at the first that is answered with no.
 */
#include "lacks.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "restore/backing.h"
#include "restore/fitness.h"
#include "restore/sources.h"
#include "restore/vdso.h"
#include "text_json.h"

static int ask_fitness(const struct core *core, struct error *err)
{
	struct frame_layout layout;

	return fitness_check(core, &layout, err);
}

/* Of files only: shared memory would be made, for nothing. */
static int ask_backing(const struct core *core, struct error *err)
{
	struct core without_objects = *core;
	int *fds = NULL;
	int r;

	without_objects.object_count = 0;
	r = backing_open(&without_objects, NULL, &fds, err);

	for (size_t i = 0; r == 0 && fds && i < core->mapping_count; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (r == 0)
		free(fds);
	return r;
}

static int ask_vdso(const struct core *core, struct error *err)
{
	struct vdso_plan plan = {0};
	int r = vdso_plan_make(&plan, core, err);

	vdso_plan_deinit(&plan);
	return r;
}

static int ask_sources(const struct core *core, const char *core_path,
		       const struct source_places *places, struct error *err)
{
	int *fds = NULL;
	int r = sources_open(core, core_path, places, &fds, err);

	if (r == 0)
		r = sources_check_mounts(core, fds, err);
	sources_close(core, fds);
	return r;
}

static int (*const questions[])(const struct core *core, struct error *err) = {
	ask_fitness,
	ask_backing,
	ask_vdso,
};

static json_t *lack_json(const struct error *err)
{
	json_t *object = json_pack("{s:o}", "what",
				   text_json(err->text, strlen(err->text)));

	if (err->hint[0])
		json_object_set_new(object, "hint",
				    text_json(err->hint, strlen(err->hint)));
	return object;
}

json_t *lacks_json(const struct core *core, const char *core_path,
		   const struct source_places *places)
{
	json_t *list = json_array();
	struct error err = {0};

	for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++) {
		err = (struct error){0};
		if (questions[i](core, &err) < 0)
			json_array_append_new(list, lack_json(&err));
	}
	err = (struct error){0};
	if (ask_sources(core, core_path, places, &err) < 0)
		json_array_append_new(list, lack_json(&err));
	return list;
}
