/*
 * make_resource.h - the tables that make_resource is made of
 */
#ifndef TESTS_MAKE_RESOURCE_H
#define TESTS_MAKE_RESOURCE_H

#include <stddef.h>

/*
 * @make: returns the descriptor, or -1 with errno; a second one that belongs
 *	to it is put at @companion
 * @says: what the audit must say of it, among other words
 */
struct resource {
	const char *kind;
	int (*make)(int companion);
	const char *says;
};

extern const struct resource files[];
extern const size_t file_count;
extern const struct resource sockets[];
extern const size_t socket_count;

/* Moves a descriptor to another number. */
int put_at(int fd, int number);

#endif
