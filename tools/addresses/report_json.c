/*
 * report_json.c - the answers, for programs
 *
 * Addresses are strings, as a number of JSON that is read as a double has 53
 * bits.
 */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "report.h"

static json_t *address_json(uint64_t address)
{
	return json_sprintf("%#" PRIx64, address);
}

static json_t *size_json(uint64_t size)
{
	return json_integer((json_int_t)size);
}

/* Names that are not UTF-8 are left out: JSON has no way to write them. */
static void set_text(json_t *object, const char *key, const char *text)
{
	json_t *string = text ? json_string(text) : NULL;

	json_object_set_new(object, key, string ? string : json_null());
}

static const char *source_name(enum space_source source)
{
	return source == SPACE_PROCESS ? "process"
	       : source == SPACE_CORE  ? "core"
				       : "program";
}

static const char *placement_name(enum space_placement placement)
{
	static const char *const names[] = {
		[PLACED_UNKNOWN] = "unknown",
		[PLACED_FIXED] = "fixed",
		[PLACED_FREELY] = "free",
		[PLACED_RESTORED] = "restored",
	};

	return names[placement];
}

static json_t *area_json(const struct area *area)
{
	json_t *object = json_object();

	set_text(object, "kind", area_kind_name(area->kind));
	set_text(object, "name", area->name);
	return object;
}

static json_t *areas_json(const struct area_list *areas)
{
	json_t *array = json_array();

	for (size_t i = 0; i < areas->count; i++) {
		const struct area *area = &areas->items[i];
		json_t *object = area_json(area);

		json_object_set_new(object, "start", address_json(area->start));
		json_object_set_new(object, "end", address_json(area->end));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *space_json(const struct space *space)
{
	json_t *object = json_object();

	set_text(object, "source", source_name(space->source));
	set_text(object, "label", space->label);
	set_text(object, "program", space->program);
	set_text(object, "placement", placement_name(space->placement));
	json_object_set_new(object, "script", json_boolean(space->is_script));
	json_object_set_new(object, "not_randomised",
			    json_boolean(space->not_randomised));
	return object;
}

static json_t *collision_json(const struct collision_list *list,
			      const struct collision *c)
{
	json_t *object = json_object();
	json_t *at = json_array();

	for (size_t i = 0; i < list->space_count; i++) {
		json_t *area;

		if (!c->at[i])
			continue;
		area = area_json(c->at[i]);
		json_object_set_new(area, "space", size_json(i));
		json_array_append_new(at, area);
	}
	json_object_set_new(object, "start", address_json(c->start));
	json_object_set_new(object, "end", address_json(c->end));
	json_object_set_new(object, "size", size_json(collision_size(c)));
	json_object_set_new(object, "vsyscall", json_boolean(c->is_kernels));
	json_object_set_new(object, "at", at);
	return object;
}

static json_t *pairs_json(const struct collision_list *list)
{
	json_t *array = json_array();

	for (size_t a = 0; a < list->space_count; a++)
		for (size_t b = a + 1; b < list->space_count; b++) {
			const struct collision_sum sum =
				collision_sum(list, a, b);

			json_array_append_new(
				array,
				json_pack("{s:[I,I], s:I, s:I}", "spaces",
					  (json_int_t)a, (json_int_t)b,
					  "ranges", (json_int_t)sum.ranges,
					  "bytes", (json_int_t)sum.bytes));
		}
	return array;
}

static void print(json_t *object)
{
	json_dumpf(object, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(object);
}

void report_collisions_json(const struct space *spaces,
			    const struct collision_list *list)
{
	json_t *object = json_object();
	json_t *all = json_array();
	json_t *collisions = json_array();

	for (size_t i = 0; i < list->space_count; i++) {
		json_t *space = space_json(&spaces[i]);

		json_object_set_new(space, "bytes",
				    size_json(space_bytes(&spaces[i])));
		json_object_set_new(space, "areas",
				    areas_json(&spaces[i].areas));
		json_array_append_new(all, space);
	}
	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(collisions,
				      collision_json(list, &list->items[i]));
	json_object_set_new(object, "spaces", all);
	json_object_set_new(object, "collisions", collisions);
	json_object_set_new(object, "pairs", pairs_json(list));
	print(object);
}

static json_t *part_json(const struct survey_part *part)
{
	const struct randomness *r = &part->randomness;
	json_t *object = json_object();

	json_object_set_new(object, "bits", json_real(r->bits));
	json_object_set_new(object, "varying_bits", size_json(r->varying_bits));
	json_object_set_new(object, "distinct", size_json(r->distinct));
	json_object_set_new(object, "step", size_json(r->step));
	json_object_set_new(object, "size", size_json(part->size));
	json_object_set_new(object, "lowest", address_json(r->lowest));
	json_object_set_new(object, "highest", address_json(r->highest));
	return object;
}

void report_survey_json(const struct space *space, const struct survey *survey)
{
	const double even = randomness_even(survey->pair);
	json_t *object = space_json(space);
	json_t *parts = json_object();

	for (enum sample_part part = 0; part < PART_COUNT; part++)
		if (survey->parts[part].is_there)
			json_object_set_new(parts, sample_part_name(part),
					    part_json(&survey->parts[part]));
	json_object_set_new(object, "samples", size_json(survey->samples));
	json_object_set_new(object, "parts", parts);
	json_object_set_new(object, "pair_chance", json_real(survey->pair));
	json_object_set_new(object, "even_chance_images",
			    isfinite(even) ? json_real(ceil(even))
					   : json_null());
	print(object);
}
