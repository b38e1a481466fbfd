/*
 * space.h - an address space that is looked at: of a process, a core, a program
 */
#ifndef ADDRESSES_SPACE_H
#define ADDRESSES_SPACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "area.h"
#include "common/error.h"

enum space_source {
	SPACE_PROCESS = 1, /* runs already, is not stopped for this */
	SPACE_CORE,
	SPACE_PROGRAM, /* was started, up to its entry point */
};

/* Who decides where the program lies. */
enum space_placement {
	PLACED_UNKNOWN,
	PLACED_FIXED,  /* ET_EXEC: its linker has, once and for all */
	PLACED_FREELY, /* ET_DYN, a PIE: the kernel does, anew for each start */
	PLACED_RESTORED, /* its core: the process came out of subctx-restore */
};

/*
 * @label: as the user has named it
 * @program: the file that runs, which is not @label for processes and scripts
 * @pid: 0 for a core
 * @is_own: of a core, that it can be restored: subctx-capture has written it
 * @is_script: @label is one, and @program its interpreter
 * @heap_start: of a program, where brk(2) begins; 0 if that is not known
 * @not_randomised: the kernel was told to place everything at the same addresses
 * @text: what the names of the areas point into; owned, like all of it
 */
struct space {
	enum space_source source;
	enum space_placement placement;
	char *label;
	char *program;
	pid_t pid;
	uint64_t heap_start;
	bool is_own;
	bool is_script;
	bool not_randomised;
	struct area_list areas;
	char *text;
};

/*
 * Opens what @word names: digits are a process id, a file that is an ELF core is
 * a core, and everything else a program, found as a shell would find it.
 */
int space_open(struct space *ret_space, const char *word, struct error *err);
/* The same, when it can only be a program. */
int space_open_sample(struct space *ret_space, const char *name,
		      struct error *err);
void space_close(struct space *space);

/* These fill @space, of which space_open() has made the label, by its source. */
int space_fill_process(struct space *space, pid_t pid, struct error *err);
int space_fill_core(struct space *space, const char *path, struct error *err);
int space_fill_program(struct space *space, const char *name,
		       struct error *err);

/*
 * Reads the areas of a process that runs or is stopped, and finds out what they
 * are.  Refusals have no context.
 */
int space_fill(struct space *space, pid_t pid, struct error *err);

/* The e_type of an ELF file, or ET_NONE if it is none that can be read. */
uint16_t space_elf_type(const char *path);
/* What that says about who places it. */
enum space_placement space_placement(uint16_t elf_type);

/* Bytes that are mapped, without the vsyscall page. */
uint64_t space_bytes(const struct space *space);

#endif
