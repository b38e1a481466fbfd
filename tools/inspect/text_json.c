/*
 * text_json.c - bytes of a service as JSON, which is UTF-8
 */
#include "text_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/cleanup.h"

enum {
	ESCAPED = 4, /* "\xHH" */
};

json_t *text_json(const char *bytes, size_t size)
{
	json_t *text = json_stringn(bytes, size);
	cleanup_heap char *escaped = NULL;
	size_t used = 0;

	if (text)
		return text;
	escaped = malloc(size * ESCAPED + 1);
	for (size_t i = 0; escaped && i < size; i++) {
		const unsigned char byte = (unsigned char)bytes[i];

		if (byte < 0x80)
			escaped[used++] = bytes[i];
		else
			used += (size_t)snprintf(escaped + used, ESCAPED + 1,
						 "\\x%02x", byte);
	}
	return escaped ? json_stringn(escaped, used) : NULL;
}

json_t *address_json(uint64_t address)
{
	char text[32];

	snprintf(text, sizeof(text), "%#" PRIx64, address);
	return json_string(text);
}
