/*
 * report_blame.c - who made something, for people and for programs
 */
#include "report_blame.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	FRAMES_SHOWN = 24,
	COLUMNS = 80, /* of what is no terminal */
	COLUMNS_LEAST = 60,
};

/* Below the subject of a finding. */
static const char margin[] = "          ";

/* By enum origin_event. */
static const char *const event_words[] = {
	[ORIGIN_MADE] = "made",
	[ORIGIN_ENDED] = "ended",
	[ORIGIN_EXECUTED] = "closed on exec",
	[ORIGIN_RESTORED] = "restored",
};

static json_t *frame_json(const struct symbol *symbol)
{
	char address[32];
	json_t *object;

	snprintf(address, sizeof(address), "%#" PRIx64, symbol->address);
	object = json_pack("{s:s, s:b}", "address", address, "inlined",
			   symbol->is_inlined);
	if (object && symbol->function[0])
		json_object_set_new(object, "function",
				    json_string(symbol->function));
	if (object && symbol->line) {
		json_object_set_new(object, "file", json_string(symbol->file));
		json_object_set_new(object, "line", json_integer(symbol->line));
	}
	if (object && symbol->module[0]) {
		json_object_set_new(object, "module",
				    json_string(symbol->module));
		json_object_set_new(object, "offset",
				    json_integer((json_int_t)symbol->offset));
	}
	return object;
}

static json_t *frames_json(const struct call_stack *stack)
{
	json_t *frames = json_array();

	for (size_t i = 0; i < stack->count; i++)
		json_array_append_new(frames, frame_json(&stack->items[i]));
	return frames;
}

json_t *report_blame_json(const struct blame *blame)
{
	json_t *object;

	if (blame->is_inherited)
		return json_pack("{s:b}", "inherited", true);
	if (blame->unknown)
		return json_pack("{s:s}", "unknown", blame->unknown);
	if (blame->event == ORIGIN_RESTORED)
		return json_pack("{s:s, s:s}", "event",
				 event_words[blame->event], "core",
				 blame->core);
	object = json_pack(
		"{s:s, s:i, s:s, s:s, s:I, s:o}", "event",
		event_words[blame->event], "thread", (int)blame->tid, "name",
		blame->comm, "call", blame->call ? blame->call : "", "ms",
		(json_int_t)blame->ms, "frames", frames_json(&blame->stack));
	if (object && blame->copied >= 0)
		json_object_set_new(object, "copied_fd",
				    json_integer(blame->copied));
	if (object && blame->base)
		json_object_set_new(object, "copied",
				    report_blame_json(blame->base));
	if (object && blame->rival)
		json_object_set_new(object, "or",
				    report_blame_json(blame->rival));
	if (object && blame->is_doubtful)
		json_object_set_new(object, "unless", json_string("io_uring"));
	return object;
}

static size_t find_columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 ||
	    size.ws_col < COLUMNS_LEAST)
		return COLUMNS;
	return size.ws_col;
}

/*
 * What does not fit goes on in the next line, @indent further in; @piece and
 * what @end-s it are never broken.  Returns the column behind it.
 */
static size_t print_piece(size_t column, const char *indent, const char *piece,
			  const char *end)
{
	const size_t length = strlen(piece) + strlen(end);

	if (column > 0 && column + 1 + length > find_columns()) {
		fputc('\n', stderr);
		column = 0;
	}
	if (column == 0)
		column = (size_t)fprintf(stderr, "%s%s%s%s", margin, indent,
					 piece, end);
	else
		column += (size_t)fprintf(stderr, " %s%s", piece, end);
	return column;
}

/* Word by word; it is changed. */
static void print_words(char *text)
{
	const char *indent = "";
	size_t column = 0;
	char *rest;

	for (char *word = strtok_r(text, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest)) {
		column = print_piece(column, indent, word, "");
		indent = "  ";
	}
	fputc('\n', stderr);
}

/* As many as one can take in; the JSON has all of them. */
static void print_stack(const struct call_stack *stack)
{
	const size_t shown =
		stack->count < FRAMES_SHOWN ? stack->count : FRAMES_SHOWN;
	char text[SYMBOL_TEXT_MAX];
	size_t column = 0;

	for (size_t i = 0; i < shown; i++) {
		symbol_describe(&stack->items[i], text);
		column = print_piece(column, "  ", text,
				     i + 1 < stack->count ? "," : "");
	}
	if (shown < stack->count) {
		snprintf(text, sizeof(text), "and %zu more, see --json",
			 stack->count - shown);
		column = print_piece(column, "  ", text, "");
	}
	if (column > 0)
		fputc('\n', stderr);
}

static void print_one(const struct blame *blame, const char *before)
{
	char text[BLAME_TEXT_MAX];
	char words[BLAME_TEXT_MAX + 64];

	blame_describe(blame, text);
	snprintf(words, sizeof(words), "%s%s", before, text);
	print_words(words);
	print_stack(&blame->stack);
}

void report_blame_print(const struct blame *blame)
{
	print_one(blame, "");
	if (blame->rival)
		print_one(blame->rival, "or, at the same time, ");
	if (blame->is_doubtful)
		fprintf(stderr, "%sunless an io_uring has made it since\n",
			margin);
	for (; blame->base; blame = blame->base) {
		char before[32];

		snprintf(before, sizeof(before), "fd %d was ", blame->copied);
		print_one(blame->base, before);
	}
}

void report_blame_say(const char *format, ...)
{
	char words[BLAME_TEXT_MAX * 3];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	print_words(words);
}
