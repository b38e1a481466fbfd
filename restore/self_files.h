/*
 * self_files.h - what a process sets by writing files of its own in /proc
 */
#ifndef RESTORE_SELF_FILES_H
#define RESTORE_SELF_FILES_H

#include "common/core_reader.h"
#include "common/error.h"

/*
 * The filter of core dumps and the out-of-memory score: they are the process's,
 * which the restorer already is, and stay when it turns into the service.
 */
int self_files_write(const struct core *core, struct error *err);

#endif
