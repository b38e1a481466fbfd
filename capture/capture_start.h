/*
 * capture_start.h - a service that is started, up to its exec
 */
#ifndef CAPTURE_CAPTURE_START_H
#define CAPTURE_CAPTURE_START_H

#include "capture_look.h"

/* Starts the program that the options name, or the launcher of a library. */
int capture_start(struct capture *c, struct error *err);

#endif
