/*
 * core_check_files.h - whether what a core says of open files makes sense
 */
#ifndef COMMON_CORE_CHECK_FILES_H
#define COMMON_CORE_CHECK_FILES_H

#include "core_reader.h"
#include "error.h"

int core_check_files(const struct core *core, struct error *err);

#endif
