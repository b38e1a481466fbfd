/*
 * carries CASE: a service with descriptors that have to come back as they were
 *
 * carries --list prints all cases.  A case is named by what --carry has to
 * name, and a word of its own behind a colon.
 */
#include "carries.h"

#include "service.h"

enum {
	CANNOT_MAKE = 77, /* what a test program exits with to be skipped */
};

static const struct carry_cases *const all[] = {
	&file_cases,
	&event_cases,
	&socket_cases,
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

int main(int argc, char *argv[])
{
	const struct carry_case *wanted = NULL;

	for (size_t i = 0; argc == 2 && i < sizeof(all) / sizeof(*all); i++)
		for (size_t k = 0; k < all[i]->count; k++) {
			if (strcmp(argv[1], "--list") == 0)
				puts(all[i]->items[k].kind);
			else if (strcmp(argv[1], all[i]->items[k].kind) == 0)
				wanted = &all[i]->items[k];
		}
	if (wanted)
		wanted->run();
	else if (argc != 2 || strcmp(argv[1], "--list") != 0)
		service_check(!"usage: carries CASE | --list");
	else
		return EXIT_SUCCESS;
	service_failures += carry_failures;
	return service_end();
}
