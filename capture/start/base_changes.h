/*
 * base_changes.h - what of a layer was the service's own in its base already
 */
#ifndef START_BASE_CHANGES_H
#define START_BASE_CHANGES_H

#include "capture/state/changes.h"
#include "capture/state/threads.h"
#include "common/core_reader.h"

/* Tells @changes, before anything is compared. */
void base_changes_take(const struct core *base, const struct threads *threads,
		       struct changes *changes);

#endif
