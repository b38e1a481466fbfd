/*
 * probes.h - breakpoints in the code of the service that are not its own
 *
 * A tracer or a probe of the kernel (uprobes) writes an int3 into a page of a
 * mapped file, which becomes the process's own by that.  In a restored service
 * nobody would wait for it: SIGTRAP would end it.
 */
#ifndef MEMORY_PROBES_H
#define MEMORY_PROBES_H

#include "capture/audit.h"
#include "capture/tracee/tracee.h"
#include "contents.h"

/*
 * Refuses mappings with code of a file that differs from the file in nothing
 * but such instructions.  Ours have been taken away.
 */
int probes_audit(const struct contents *contents, const struct tracee *t,
		 struct audit *audit, struct error *err);

#endif
