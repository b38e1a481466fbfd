/*
 * base_changes.h - what of a layer was the service's own in its base already
 */
#ifndef CAPTURE_BASE_CHANGES_H
#define CAPTURE_BASE_CHANGES_H

#include "changes.h"
#include "common/core_reader.h"
#include "threads.h"

/* Tells @changes, before anything is compared. */
void base_changes_take(const struct core *base, const struct threads *threads,
		       struct changes *changes);

#endif
