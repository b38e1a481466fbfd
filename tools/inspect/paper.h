/*
 * paper.h - lines of text for people, as wide as there is room
 *
 * What is put there comes from a service: bytes that would move the cursor of a
 * terminal, or worse, are shown as "\xHH".
 */
#ifndef INSPECT_PAPER_H
#define INSPECT_PAPER_H

#include <stddef.h>
#include <stdio.h>

/* @columns: where lines of words are broken */
struct paper {
	FILE *out;
	size_t columns;
};

/* Standard output: as wide as the terminal, or 80 columns. */
struct paper paper_find(void);

/* Between paragraphs. */
void paper_gap(const struct paper *paper);
/* One line, however long. */
void paper_line(const struct paper *paper, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Words from column @indent on; what does not fit goes on two further in. */
void paper_words(const struct paper *paper, size_t indent, const char *format,
		 ...) __attribute__((format(printf, 3, 4)));
/* The same behind @label, which takes @width columns; all lines begin there. */
void paper_entry(const struct paper *paper, size_t width, const char *label,
		 const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
