/*
 * output_match.h - finding a text in what a service writes, piece by piece
 */
#ifndef READY_OUTPUT_MATCH_H
#define READY_OUTPUT_MATCH_H

#include "capture/tracee/tracee.h"

/*
 * @text, @length: what is looked for; borrowed
 * @matched: how much of it the last bytes were
 */
struct output_match {
	const char *text;
	size_t length;
	size_t matched;
};

/* Goes on where the last bytes ended; true when the text is complete. */
bool output_match_bytes(struct output_match *match, const char *bytes,
			size_t size);

/*
 * The same with what write(2), writev(2) or sendto(2), call @number with
 * @arguments, has just written @written bytes of.
 */
bool output_match_call(struct output_match *match, const struct tracee *t,
		       int64_t number, const uint64_t arguments[6],
		       uint64_t written);

#endif
