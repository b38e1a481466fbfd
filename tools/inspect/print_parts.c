/*
 * print_parts.c - the parts of what is printed about a core: what all need
 */
#include "print_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *print_size(char text[PRINT_SIZE_MAX], uint64_t size)
{
	if (size == 0)
		snprintf(text, PRINT_SIZE_MAX, "-");
	else if (size < 1 << 20)
		snprintf(text, PRINT_SIZE_MAX, "%" PRIu64 " KiB",
			 (size + 1023) >> 10);
	else if (size < 1 << 30)
		snprintf(text, PRINT_SIZE_MAX, "%.1f MiB",
			 (double)size / (1 << 20));
	else
		snprintf(text, PRINT_SIZE_MAX, "%.1f GiB",
			 (double)size / (1 << 30));
	return text;
}

const char *print_text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

uint64_t print_number_of(const json_t *object, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(object, key));
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *print_frame(const json_t *frame)
{
	const char *function = print_text_of(frame, "function");
	const char *module = print_text_of(frame, "module");
	const uint64_t line = print_number_of(frame, "line");
	char *text = NULL;
	int length;

	if (function[0] && line)
		length =
			asprintf(&text, "%s at %s:%" PRIu64, function,
				 base_name(print_text_of(frame, "file")), line);
	else if (function[0])
		length = asprintf(&text, "%s in %s", function, module);
	else if (module[0])
		length = asprintf(&text, "%s+%#" PRIx64, module,
				  print_number_of(frame, "offset"));
	else
		length = asprintf(&text, "%s", print_text_of(frame, "address"));
	return length < 0 ? NULL : text;
}
