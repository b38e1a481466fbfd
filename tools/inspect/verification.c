/*
 * verification.c - whether the bytes in a core are those that were captured
 */
#include "verification.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/io.h"
#include "common/page_digest.h"
#include "mappings.h"
#include "needs.h"
#include "stored.h"
#include "text_json.h"

/* @checked, @bytes: of what has been read */
struct verification {
	const struct core *core;
	struct page_digest *digest;
	json_t *damaged;
	size_t checked;
	uint64_t bytes;
};

/* *ret_is_damaged says what its digest is now. */
static int check(struct verification *v, const struct stored_bytes *of,
		 uint64_t expected, bool *ret_is_damaged, struct error *err)
{
	uint64_t digest;
	int r = stored_digest(v->core->fd, of, v->digest, &digest, &v->bytes);

	if (r < 0)
		return error_system(err, -r, "cannot read its memory");
	v->checked++;
	*ret_is_damaged = digest != expected;
	return 0;
}

static int check_mappings(struct verification *v, struct error *err)
{
	const struct core *core = v->core;
	const struct core_mapping_digest *next = core->digests;
	int r = 0;

	for (size_t i = 0; r == 0 && i < core->mapping_count; i++) {
		const struct core_mapping *m = &core->mappings[i];
		bool is_damaged = false;

		if (m->offset == 0)
			continue;
		r = check(v,
			  &(struct stored_bytes){m->offset, m->end - m->start,
						 m->start},
			  next++->digest, &is_damaged, err);
		if (is_damaged)
			json_array_append_new(v->damaged,
					      mapping_name_json(core, m));
	}
	return r;
}

static json_t *memfd_json(const struct core *core, const struct core_file *file)
{
	const char *name = core->names + file->name;

	return json_pack("{s:o}", "memfd", text_json(name, strlen(name)));
}

static int check_memfds(struct verification *v, struct error *err)
{
	const struct core *core = v->core;
	int r = 0;

	for (size_t i = 0; r == 0 && i < core->file_count; i++) {
		const struct core_file *file = &core->files[i];
		bool is_damaged = false;

		if (file->kind != CORE_FILE_MEMFD || file->data_size == 0)
			continue;
		r = check(
			v,
			&(struct stored_bytes){file->data, file->data_size, 0},
			file->values[CORE_MEMFD_DIGEST], &is_damaged, err);
		if (is_damaged)
			json_array_append_new(v->damaged,
					      memfd_json(core, file));
	}
	return r;
}

static int verify(const struct core *core, json_t **ret_object,
		  struct error *err)
{
	struct verification v = {
		.core = core,
		.digest = page_digest_create(),
		.damaged = json_array(),
	};
	int r = 0;

	if (!v.digest)
		r = error_system(err, ENOMEM, "cannot read its memory");
	if (r == 0)
		r = check_mappings(&v, err);
	if (r == 0)
		r = check_memfds(&v, err);
	if (r == 0)
		*ret_object = json_pack(
			"{s:I, s:I, s:O}", "checked", (json_int_t)v.checked,
			"bytes", (json_int_t)v.bytes, "damaged", v.damaged);
	json_decref(v.damaged);
	page_digest_destroy(v.digest);
	return r;
}

/*
 * That which was found, whatever stands at its name.  What it needs itself the
 * layer needs, too, and has it among its own sources.
 */
static int verify_base(int fd, json_t *bases, struct error *err)
{
	char link[64], path[PATH_MAX] = "";
	struct core base;
	json_t *object = NULL;
	int r;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	io_read_link(link, path, sizeof(path));
	r = core_open(&base, link, err);
	if (r == 0) {
		r = verify(&base, &object, err);
		core_close(&base);
	}
	if (r < 0)
		return error_context(err, "its base '%s'", path);
	json_object_set_new(object, "name", text_json(path, strlen(path)));
	json_array_append_new(bases, object);
	return 0;
}

static int verify_bases(const struct core *core, const int *fds, json_t *object,
			struct error *err)
{
	json_t *bases = json_array();
	int r = 0;

	json_object_set_new(object, "bases", bases);
	for (size_t i = 0; r == 0 && i < core->source_count; i++)
		if (core->sources[i].digest)
			r = verify_base(fds[i], bases, err);
	return r;
}

static json_t *unread_json(const struct core *core)
{
	json_t *needs = needs_json(core);
	json_int_t files = 0;
	json_int_t bytes = 0;

	for (size_t i = 0; i < json_array_size(needs); i++) {
		const json_t *need = json_array_get(needs, i);

		if (json_object_get(need, "digest"))
			continue;
		files++;
		bytes += json_integer_value(json_object_get(need, "bytes"));
	}
	json_decref(needs);
	return json_pack("{s:I, s:I}", "files", files, "bytes", bytes);
}

int verification_make(const struct core *core, const int *fds,
		      json_t **ret_object, struct error *err)
{
	json_t *object = NULL;
	int r = verify(core, &object, err);

	if (r == 0 && fds) {
		json_object_set_new(object, "unread", unread_json(core));
		r = verify_bases(core, fds, object, err);
	}
	if (r == 0)
		*ret_object = json_incref(object);
	json_decref(object);
	return r;
}

/* @base: the name of the base that it is of, or NULL */
static int judge(const json_t *object, const char *base, struct error *err)
{
	const size_t damaged =
		json_array_size(json_object_get(object, "damaged"));

	if (damaged == 0)
		return 0;
	return error_set(
		err, FAULT_CORRUPT,
		"%s%s%s is damaged: of %lld pieces of memory %zu %s not as "
		"captured",
		base ? "its base '" : "it", base ? base : "", base ? "'" : "",
		json_integer_value(json_object_get(object, "checked")), damaged,
		damaged == 1 ? "is" : "are");
}

int verification_judge(const json_t *object, struct error *err)
{
	const json_t *bases = json_object_get(object, "bases");
	int r = judge(object, NULL, err);

	for (size_t i = 0; r == 0 && i < json_array_size(bases); i++) {
		const json_t *base = json_array_get(bases, i);

		r = judge(base,
			  json_string_value(json_object_get(base, "name")),
			  err);
	}
	return r;
}
