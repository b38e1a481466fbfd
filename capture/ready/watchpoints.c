/*
 * watchpoints.c - the addresses at which the service may become ready
 */
#include "watchpoints.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "capture/memory/restored.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "common/mapping.h"
#include "location.h"

static bool is_known(const struct watchpoints *w, const struct mapping *m)
{
	for (size_t i = 0; i < w->file_count; i++)
		if (w->files[i].inode == m->inode &&
		    w->files[i].start == m->start)
			return true;
	return false;
}

static int remember(struct watchpoints *w, const struct mapping *m,
		    struct error *err)
{
	struct watched_file *files =
		realloc(w->files, (w->file_count + 1) * sizeof(*files));

	if (!files)
		return error_system(err, ENOMEM, "cannot keep the files");
	w->files = files;
	files[w->file_count++] = (struct watched_file){
		.inode = m->inode,
		.start = m->start,
	};
	return 0;
}

static int find_in_file(const struct ready *ready, const char *path,
			struct location_list *locations, struct error *err)
{
	char name[PATH_MAX];
	int r = 0;

	snprintf(name, sizeof(name), "%.*s", (int)ready->name_length,
		 ready->name ? ready->name : "");
	if (ready_may_be(ready, CORE_READY_SYMBOL))
		r = location_find_symbol(path, name, locations, err);
	else if (ready_may_be(ready, CORE_READY_LINE))
		r = location_find_line(path, name, ready->line, locations, err);
	else if (ready_may_be(ready, CORE_READY_MARKER))
		r = location_find_probe(path, "subctx", "ready", locations,
					err);
	return r;
}

int watchpoints_check(const struct ready *ready, const char *path,
		      struct error *err)
{
	struct location_list locations = {0};
	int r = find_in_file(ready, path, &locations, err);

	if (r == 0 && locations.count == 0 &&
	    ready_may_be(ready, CORE_READY_SYMBOL))
		r = error_set(err, FAULT_USAGE,
			      "'%s' has no symbol '%s', and is static", path,
			      ready->name);
	if (r == 0 && locations.count == 0 &&
	    ready_may_be(ready, CORE_READY_LINE))
		r = error_set(err, FAULT_USAGE,
			      "'%s' has no code at '%s', or no debug "
			      "information, and is static",
			      path, ready->name);
	location_list_deinit(&locations);
	return r;
}

static int add_locations(struct watchpoints *w, const struct mapping *m,
			 const struct location_list *locations,
			 struct error *err)
{
	uint64_t *addresses;
	uint64_t bias;
	int r;

	if (locations->count == 0)
		return 0;
	addresses = realloc(w->addresses,
			    (w->count + locations->count) * sizeof(*addresses));
	if (!addresses)
		return error_system(err, ENOMEM, "cannot keep the addresses");
	w->addresses = addresses;
	r = location_load_bias(m->name, m->start, m->offset, &bias, err);
	for (size_t i = 0; r == 0 && i < locations->count; i++)
		w->addresses[w->count++] = bias + locations->addresses[i];
	return r;
}

/* The first mapping of a file is where its bias shows. */
static int look_at(struct watchpoints *w, const struct mapping_list *list,
		   const struct mapping *m, struct error *err)
{
	struct location_list locations = {0};
	const struct mapping *first = m;
	int r;

	while (first > list->items && first[-1].inode == m->inode &&
	       strcmp(first[-1].name, m->name) == 0)
		first--;
	if (is_known(w, first))
		return 0;
	r = remember(w, first, err);
	if (r == 0)
		r = find_in_file(w->ready, m->name, &locations, err);
	if (r == 0)
		r = add_locations(w, first, &locations, err);
	location_list_deinit(&locations);
	return r;
}

int watchpoints_update(struct watchpoints *w, struct tracee *t,
		       struct error *err)
{
	struct mapping_list list = {0};
	char *text = NULL;
	int r = io_read_filef(&text, NULL, "/proc/%d/maps", t->pid);

	if (r < 0)
		return error_system(err, -r, "cannot read '/proc/%d/maps'",
				    t->pid);
	r = mapping_list_parse(&list, text, err);
	if (r == 0)
		r = restored_name(&list, t->pid, err);
	for (size_t i = 0; r == 0 && i < list.count; i++) {
		const struct mapping *m = &list.items[i];

		if (m->protection & PROT_EXEC && !m->shared && m->inode != 0 &&
		    m->name[0] == '/' && !m->deleted)
			r = look_at(w, &list, m, err);
	}
	mapping_list_deinit(&list);
	/* All of them, as a file may be mapped again where it was before. */
	for (size_t i = 0; r == 0 && i < w->count; i++)
		r = tracee_watch(t, w->addresses[i], err);
	return r;
}

/*
 * Most libraries have no probe, which their file says at less cost than all that
 * is mapped.
 */
static bool may_bring_some(const struct watchpoints *w, const struct tracee *t,
			   const uint64_t arguments[6])
{
	struct location_list locations = {0};
	struct error ignored = {0};
	char path[64], name[PATH_MAX];
	bool may = true;

	if (w->count > 0 || ready_may_be(w->ready, CORE_READY_SYMBOL) ||
	    ready_may_be(w->ready, CORE_READY_LINE))
		return true;
	if (arguments[3] & MAP_ANONYMOUS)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", t->pid,
		 (int)arguments[4]);
	if (io_read_link(path, name, sizeof(name)) >= 0 &&
	    find_in_file(w->ready, name, &locations, &ignored) == 0)
		may = locations.count > 0;
	location_list_deinit(&locations);
	return may;
}

int watchpoints_see(struct watchpoints *w, struct tracee *t,
		    const uint64_t arguments[6], struct error *err)
{
	return may_bring_some(w, t, arguments) ? watchpoints_update(w, t, err)
					       : 0;
}

void watchpoints_clear(struct watchpoints *w)
{
	w->count = 0;
	w->file_count = 0;
}

void watchpoints_deinit(struct watchpoints *w)
{
	free(w->files);
	free(w->addresses);
	*w = (struct watchpoints){0};
}
