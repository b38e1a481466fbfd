/*
 * base_notes.h - what the report of a base says that is true of its layers, too
 */
#ifndef START_BASE_NOTES_H
#define START_BASE_NOTES_H

#include "capture/audit.h"

/* @fd: of the core; one without a report has nothing to say */
void base_notes_take(int fd, struct audit *audit);

#endif
