/*
 * text.c - strict scanning of the text that /proc and command lines hold
 */
#include "text.h"

#include <limits.h>
#include <string.h>

bool take_char(const char **text, char wanted)
{
	if (**text != wanted || wanted == '\0')
		return false;
	(*text)++;
	return true;
}

bool take_word(const char **text, const char *wanted)
{
	size_t length = strlen(wanted);

	if (strncmp(*text, wanted, length) != 0)
		return false;
	*text += length;
	return true;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

static bool take_number(const char **text, int base, uint64_t *ret_value)
{
	const char *at = *text;
	uint64_t value = 0;

	for (; digit_value(*at) < base; at++)
		if (__builtin_mul_overflow(value, (uint64_t)base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit_value(*at),
					   &value))
			return false;
	if (at == *text)
		return false;
	*text = at;
	*ret_value = value;
	return true;
}

bool take_hex(const char **text, uint64_t *ret_value)
{
	return take_number(text, 16, ret_value);
}

bool take_octal(const char **text, uint64_t *ret_value)
{
	return take_number(text, 8, ret_value);
}

bool take_decimal(const char **text, uint64_t *ret_value)
{
	return take_number(text, 10, ret_value);
}

void skip_blanks(const char **text)
{
	*text += strspn(*text, " \t");
}

void skip_line(const char **text)
{
	*text += strcspn(*text, "\n");
	if (**text == '\n')
		(*text)++;
}

int text_descriptor(const char *text, int *ret_fd, struct error *err)
{
	const char *at = text;
	uint64_t fd;

	if (!take_decimal(&at, &fd) || *at || fd > INT_MAX)
		return error_set(err, FAULT_USAGE,
				 "'%s' is not the number of a descriptor",
				 text);
	*ret_fd = (int)fd;
	return 0;
}
