/*
 * makes_trouble KIND: a service that cannot be captured
 *
 * It gets into what a core cannot carry, is ready, and returns 0; it prints
 * nothing and checks nothing.  Where the kind is not possible it says why and
 * exits with 77 before it is ready.  makes_trouble --list prints all kinds.
 */
#include "makes_trouble.h"

#include <errno.h>

#include "service.h"

enum {
	CANNOT_MAKE = 77, /* what a test program exits with to be skipped */
};

static const struct troubles *const all[] = {
	&file_troubles,	 &memory_troubles, &process_troubles,
	&right_troubles, &thread_troubles,
};

static const struct trouble *find(const char *kind)
{
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		for (size_t j = 0; j < all[i]->count; j++)
			if (strcmp(all[i]->items[j].kind, kind) == 0)
				return &all[i]->items[j];
	return NULL;
}

static int list(void)
{
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		for (size_t j = 0; j < all[i]->count; j++)
			puts(all[i]->items[j].kind);
	return EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
	const struct trouble *trouble;

	if (argc == 2 && strcmp(argv[1], "--list") == 0)
		return list();
	trouble = argc == 2 ? find(argv[1]) : NULL;
	if (!trouble) {
		fprintf(stderr, "usage: makes_trouble KIND | --list\n");
		return EXIT_FAILURE;
	}
	errno = 0;
	if (trouble->make() < 0) {
		fprintf(stderr, "makes_trouble: no '%s' here: %s\n", argv[1],
			errno ? strerror(errno) : "it is so already");
		return CANNOT_MAKE;
	}
	service_ready();
	return EXIT_SUCCESS;
}
