/*
 * is_random.h - what a process made by a random number consists of
 */
#ifndef TESTS_SERVICES_IS_RANDOM_H
#define TESTS_SERVICES_IS_RANDOM_H

#include <stdint.h>

/* The next number of the series, less than @end. */
uint64_t below(uint64_t end);

/* Mappings of many kinds; what they hold and what the kernel says of them. */
void memory_make(void);
/* What was wrong is printed; returns how much that was. */
int memory_check(void);

#endif
