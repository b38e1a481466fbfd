/*
 * paper.c - lines of text for people, as wide as there is room
 */
#include "paper.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/cleanup.h"

enum {
	COLUMNS = 80, /* of what is no terminal */
	COLUMNS_LEAST = 60,
	ENTRY_INDENT = 2,
	WORDS_INDENT = 2,
};

struct paper paper_find(void)
{
	struct paper paper = {stdout, COLUMNS};
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
	    size.ws_col >= COLUMNS_LEAST)
		paper.columns = size.ws_col;
	return paper;
}

/* NULL without memory, as then nothing can be said. */
__attribute__((format(printf, 1, 0))) static char *
format_text(const char *format, va_list args)
{
	char *text;

	return vasprintf(&text, format, args) < 0 ? NULL : text;
}

/* Control characters, those of UTF-8 from U+0080 to U+009F, too. */
static size_t control_size(const unsigned char *at)
{
	if (*at < 0x20 || *at == 0x7f)
		return 1;
	return at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0 ? 2 : 0;
}

/* In columns; what goes on a character takes none. */
static size_t width_of(const char *text, size_t size)
{
	size_t columns = 0;

	for (size_t i = 0; i < size; i++)
		columns += ((unsigned char)text[i] & 0xc0) != 0x80;
	return columns;
}

static void put(const struct paper *paper, const char *text, size_t size)
{
	const unsigned char *at = (const unsigned char *)text;
	const unsigned char *end = at + size;

	while (at < end) {
		size_t control = control_size(at);

		if (control == 0)
			fputc(*at++, paper->out);
		for (; control > 0; control--)
			fprintf(paper->out, "\\x%02x", *at++);
	}
}

static void put_blanks(const struct paper *paper, size_t count)
{
	fprintf(paper->out, "%*s", (int)count, "");
}

void paper_gap(const struct paper *paper)
{
	fputc('\n', paper->out);
}

void paper_line(const struct paper *paper, const char *format, ...)
{
	va_list args;
	cleanup_heap char *text = NULL;

	va_start(args, format);
	text = format_text(format, args);
	va_end(args);
	if (text)
		put(paper, text, strlen(text));
	fputc('\n', paper->out);
}

/* Word by word from @column on; @margin is where further lines begin. */
static void put_words(const struct paper *paper, size_t column, size_t margin,
		      const char *text)
{
	const size_t first = column;

	while (text && *text) {
		const size_t length = strcspn(text, " ");
		const size_t width = width_of(text, length);

		if (column > first && column + 1 + width > paper->columns) {
			fputc('\n', paper->out);
			put_blanks(paper, margin);
			column = margin;
		} else if (column > first) {
			fputc(' ', paper->out);
			column++;
		}
		put(paper, text, length);
		column += width;
		text += length;
		text += strspn(text, " ");
	}
	fputc('\n', paper->out);
}

void paper_words(const struct paper *paper, size_t indent, const char *format,
		 ...)
{
	va_list args;
	cleanup_heap char *text = NULL;

	va_start(args, format);
	text = format_text(format, args);
	va_end(args);
	put_blanks(paper, indent);
	put_words(paper, indent, indent + WORDS_INDENT, text);
}

void paper_entry(const struct paper *paper, size_t width, const char *label,
		 const char *format, ...)
{
	const size_t margin = ENTRY_INDENT + width;
	va_list args;
	cleanup_heap char *text = NULL;
	size_t column = ENTRY_INDENT;

	va_start(args, format);
	text = format_text(format, args);
	va_end(args);
	put_blanks(paper, ENTRY_INDENT);
	put(paper, label, strlen(label));
	column += width_of(label, strlen(label));
	put_blanks(paper, column < margin ? margin - column : 1);
	put_words(paper, column < margin ? margin : column + 1, margin, text);
}
