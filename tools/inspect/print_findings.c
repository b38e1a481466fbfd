/*
 * print_findings.c - what the capture has found, and who did it
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "print_parts.h"

enum {
	VERDICT_WIDTH = 10,
	BLAME_INDENT = 2 + VERDICT_WIDTH,
	FRAMES_SHOWN = 24, /* of each; the JSON has all */
};

/* All of them in one paragraph. */
static void print_frames(const struct paper *paper, const json_t *frames)
{
	const size_t count = json_array_size(frames);
	const size_t shown = count < FRAMES_SHOWN ? count : FRAMES_SHOWN;
	char *words = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&words, &size);

	for (size_t i = 0; out && i < shown; i++) {
		cleanup_heap char *text =
			print_frame(json_array_get(frames, i));

		fprintf(out, "%s%s", i > 0 ? ", " : "", text ? text : "");
	}
	if (out && shown < count)
		fprintf(out, ", and %zu more, see --json", count - shown);
	if (out)
		fclose(out);
	if (words && words[0])
		paper_words(paper, BLAME_INDENT + 2, "%s", words);
	free(words);
}

/* "thread 4711 (svc)"; one that has ended has no id. */
static char *name_thread(const json_t *origin)
{
	const uint64_t id = print_number_of(origin, "thread");
	char *text = NULL;

	if (id == 0)
		return strdup("a thread that has ended");
	return asprintf(&text, "thread %" PRIu64 " (%s)", id,
			print_text_of(origin, "name")) < 0
		       ? NULL
		       : text;
}

static void print_event(const struct paper *paper, const json_t *origin,
			const char *before, const char *verb)
{
	const uint64_t ms = print_number_of(origin, "ms");
	const char *call = print_text_of(origin, "call");
	cleanup_heap char *thread = name_thread(origin);

	paper_words(
		paper, BLAME_INDENT,
		"%s%s %" PRIu64 ".%02" PRIu64 " s after the start by %s%s%s%s",
		before, verb, ms / 1000, ms % 1000 / 10, thread ? thread : "",
		call[0] ? " in " : "", call, call[0] ? "(2)" : "");
	print_frames(paper, json_object_get(origin, "frames"));
}

/* One event, without those that it leads to. */
static void print_one(const struct paper *paper, const json_t *origin,
		      const char *before, const char *verb)
{
	const json_t *copied = json_object_get(origin, "copied_fd");
	char copy[64];

	if (json_is_true(json_object_get(origin, "inherited"))) {
		paper_words(paper, BLAME_INDENT, "%sinherited from the caller",
			    before);
		return;
	}
	if (json_object_get(origin, "unknown")) {
		paper_words(paper, BLAME_INDENT,
			    "%show it came to be was not seen: %s", before,
			    print_text_of(origin, "unknown"));
		return;
	}
	snprintf(copy, sizeof(copy), "copied from fd %" PRIu64,
		 print_number_of(origin, "copied_fd"));
	print_event(paper, origin, before, copied ? copy : verb);
}

static void print_origin(const struct paper *paper, const json_t *origin,
			 const char *verb)
{
	const json_t *rival = json_object_get(origin, "or");
	const json_t *base = json_object_get(origin, "copied");

	print_one(paper, origin, "", verb);
	if (rival)
		print_one(paper, rival, "or, at the same time, ", verb);
	if (json_object_get(origin, "unless"))
		paper_words(paper, BLAME_INDENT,
			    "unless an %s has made it since",
			    print_text_of(origin, "unless"));
	for (; base; base = json_object_get(base, "copied")) {
		char before[64];

		snprintf(before, sizeof(before), "fd %" PRIu64 " was ",
			 print_number_of(origin, "copied_fd"));
		print_one(paper, base, before, verb);
		origin = base;
	}
}

/* What was done, by the thing that it was done to. */
static const char *verb_of(const char *subject)
{
	static const char *const verbs[][2] = {
		{"fd ", "opened"},
		{"process id", "asked for"},
		{"randomness", "taken"},
	};

	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (strncmp(subject, verbs[i][0], strlen(verbs[i][0])) == 0)
			return verbs[i][1];
	return "made";
}

static void print_finding(const struct paper *paper, const json_t *finding)
{
	const char *subject = print_text_of(finding, "subject");
	const json_t *origin = json_object_get(finding, "origin");
	const json_t *lock = json_object_get(finding, "lock");

	paper_entry(paper, VERDICT_WIDTH, print_text_of(finding, "verdict"),
		    "%s: %s", subject, print_text_of(finding, "what"));
	if (origin)
		print_origin(paper, origin, verb_of(subject));
	if (lock)
		print_origin(paper, lock, "locked");
}

void print_findings(const struct paper *paper, const json_t *findings)
{
	const size_t count = json_array_size(findings);

	paper_gap(paper);
	paper_line(paper, "%zu finding%s", count, count == 1 ? "" : "s");
	for (size_t i = 0; i < count; i++)
		print_finding(paper, json_array_get(findings, i));
}
