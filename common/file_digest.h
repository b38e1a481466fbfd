/*
 * file_digest.h - the digest of a file that has no other sign of what it is
 */
#ifndef COMMON_FILE_DIGEST_H
#define COMMON_FILE_DIGEST_H

#include <stdint.h>

/*
 * core_digest() of all bytes of @fd, folded: a change of one word is always seen.
 * Of a file that cannot be read up to its end it is that of less.
 */
uint32_t file_digest(int fd);

#endif
