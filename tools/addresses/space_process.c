/*
 * space_process.c - the address space of a process, as /proc shows it
 *
 * Nothing is stopped for that: a process that maps and unmaps meanwhile may be
 * shown half before and half after.
 */
#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/state/stat_line.h"
#include "common/auxv.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "common/mapping.h"
#include "common/text.h"
#include "space.h"

enum {
	KERNEL_THREAD = 0x00200000, /* PF_KTHREAD: include/linux/sched.h */
};

static int has_no_memory(struct error *err)
{
	error_set(err, FAULT_SYSTEM, "it has no memory");
	error_hint(err, "It is a thread of the kernel, or has ended and is not "
			"waited for yet.");
	return -err->code;
}

/* What /proc answers for one that has none depends on who asks, and the kernel. */
static bool can_have_memory(pid_t pid)
{
	cleanup_heap char *line = NULL;
	const char *state = NULL;
	const char *flags = NULL;
	uint64_t value;

	if (io_read_filef(&line, NULL, "/proc/%d/stat", pid) == 0) {
		state = stat_field(line, STAT_STATE);
		flags = stat_field(line, STAT_FLAGS);
	}
	return !state || !flags || !take_decimal(&flags, &value) ||
	       (!strchr("ZX", *state) && !(value & KERNEL_THREAD));
}

static int cannot_read(struct error *err, pid_t pid, int code)
{
	char path[PATH_MAX];
	struct stat status;
	const struct passwd *owner;

	snprintf(path, sizeof(path), "/proc/%d", pid);
	if (stat(path, &status) < 0)
		return error_set(err, FAULT_SYSTEM, "there is no such process");
	if (!can_have_memory(pid))
		return has_no_memory(err);
	error_system(err, code, "its mappings cannot be read");
	owner = getpwuid(status.st_uid);
	if ((code == EACCES || code == EPERM) && status.st_uid != geteuid())
		error_hint(err,
			   "It belongs to %s; look at it as that user, or "
			   "as root.",
			   owner ? owner->pw_name : "another user");
	return -err->code;
}

static int take_mappings(struct space *space, struct mapping_list *list,
			 struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < list->count; i++) {
		const struct mapping *m = &list->items[i];
		const struct area area = {
			.start = m->start,
			.end = m->end,
			.executable = (m->protection & PROT_EXEC) != 0,
			.name = m->name,
		};

		r = area_list_add(&space->areas, &area);
	}
	space->text = take_pointer(&list->text);
	mapping_list_deinit(list);
	return r < 0 ? error_system(err, -r, "cannot keep the mappings") : 0;
}

/* Of a file as the process names it, from inside its root. */
static uint16_t file_type(pid_t pid, const char *name)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "/proc/%d/root%s", pid, name) >=
	    (int)sizeof(path))
		return ET_NONE;
	return space_elf_type(path);
}

/*
 * The file in which the entry point lies.  Mostly it is /proc/PID/exe, also where
 * its path leads somewhere else by now; but not that of a restored service, or of
 * a program whose loader was named.
 */
static uint16_t program_type(pid_t pid, const char *exe, const char *name)
{
	char path[PATH_MAX];

	if (strcmp(exe, name) != 0)
		return file_type(pid, name);
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	return space_elf_type(path);
}

/* A restored service may have its program mapped from where it is installed. */
static bool is_restorer(const char *exe)
{
	const char *slash = strrchr(exe, '/');

	return slash && strcmp(slash, "/subctx-restore") == 0;
}

/* Any file that is mapped may be the core or a base of it. */
static void find_cores(struct space *space, pid_t pid)
{
	for (size_t i = 0; i < space->areas.count; i++) {
		struct area *area = &space->areas.items[i];

		if (i > 0 && strcmp(area->name, area[-1].name) == 0)
			area->in_core = area[-1].in_core;
		else if (area->name[0] == '/')
			area->in_core = file_type(pid, area->name) == ET_CORE;
	}
}

static void look_at_program(struct space *space, pid_t pid,
			    const struct area *program)
{
	char path[PATH_MAX];
	char exe[PATH_MAX] = "";
	const char *name = program ? program->name : "";

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	io_read_link(path, exe, sizeof(exe));
	if (name[0]) {
		space->placement =
			space_placement(program_type(pid, exe, name));
		space->program = strdup(name);
	}
	if (is_restorer(exe))
		space->placement = PLACED_RESTORED;
	if (space->placement == PLACED_RESTORED)
		find_cores(space, pid);
}

/* What cannot be asked is as it is by default. */
static bool is_not_randomised(pid_t pid)
{
	cleanup_heap char *persona = NULL;
	cleanup_heap char *system = NULL;
	const char *at;
	uint64_t value;

	if (io_read_file("/proc/sys/kernel/randomize_va_space", &system,
			 NULL) == 0 &&
	    system[0] == '0')
		return true;
	if (io_read_filef(&persona, NULL, "/proc/%d/personality", pid) < 0)
		return false;
	at = persona;
	return take_hex(&at, &value) && value & ADDR_NO_RANDOMIZE;
}

static void conclude(struct space *space, pid_t pid, const char *auxv,
		     size_t size)
{
	const struct area_marks marks = {
		.entry = auxv_find(auxv, size, AT_ENTRY),
		.loader = auxv_find(auxv, size, AT_BASE),
		.stack = auxv_find(auxv, size, AT_RANDOM),
		.vdso = auxv_find(auxv, size, AT_SYSINFO_EHDR),
	};

	look_at_program(space, pid, area_list_find(&space->areas, marks.entry));
	area_list_classify(&space->areas, &marks);
	space->not_randomised = is_not_randomised(pid);
}

int space_fill(struct space *space, pid_t pid, struct error *err)
{
	struct mapping_list list;
	cleanup_heap char *auxv = NULL;
	char *text;
	size_t size;
	int r = io_read_filef(&text, NULL, "/proc/%d/maps", pid);

	if (r < 0)
		return cannot_read(err, pid, -r);
	if (mapping_list_parse(&list, text, err) < 0)
		return -err->code;
	r = io_read_filef(&auxv, &size, "/proc/%d/auxv", pid);
	if (r < 0 || list.count == 0) {
		mapping_list_deinit(&list);
		return r < 0 ? cannot_read(err, pid, -r) : has_no_memory(err);
	}
	r = take_mappings(space, &list, err);
	if (r < 0)
		return r;
	conclude(space, pid, auxv, size);
	return 0;
}

int space_fill_process(struct space *space, pid_t pid, struct error *err)
{
	space->source = SPACE_PROCESS;
	space->pid = pid;
	if (space_fill(space, pid, err) < 0)
		return error_context(err, "cannot look at process %d", pid);
	return 0;
}
