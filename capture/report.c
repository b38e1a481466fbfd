/*
 * report.c - an audit, for people and for programs
 */
#include "report.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	FRAMES_SHOWN = 8,
};

/* By enum origin_event. */
static const char *const event_words[] = {
	[ORIGIN_MADE] = "made",
	[ORIGIN_ENDED] = "ended",
	[ORIGIN_EXECUTED] = "closed on exec",
};

static json_t *frame_json(const struct blame_frame *frame)
{
	json_t *functions = json_array();
	const char *function = frame->functions;
	char address[32];

	for (size_t i = 0; i < frame->function_count; i++) {
		json_array_append_new(functions, json_string(function));
		function = blame_next_function(function);
	}
	snprintf(address, sizeof(address), "%#" PRIx64, frame->address);
	return json_pack("{s:s, s:o}", "address", address, "functions",
			 functions);
}

static json_t *blame_json(const struct blame *blame)
{
	json_t *frames, *object;

	if (blame->unknown)
		return json_pack("{s:s}", "unknown", blame->unknown);
	frames = json_array();
	for (size_t i = 0; i < blame->frame_count; i++)
		json_array_append_new(frames, frame_json(&blame->frames[i]));
	object = json_pack("{s:s, s:i, s:s, s:s, s:I, s:o}", "event",
			   event_words[blame->event], "thread", (int)blame->tid,
			   "name", blame->comm, "call",
			   blame->call ? blame->call : "", "ms",
			   (json_int_t)blame->ms, "frames", frames);
	if (object && blame->copied >= 0)
		json_object_set_new(object, "copied_fd",
				    json_integer(blame->copied));
	return object;
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
	if (object && f->blame)
		json_object_set_new(object, "origin", blame_json(f->blame));
	return object;
}

static json_t *story_json(const struct report *report)
{
	json_t *story = json_array();

	for (size_t i = 0; i < report->story_count; i++)
		json_array_append_new(story, blame_json(report->story[i]));
	return story;
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
	if (object && report->explained >= 0)
		json_object_set_new(object, "story", story_json(report));
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

/* Each line below a finding begins there. */
static const char margin[] = "                           ";

/* As many lines as one can take in; the JSON has all of them. */
static void print_frames(const struct blame *blame)
{
	size_t lines = 0, left = 0;

	for (size_t i = 0; i < blame->frame_count; i++) {
		const struct blame_frame *frame = &blame->frames[i];
		const char *function = frame->functions;

		for (size_t k = 0; k < frame->function_count; k++) {
			if (lines++ < FRAMES_SHOWN)
				fprintf(stderr, "%s  %s\n", margin, function);
			else
				left++;
			function = blame_next_function(function);
		}
	}
	if (left > 0)
		fprintf(stderr, "%s  and %zu more, which --json shows\n",
			margin, left);
}

static void print_blame(const struct blame *blame)
{
	char text[160];

	blame_describe(blame, text);
	fprintf(stderr, "%s%s%s\n", margin, text,
		blame->frame_count ? ":" : "");
	print_frames(blame);
}

static void print_story(const struct report *report)
{
	fprintf(stderr, "%-9s fd %d%s\n", "story", report->explained,
		report->story_count ? "" : ": nothing was seen of it");
	for (size_t i = 0; i < report->story_count; i++) {
		fprintf(stderr, "%-9s %s\n", "",
			event_words[report->story[i]->event]);
		print_blame(report->story[i]);
	}
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
		if (f->blame)
			print_blame(f->blame);
	}
	if (report->explained >= 0)
		print_story(report);
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
