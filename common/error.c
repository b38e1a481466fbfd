/*
 * error.c - one failure, carried by value to whoever prints it
 */
#include "error.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

int error_system(struct error *err, int code, const char *format, ...)
{
	va_list args;
	size_t used;

	assert(code > 0);
	err->fault = FAULT_SYSTEM;
	err->code = code;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof(err->text) - used, ": %s",
		 strerror(code));
	return -code;
}

int error_set(struct error *err, enum fault fault, const char *format, ...)
{
	va_list args;

	assert(fault != FAULT_NONE);
	err->fault = fault;
	err->code = EINVAL;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return -err->code;
}

int error_context(struct error *err, const char *format, ...)
{
	char inner[ERROR_TEXT_MAX];
	va_list args;
	size_t used;

	assert(err->fault != FAULT_NONE);
	memcpy(inner, err->text, sizeof(inner));
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof(err->text) - used, ": %s", inner);
	return -err->code;
}

void error_hint(struct error *err, const char *format, ...)
{
	va_list args;

	if (err->hint[0])
		return;
	va_start(args, format);
	vsnprintf(err->hint, sizeof(err->hint), format, args);
	va_end(args);
}

void error_print(const struct error *err, const char *tool)
{
	fprintf(stderr, "%s: %s\n", tool, err->text);
	if (err->hint[0])
		fprintf(stderr, "  hint: %s\n", err->hint);
}
