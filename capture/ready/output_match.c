/*
 * output_match.c - finding a text in what a service writes, piece by piece
 */
#include "output_match.h"

#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>

enum {
	PIECE = 4096,
	VECTORS_MAX = 64,
};

/*
 * A byte that does not fit may still go on with a shorter match: the longest
 * beginning of the text that is an end of what was matched.
 */
static size_t next_shorter(const struct output_match *match)
{
	size_t shorter = match->matched - 1;

	while (shorter > 0 &&
	       memcmp(match->text, match->text + match->matched - shorter,
		      shorter) != 0)
		shorter--;
	return shorter;
}

bool output_match_bytes(struct output_match *match, const char *bytes,
			size_t size)
{
	size_t i = 0;

	while (i < size && match->matched < match->length) {
		if (bytes[i] == match->text[match->matched]) {
			match->matched++;
			i++;
		} else if (match->matched > 0) {
			match->matched = next_shorter(match);
		} else {
			i++;
		}
	}
	return match->matched == match->length;
}

static bool match_memory(struct output_match *match, const struct tracee *t,
			 uint64_t address, uint64_t size)
{
	struct error ignored = {0};
	char piece[PIECE];

	while (size > 0 && match->matched < match->length) {
		size_t part = size < sizeof(piece) ? size : sizeof(piece);

		if (tracee_read(t, address, piece, part, &ignored) < 0)
			break;
		output_match_bytes(match, piece, part);
		address += part;
		size -= part;
	}
	return match->matched == match->length;
}

static void match_vectors(struct output_match *match, const struct tracee *t,
			  uint64_t address, size_t count, uint64_t written)
{
	struct iovec vectors[VECTORS_MAX];
	struct error ignored = {0};

	count = count < VECTORS_MAX ? count : VECTORS_MAX;
	if (tracee_read(t, address, vectors, count * sizeof(*vectors),
			&ignored) < 0)
		return;
	for (size_t i = 0; i < count && written > 0; i++) {
		uint64_t part = vectors[i].iov_len < written
					? vectors[i].iov_len
					: written;

		match_memory(match, t, (uintptr_t)vectors[i].iov_base, part);
		written -= part;
	}
}

bool output_match_call(struct output_match *match, const struct tracee *t,
		       int64_t number, const uint64_t arguments[6],
		       uint64_t written)
{
	if (number == SYS_writev)
		match_vectors(match, t, arguments[1], arguments[2], written);
	else
		match_memory(match, t, arguments[1], written);
	return match->matched == match->length;
}
