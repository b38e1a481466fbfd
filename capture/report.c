/*
 * report.c - an audit, for people and for programs
 */
#include "report.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "report_blame.h"

/* Of a finding's resources: what made it, and what locked it. */
static const char *origin_key(enum resource_kind kind)
{
	return kind == RESOURCE_LOCK ? "lock" : "origin";
}

static json_t *finding_json(const struct finding *f)
{
	json_t *object = json_pack("{s:s, s:s, s:s}", "verdict",
				   verdict_name(f->verdict), "subject",
				   f->subject, "what", f->what);

	if (object && f->remedy[0])
		json_object_set_new(object, "remedy", json_string(f->remedy));
	if (object && f->offer[0])
		json_object_set_new(object, "carry", json_string(f->offer));
	for (size_t i = 0; object && i < f->resource_count; i++)
		if (f->resources[i].blame)
			json_object_set_new(
				object, origin_key(f->resources[i].kind),
				report_blame_json(f->resources[i].blame));
	return object;
}

static json_t *story_json(const struct report *report)
{
	json_t *story = json_array();

	for (size_t i = 0; i < report->story_count; i++)
		json_array_append_new(story,
				      report_blame_json(report->story[i]));
	return story;
}

static json_t *additions_json(const struct additions *additions)
{
	json_t *array = json_array();

	for (size_t i = 0; i < additions->count; i++) {
		const struct addition *a = &additions->items[i];

		json_array_append_new(
			array,
			json_pack("{s:s, s:s, s:I, s:I, s:I}", "kind",
				  addition_word(a->kind), "name", a->name,
				  "mappings", (json_int_t)a->mapping_count,
				  "size", (json_int_t)a->size, "written",
				  (json_int_t)a->written));
	}
	return array;
}

static void add_stop(const struct report *report, json_t *object)
{
	json_object_set_new(object, "stopped_ms",
			    json_integer((json_int_t)report->stopped_ms));
	json_object_set_new(object, "forked", json_boolean(report->is_forked));
	if (report->why_not_forked[0])
		json_object_set_new(object, "not_forked_because",
				    json_string(report->why_not_forked));
}

static void add_remapping(const struct remapping *remapping, json_t *object)
{
	json_t *to = json_pack(
		"{s:I, s:I, s:I, s:I}", "bytes", (json_int_t)remapping->size,
		"mappings", (json_int_t)remapping->mapping_count,
		"private_before", (json_int_t)remapping->private_before,
		"private_after", (json_int_t)remapping->private_after);

	if (remapping->why_not[0])
		json_object_set_new(to, "nothing_because",
				    json_string(remapping->why_not));
	json_object_set_new(object, "remapped", to);
}

char *report_json(const struct report *report)
{
	json_t *findings = json_array();
	char offers[AUDIT_OFFERS];
	json_t *object;
	char *text;

	for (size_t i = 0; i < report->audit->count; i++)
		json_array_append_new(findings,
				      finding_json(&report->audit->items[i]));
	object = json_pack("{s:s, s:i, s:s, s:b, s:I, s:I, s:o}", "service",
			   report->service, "pid", (int)report->pid, "ready",
			   ready_words(report->ready), "carried",
			   audit_refused(report->audit) == 0, "threads",
			   (json_int_t)report->thread_count, "mappings",
			   (json_int_t)report->totals.mapping_count, "findings",
			   findings);
	audit_offers(report->audit, offers);
	if (object && offers[0])
		json_object_set_new(object, "carry", json_string(offers));
	if (object && report->core_path) {
		json_object_set_new(object, "core",
				    json_string(report->core_path));
		json_object_set_new(
			object, "stored",
			json_integer((json_int_t)report->totals.stored));
		json_object_set_new(
			object, "stored_elsewhere",
			json_integer((json_int_t)report->totals.outside));
		if (report->lives_on)
			add_stop(report, object);
		if (report->remapping)
			add_remapping(report->remapping, object);
	}
	if (object && report->additions->count > 0)
		json_object_set_new(object, "library",
				    additions_json(report->additions));
	if (object && report->dropper[0])
		json_object_set_new(object, "copied_because_of",
				    json_string(report->dropper));
	if (object && report->explained >= 0)
		json_object_set_new(object, "story", story_json(report));
	if (object && report->explained >= 0 && report->unseen)
		json_object_set_new(object, "story_unknown",
				    json_string(report->unseen));
	text = object ? json_dumps(object, JSON_INDENT(2)) : NULL;
	json_decref(object);
	return text;
}

