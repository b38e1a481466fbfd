/*
 * file_digest.c - the digest of a file that has no other sign of what it is
 */
#include "file_digest.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include "core_format.h"

enum {
	PIECE = 64 << 10,
	WORD = 8, /* of core_digest() */
};

uint32_t file_digest(int fd)
{
	uint64_t digest = CORE_DIGEST_START;
	char bytes[PIECE];
	off_t at = 0;

	for (;;) {
		ssize_t size = pread(fd, bytes, sizeof(bytes), at);

		if (size < 0 && errno == EINTR)
			continue;
		if (size <= 0)
			break;
		/* Words stay whole, but for the last one of the file. */
		if (size > WORD)
			size -= size % WORD;
		digest = core_digest(digest, bytes, (uint64_t)size);
		at += size;
	}
	return (uint32_t)(digest ^ digest >> 32);
}
