/*
 * made_files.h - a folder for the files of a test, which is gone afterwards
 */
#ifndef TESTS_MADE_FILES_H
#define TESTS_MADE_FILES_H

#include <stddef.h>

#include "make_core.h"

enum {
	MADE_PATH_MAX = 128,
};

/* The folder becomes the working folder: .init and .fini of TestSuite(). */
void made_files_begin(void);
void made_files_end(void);

/* The whole path of @name, in @path. */
void made_files_path(char path[MADE_PATH_MAX], const char *name);
/* @size bytes at @bytes, or as many zeros. */
void made_files_write(const char *name, const void *bytes, size_t size);
/* Headers and notes, and zeros up to where the core ends. */
void made_files_write_core(const char *name, const struct made_core *core);

#endif