void report_print_json(const struct report *report)
{
	char *text = report_json(report);

	if (text)
		puts(text);
	free(text);
}

static bool is_shown(const struct finding *f, bool verbose)
{
	return verbose || f->verdict == VERDICT_REFUSED ||
	       f->verdict == VERDICT_NOTED;
}

static const struct finding *find_explained(const struct report *report)
{
	for (size_t i = 0; i < report->audit->count; i++) {
		const struct finding *f = &report->audit->items[i];

		for (size_t k = 0; k < f->resource_count; k++)
			if (f->resources[k].kind == RESOURCE_DESCRIPTOR &&
			    f->resources[k].id == report->explained)
				return f;
	}
	return NULL;
}

/* All that was seen of a descriptor, and what has become of it. */
static void print_story(const struct report *report)
{
	const struct finding *f = find_explained(report);

	fprintf(stderr, "%-9s fd %d\n", "story", report->explained);
	if (report->unseen)
		report_blame_say("nothing was seen: %s", report->unseen);
	for (size_t i = 0; i < report->story_count; i++) {
		report_blame_print(report->story[i]);
		if (report->story_lost && i + 1 == report->story_count / 2)
			report_blame_say("and %zu more events",
					 report->story_lost);
	}
	if (f)
		report_blame_say("at the ready point %s: %s",
				 verdict_name(f->verdict), f->what);
	else
		report_blame_say("not open at the ready point");
}

/* What to do about a finding stands below what it is. */
static const char margin[] = "                           ";

static void print_core(const struct report *report)
{
	fprintf(stderr, "%s: %zu mappings, %.1f MiB", report->core_path,
		report->totals.mapping_count,
		(double)report->totals.stored / (1 << 20));
	if (report->totals.outside)
		fprintf(stderr, " and %.1f MiB in %zu other file%s",
			(double)report->totals.outside / (1 << 20),
			report->totals.source_count,
			report->totals.source_count == 1 ? "" : "s");
	fprintf(stderr, ", %zu thread%s, taken %s", report->thread_count,
		report->thread_count == 1 ? "" : "s",
		ready_words(report->ready));
	if (report->lives_on)
		fprintf(stderr, ", stopped for %llu ms",
			(unsigned long long)report->stopped_ms);
	if (report->lives_on && report->why_not_forked[0])
		fprintf(stderr, " as %s", report->why_not_forked);
	fputc('\n', stderr);
}

static void print_audit(const struct report *report)
{
	fprintf(stderr,
		"%s could be captured: %zu mappings, %zu thread%s, taken %s\n",
		report->service, report->totals.mapping_count,
		report->thread_count, report->thread_count == 1 ? "" : "s",
		ready_words(report->ready));
}

static void print_remapping(const struct report *report)
{
	const struct remapping *remapping = report->remapping;

	if (remapping->why_not[0]) {
		fprintf(stderr, "re-mapped nothing: %s\n", remapping->why_not);
		return;
	}
	fprintf(stderr,
		"re-mapped %.1f MiB in %zu mapping%s onto %s; private memory "
		"before %.1f MiB, after %.1f MiB",
		(double)remapping->size / (1 << 20), remapping->mapping_count,
		remapping->mapping_count == 1 ? "" : "s", report->core_path,
		(double)remapping->private_before / (1 << 20),
		(double)remapping->private_after / (1 << 20));
	if (report->dropper[0])
		fprintf(stderr,
			"; not what is copied at restore, because %s may drop "
			"pages",
			report->dropper);
	fputc('\n', stderr);
}

void report_print(const struct report *report, bool verbose)
{
	for (size_t i = 0; i < report->audit->count; i++) {
		const struct finding *f = &report->audit->items[i];

		if (!is_shown(f, verbose))
			continue;
		fprintf(stderr, "%-9s %-16s %s\n", verdict_name(f->verdict),
			f->subject, f->what);
		if (f->offer[0])
			fprintf(stderr, "%s%s Or use --carry=%s.\n", margin,
				f->remedy, f->offer);
		else if (f->remedy[0])
			fprintf(stderr, "%s%s\n", margin, f->remedy);
		for (size_t k = 0; k < f->resource_count; k++)
			if (f->resources[k].blame)
				report_blame_print(f->resources[k].blame);
	}
	if (report->explained >= 0)
		print_story(report);
	if (report->could_be)
		print_audit(report);
	if (report->core_path)
		print_core(report);
	if (report->core_path && report->remapping)
		print_remapping(report);
}
