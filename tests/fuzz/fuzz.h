/*
 * fuzz.h - what a fuzzer is made of
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Writes an input that is right; how long it is. */
size_t fuzz_begin(uint8_t *bytes, size_t size);
/* Tries one; a promise that does not hold aborts. */
void fuzz_one(uint8_t *bytes, size_t size);

#endif
