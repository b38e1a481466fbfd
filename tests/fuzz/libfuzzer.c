/*
 * libfuzzer.c - runs a fuzzer with libFuzzer, instead of standalone.c
 *
 *	clang -fsanitize=fuzzer,address,undefined fuzz_X.c libfuzzer.c ...
 *
 * It needs no corpus: an empty input stands for what the fuzzer begins with.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum {
	BEGINNING_MAX = 1 << 16,
};

/* libFuzzer's own; there is no header for them. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t size_max,
			       unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t size_max);

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t size_max,
			       unsigned int seed)
{
	static uint8_t beginning[BEGINNING_MAX];

	(void)seed;
	if (size <= 1) {
		size_t begun = fuzz_begin(beginning, sizeof(beginning));

		if (begun <= size_max) {
			memcpy(bytes, beginning, begun);
			return begun;
		}
	}
	return LLVMFuzzerMutate(bytes, size, size_max);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	/* Of just the right size, and free to be changed. */
	uint8_t *copy = malloc(size ? size : 1);

	if (copy) {
		memcpy(copy, bytes, size);
		fuzz_one(copy, size);
	}
	free(copy);
	return 0;
}
