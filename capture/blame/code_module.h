/*
 * code_module.h - what a process has code from: a file, or memory without one
 */
#ifndef BLAME_CODE_MODULE_H
#define BLAME_CODE_MODULE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "common/mapping.h"

#define CODE_MODULE_VDSO "[vdso]"

/*
 * @start, @end: all that its file was loaded to, so that its first segment is
 *	at @start; of other memory the part that is code
 * @path: of the file, or CODE_MODULE_VDSO, or "" if there is none; allocated
 * @status: of the file; zero if that is not known
 */
struct code_module {
	uint64_t start;
	uint64_t end;
	char *path;
	struct stat status;
};

/*
 * Of the code that is mapped by @m, whose file can be opened as @path now, or
 * cannot if that is NULL.  False when memory runs out; otherwise it is
 * allocated.
 */
bool code_module_read(struct code_module *ret_module, const struct mapping *m,
		      const char *path);
void code_module_deinit(struct code_module *module);

/* Whether the same code stands at the same addresses in both. */
bool code_module_is_same(const struct code_module *a,
			 const struct code_module *b);
bool code_module_overlaps(const struct code_module *a,
			  const struct code_module *b);
/* Whether its file is not to be found any more, or is another one now. */
bool code_module_is_deleted(const struct code_module *module);

#endif
