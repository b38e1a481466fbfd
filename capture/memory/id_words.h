/*
 * id_words.h - whether a page may have the ids of threads in it
 */
#ifndef MEMORY_ID_WORDS_H
#define MEMORY_ID_WORDS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether one of the 32-bit words at multiples of eight in the page is at least
 * @lowest and at most @highest.
 */
bool id_words_are_in(const char *page, uint32_t lowest, uint32_t highest);

#endif
