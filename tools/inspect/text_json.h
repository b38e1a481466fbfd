/*
 * text_json.h - bytes of a service as JSON, which is UTF-8
 */
#ifndef INSPECT_TEXT_JSON_H
#define INSPECT_TEXT_JSON_H

#include <jansson.h>
#include <stdint.h>

/* Of bytes that are no UTF-8, those beyond ASCII become "\xHH". */
json_t *text_json(const char *bytes, size_t size);
/* "0x7f0000001000", as numbers of JSON are doubles to many readers. */
json_t *address_json(uint64_t address);

#endif
