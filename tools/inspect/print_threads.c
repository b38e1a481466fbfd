/*
 * print_threads.c - the threads of a service, and the calls that they are in
 */
#include <inttypes.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "print_parts.h"

enum {
	FRAMES_SHOWN = 24, /* of each; the JSON has more */
	FRAME_INDENT = 4,
};

static void print_thread(const struct paper *paper, const json_t *thread)
{
	const json_t *frames = json_object_get(thread, "frames");
	const size_t count = json_array_size(frames);
	const size_t shown = count < FRAMES_SHOWN ? count : FRAMES_SHOWN;

	paper_words(
		paper, 2, "%" PRIu64 " %s%s%s", print_number_of(thread, "id"),
		print_text_of(thread, "name"),
		json_is_true(json_object_get(thread, "main"))
			? ", the main thread"
			: "",
		json_is_true(json_object_get(thread, "ready")) ? ", was ready"
							       : "");
	for (size_t i = 0; i < shown; i++) {
		cleanup_heap char *text =
			print_frame(json_array_get(frames, i));

		if (text)
			paper_words(paper, FRAME_INDENT, "%s", text);
	}
	if (shown < count)
		paper_words(paper, FRAME_INDENT, "and %zu more, see --json",
			    count - shown);
}

void print_threads(const struct paper *paper, const json_t *threads)
{
	const size_t count = json_array_size(threads);

	paper_gap(paper);
	paper_line(paper, "%zu thread%s", count, count == 1 ? "" : "s");
	for (size_t i = 0; i < count; i++)
		print_thread(paper, json_array_get(threads, i));
}
