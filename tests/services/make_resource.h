/*
 * make_resource.h - the kinds of descriptor that make_resource can make
 */
#ifndef TESTS_SERVICES_MAKE_RESOURCE_H
#define TESTS_SERVICES_MAKE_RESOURCE_H

#include <stddef.h>

#define UNUSED __attribute__((unused))

/*
 * @says: what the audit must say of it, among other words
 * @make: returns the descriptor, or -1 with errno; a second one that belongs
 *	to it is put at @companion.  Without it, @path is opened with @flags, or
 *	a socket made of the last three.
 */
struct resource {
	const char *kind;
	const char *says;
	int (*make)(int companion);
	const char *path;
	int flags;
	int domain;
	int type;
	int protocol;
};

/* The kinds at which something arrives. */
extern const struct resource channels[];
extern const size_t channel_count;

/* Moves a descriptor to another number; -1 stays -1. */
int put_at(int fd, int number);

#endif
