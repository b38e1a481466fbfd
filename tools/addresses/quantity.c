/*
 * quantity.c - sizes and chances as people read them
 */
#include "quantity.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum {
	GROUP = 3, /* digits between two commas */
};

struct quantity quantity_bytes(double bytes)
{
	static const char *const units[] = {"B",   "KiB", "MiB", "GiB",
					    "TiB", "PiB", "EiB"};
	struct quantity quantity;
	size_t unit = 0;
	bool is_whole;

	while (bytes >= 1023.5 && unit < sizeof(units) / sizeof(*units) - 1) {
		bytes /= 1024;
		unit++;
	}
	is_whole = bytes >= 9.95 || bytes == (double)(uint64_t)bytes;
	snprintf(quantity.text, sizeof(quantity.text), "%.*f %s",
		 is_whole ? 0 : 1, bytes, units[unit]);
	return quantity;
}

/* Two digits of @value count, the others become zeros. */
static void write_rounded(struct quantity *quantity, double value)
{
	char digits[QUANTITY_MAX];
	size_t length, to;

	to = strlen(quantity->text);
	snprintf(digits, sizeof(digits), "%.0f", value);
	length = strlen(digits);
	for (size_t i = 0; i < length && to + 2 < QUANTITY_MAX; i++) {
		quantity->text[to++] = digits[i];
		if ((length - i) % GROUP == 1 && i + 1 < length)
			quantity->text[to++] = ',';
	}
	quantity->text[to] = '\0';
}

static double rounded(double value)
{
	double scale = 1;

	while (value / scale >= 100)
		scale *= 10;
	return (double)(uint64_t)(value / scale + 0.5) * scale;
}

struct quantity quantity_chance(double chance)
{
	struct quantity quantity = {""};

	if (chance <= 0 || chance >= 1) {
		snprintf(quantity.text, sizeof(quantity.text), "%d",
			 chance > 0);
	} else if (chance >= 0.01) {
		snprintf(quantity.text, sizeof(quantity.text), "%.*f %%",
			 chance < 0.1 || chance > 0.99 ? 1 : 0, 100 * chance);
	} else if (chance < 1e-15) {
		snprintf(quantity.text, sizeof(quantity.text), "%.1e", chance);
	} else {
		snprintf(quantity.text, sizeof(quantity.text), "1 in ");
		write_rounded(&quantity, rounded(1 / chance));
	}
	return quantity;
}
