/*
 * carries CASE: a service with descriptors that have to come back as they were
 *
 * carries --list prints all cases that have to come back, --list-hidden those
 * that may be refused instead, but never be lost without a word.  A case is
 * named by what --carry has to name, and a word of its own behind a colon.
 */
#include "carries.h"

#include "service.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

enum {
	CANNOT_MAKE = 77, /* what a test program exits with to be skipped */
};

static const struct carry_cases *const all[] = {
	&file_cases, &event_cases, &socket_cases,
	&flag_cases, &due_cases,   &full_cases,
};

static const struct carry_cases *const hidden[] = {
	&hidden_file_cases,
	&hidden_message_cases,
	&hidden_option_cases,
};

int carry_failures;

int must(int result)
{
	if (result < 0) {
		perror("carries");
		exit(CANNOT_MAKE);
	}
	return result;
}

static void list(const struct carry_cases *const groups[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < groups[i]->count; k++)
			puts(groups[i]->items[k].kind);
}

static const struct carry_case *find(const struct carry_cases *const groups[],
				     size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < groups[i]->count; k++)
			if (strcmp(name, groups[i]->items[k].kind) == 0)
				return &groups[i]->items[k];
	return NULL;
}

int main(int argc, char *argv[])
{
	const char *name = argc == 2 ? argv[1] : "";
	const struct carry_case *wanted = find(all, COUNT(all), name);

	if (!wanted)
		wanted = find(hidden, COUNT(hidden), name);
	if (strcmp(name, "--list") == 0) {
		list(all, COUNT(all));
		return EXIT_SUCCESS;
	}
	if (strcmp(name, "--list-hidden") == 0) {
		list(hidden, COUNT(hidden));
		return EXIT_SUCCESS;
	}
	if (wanted)
		wanted->run();
	else
		service_check(!"usage: carries CASE | --list | --list-hidden");
	service_failures += carry_failures;
	return service_end();
}
