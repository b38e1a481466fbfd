/*
 * report.c - an audit, for people and for programs
 */
#include "report.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static json_t *finding_json(const struct finding *f)
{
	json_t *object = json_pack("{s:s, s:s, s:s}", "verdict",
				   verdict_name(f->verdict), "subject",
				   f->subject, "what", f->what);

	if (object && f->remedy[0])
		json_object_set_new(object, "remedy", json_string(f->remedy));
	if (object && f->offer[0])
		json_object_set_new(object, "carry", json_string(f->offer));
	return object;
}

char *report_json(const struct report *report)
{
	json_t *findings = json_array();
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
	if (object && report->core_path) {
		json_object_set_new(object, "core",
				    json_string(report->core_path));
		json_object_set_new(
			object, "stored",
			json_integer((json_int_t)report->totals.stored));
	}
	if (object && report->dropper[0])
		json_object_set_new(object, "copied_because_of",
				    json_string(report->dropper));
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

void report_print(const struct report *report, bool verbose)
{
	for (size_t i = 0; i < report->audit->count; i++) {
		const struct finding *f = &report->audit->items[i];

		if (!is_shown(f, verbose))
			continue;
		fprintf(stderr, "%-9s %-16s %s\n", verdict_name(f->verdict),
			f->subject, f->what);
		if (f->offer[0])
			fprintf(stderr, "%-26s %s Or use --carry=%s.\n", "",
				f->remedy, f->offer);
		else if (f->remedy[0])
			fprintf(stderr, "%-26s %s\n", "", f->remedy);
	}
	if (report->core_path)
		fprintf(stderr,
			"%s: %zu mappings, %.1f MiB, %zu thread%s, taken "
			"%s\n",
			report->core_path, report->totals.mapping_count,
			(double)report->totals.stored / (1 << 20),
			report->thread_count,
			report->thread_count == 1 ? "" : "s",
			ready_words(report->ready));
}
