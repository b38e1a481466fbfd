/*
 * base_notes.h - what the report of a base says that is true of its layers, too
 */
#ifndef CAPTURE_BASE_NOTES_H
#define CAPTURE_BASE_NOTES_H

#include "audit.h"

/* @fd: of the core; one without a report has nothing to say */
void base_notes_take(int fd, struct audit *audit);

#endif
