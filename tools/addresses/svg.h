/*
 * svg.h - a picture of address spaces as a file that browsers show
 */
#ifndef ADDRESSES_SVG_H
#define ADDRESSES_SVG_H

#include <stddef.h>

#include "collision.h"
#include "common/error.h"
#include "picture.h"
#include "space.h"

/* A file that could not be written whole is gone. */
int svg_write(const char *path, const struct picture *picture,
	      const struct space *spaces,
	      const struct collision_list *collisions, struct error *err);

#endif
