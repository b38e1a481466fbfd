/*
 * makes_trouble.h - what a process can get into that no core can carry
 */
#ifndef TESTS_SERVICES_MAKES_TROUBLE_H
#define TESTS_SERVICES_MAKES_TROUBLE_H

#include <stddef.h>
#include <sys/types.h>

enum {
	NOBODY = 65534, /* the user and the group of that name */
};

/* @make: returns -1 where it is not possible, to this user or this kernel. */
struct trouble {
	const char *kind;
	int (*make)(void);
};

struct troubles {
	const struct trouble *items;
	size_t count;
};

extern const struct troubles file_troubles;
extern const struct troubles memory_troubles;
extern const struct troubles process_troubles;
extern const struct troubles right_troubles;
extern const struct troubles thread_troubles;

/*
 * A process that is not our child but our child's, who is gone.  It has what we
 * have open now, and ends when we end.  Returns -1 when there is none.
 */
pid_t make_orphan(void);

/* The calling thread may make no sockets in the file system from here on. */
int confine(void);
/* All calls of the calling thread go through a filter from here on. */
int filter_calls(void);

#endif
