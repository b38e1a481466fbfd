/*
 * quantity.h - sizes and chances as people read them
 */
#ifndef ADDRESSES_QUANTITY_H
#define ADDRESSES_QUANTITY_H

#include <stdint.h>

enum {
	QUANTITY_MAX = 32,
};

/* Returned by value, so that several fit in one call of printf(3). */
struct quantity {
	char text[QUANTITY_MAX];
};

/* "4 KiB", "1.9 MiB", "41 TiB" */
struct quantity quantity_bytes(double bytes);
/* "0", "1 in 3,700,000", "12 %", "1" */
struct quantity quantity_chance(double chance);

#endif
