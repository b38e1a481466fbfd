/*
 * policy.h - what the user wants to become of descriptors
 *
 * A list of rules, of which the first that fits decides.  Those of --drop and
 * --inherit come first, then those of --policy, then those of --carry, with
 * ":any" before the others; where none fits, the descriptor is refused.
 *
 *	# a file of rules: ACTION KIND [PATTERN]
 *	inherit  fd    7
 *	refuse   file  /var/log/STAR
 *	carry    file  /etc/STAR
 *	carry    listener
 *
 * (STAR stands for an asterisk.)  KIND is that of --carry; PATTERN is a
 * glob(7) for the path of a file, or for what the report says of something
 * else, or a number for "fd".
 */
#ifndef FILES_POLICY_H
#define FILES_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

enum policy_action {
	POLICY_REFUSE,
	POLICY_CARRY,
	POLICY_CARRY_ANY, /* whatever is at its path when it is restored */
	POLICY_DROP,	  /* the restored service does not have it */
	POLICY_INHERIT,	  /* the restorer's of the same number */
};

/*
 * @kind: of --carry; NULL for all of them
 * @fd: or -1 for any
 * @pattern: or NULL; owned
 */
struct policy_rule {
	enum policy_action action;
	const char *kind;
	int fd;
	char *pattern;
};

struct policy {
	struct policy_rule *rules;
	size_t count;
};

/* "file,pipe", "file:any", "all" */
int policy_add_kinds(struct policy *policy, const char *text,
		     struct error *err);
/* A number of a descriptor. */
int policy_add_fd(struct policy *policy, enum policy_action action,
		  const char *text, struct error *err);
/* The rules of a file; messages name it and the line. */
int policy_read(struct policy *policy, const char *path, struct error *err);
/* The same from its text, which is changed. */
int policy_parse(struct policy *policy, const char *path, char *text,
		 struct error *err);
/*
 * Adds the rules of --carry, which are none afterwards: in whatever order they
 * were named, "file:any" decides before "file" and "all".
 */
int policy_append_kinds(struct policy *to, struct policy *kinds,
			struct error *err);

/* @kind may be NULL; @object is what a pattern is compared with. */
enum policy_action policy_decide(const struct policy *policy, int fd,
				 const char *kind, const char *object);
void policy_deinit(struct policy *policy);

#endif
