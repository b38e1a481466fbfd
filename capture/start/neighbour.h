/*
 * neighbour.h - the programs that are installed beside this one
 */
#ifndef START_NEIGHBOUR_H
#define START_NEIGHBOUR_H

#include <limits.h>

#include "common/error.h"

/*
 * Finds the program @name in the folder of this one, else in $PATH.
 * @build_folder: where it is built, seen from this one's, such as "../restore"
 */
int neighbour_find(char ret_path[PATH_MAX], const char *name,
		   const char *build_folder, struct error *err);

#endif
