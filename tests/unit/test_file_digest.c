/*
 * test_file_digest.c - files that differ somewhere have other digests
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/core_format.h"
#include "common/file_digest.h"
#include "tests/expect.h"
#include "tests/made_files.h"

TestSuite(file_digest, .init = made_files_begin, .fini = made_files_end);

enum {
	SIZE = 200005, /* several pieces, and a word that is not whole */
};

static uint32_t digest_of(const char *bytes, size_t size)
{
	uint32_t digest;
	int fd;

	made_files_write("file", bytes, size);
	fd = open("file", O_RDONLY | O_CLOEXEC);
	cr_assert(fd >= 0);
	digest = file_digest(fd);
	close(fd);
	return digest;
}

Test(file_digest, every_byte_counts)
{
	static const size_t places[] = {0, 7, 65535, 65536, SIZE - 6, SIZE - 1};
	static char bytes[SIZE];
	const uint32_t before = digest_of(bytes, SIZE);

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		for (int bit = 0; bit < 8; bit++) {
			bytes[places[i]] = (char)(1 << bit);
			cr_expect(digest_of(bytes, SIZE) != before, "%zu, %d",
				  places[i], bit);
		}
		bytes[places[i]] = 0;
	}
	cr_expect(digest_of(bytes, SIZE) == before);
}

Test(file_digest, is_that_of_all_its_words)
{
	static char bytes[SIZE];
	uint64_t whole;

	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (char)(i * 7 + i / 256);
	whole = core_digest(CORE_DIGEST_START, bytes, SIZE);
	cr_expect(digest_of(bytes, SIZE) == (uint32_t)(whole ^ whole >> 32));
	cr_expect(digest_of(bytes, 0) ==
		  (uint32_t)(CORE_DIGEST_START ^ CORE_DIGEST_START >> 32));
	cr_expect(file_digest(-1) == digest_of(bytes, 0));
}
