/*
 * origin_list.h - origins that are held, in their order or by kind and id
 *
 * Included by origin*.c only.
 */
#ifndef BLAME_ORIGIN_LIST_H
#define BLAME_ORIGIN_LIST_H

#include "origin.h"

/* One more user of it; safe on NULL, as is the other. */
struct origin *origin_hold(struct origin *origin);
void origin_release(struct origin *origin);

/*
 * Puts it behind the others; the list holds it then.  When memory runs out it
 * is not there, and blame is not known.
 */
void origin_list_append(struct origin_list *list, struct origin *origin);
void origin_list_remove(struct origin_list *list, size_t i);
void origin_list_deinit(struct origin_list *list);

/* In a list by kind and id: where such an origin is, or would be. */
size_t origin_list_position(const struct origin_list *list,
			    enum resource_kind kind, int64_t id);
struct origin *origin_list_at(const struct origin_list *list,
			      enum resource_kind kind, int64_t id);
/* Takes the place of what has the same kind and id. */
void origin_list_put(struct origin_list *list, struct origin *origin);

#endif
