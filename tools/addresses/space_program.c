/*
 * space_program.c - the address space of a program, at its entry point
 */
#include <stdlib.h>
#include <string.h>

#include "capture/start/program.h"
#include "capture/state/stat_line.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "common/text.h"
#include "entry.h"
#include "space.h"

/* Where brk(2) begins; there may be nothing yet. */
static uint64_t heap_start(pid_t pid)
{
	cleanup_heap char *line = NULL;
	uint64_t start = 0;
	const char *at = NULL;

	if (io_read_filef(&line, NULL, "/proc/%d/stat", pid) == 0)
		at = stat_field(line, STAT_START_BRK);
	if (at)
		take_decimal(&at, &start);
	return start;
}

int space_fill_program(struct space *space, const char *name, struct error *err)
{
	struct program program;
	pid_t pid;
	int r;

	space->source = SPACE_PROGRAM;
	if (program_look(&program, name, err) < 0)
		return -err->code;
	space->is_script = program.is_script;
	if (entry_reach(program.path, &pid, err) < 0)
		return error_context(err, "cannot start '%s'", name);
	space->pid = pid;
	r = space_fill(space, pid, err);
	if (r < 0)
		error_context(err, "cannot look at '%s'", name);
	else
		space->heap_start = heap_start(pid);
	entry_end(pid);
	return r;
}
