/*
 * id_words_x86_64.c - whether a page may have the ids of threads in it
 *
 * Every byte that is copied is looked at, so this is as fast as the processor at
 * hand allows: a vector at a time, and of each vector every word, which is
 * cheaper than picking every other one.  What was found in words between
 * multiples of eight is left out at the end.
 */
#include "id_words.h"

#include <stddef.h>
#include <string.h>

#include "common/core_format.h"

typedef uint32_t words __attribute__((vector_size(32)));
typedef int32_t hits __attribute__((vector_size(32)));

__attribute__((target_clones("avx2", "default"))) bool
id_words_are_in(const char *page, uint32_t lowest, uint32_t highest)
{
	const uint32_t span = highest - lowest;
	hits found = {0};
	int32_t any = 0;

	for (size_t i = 0; i < CORE_PAGE_SIZE; i += sizeof(words)) {
		words some;

		memcpy(&some, page + i, sizeof(some));
		found |= some - lowest <= span;
	}
	for (size_t i = 0; i < sizeof(hits) / sizeof(int32_t); i += 2)
		any |= found[i];
	return any != 0;
}
