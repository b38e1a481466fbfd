/*
 * debug_notes.c - the notes that debuggers read, in the kernel's order
 *
 * The first NT_PRSTATUS becomes the debugger's current thread.  Without
 * NT_AUXV gdb finds no libraries, without NT_PRPSINFO eu-stack refuses the
 * file, without NT_FILE gdb cannot say what is mapped.
 */
#include "debug_notes.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>
#include <unistd.h>

#include "capture/tracee/xstate.h"
#include "common/cleanup.h"
#include "common/file_lines.h"
#include "common/io.h"

#define OWNER	    "CORE"
#define OWNER_LINUX "LINUX"

static void append_prstatus(struct note_buffer *notes,
			    const struct image *image,
			    const struct thread_state *thread)
{
	struct elf_prstatus status = {
		.pr_pid = (pid_t)thread->core.tid,
		.pr_ppid = getpid(),
		.pr_fpvalid = 1,
		.pr_sighold = thread->core.signal_mask,
	};

	status.pr_pgrp = getpgid(image->tracee->pid);
	status.pr_sid = getsid(image->tracee->pid);
	static_assert(sizeof(status.pr_reg) == sizeof(thread->stopped),
		      "general registers");
	memcpy(&status.pr_reg, &thread->stopped, sizeof(status.pr_reg));
	note_append(notes, OWNER, NT_PRSTATUS, &status, sizeof(status));
}

/* "svc\0--config\0x\0" as a line for people, as ps(1) shows it. */
static void join_arguments(char *text, size_t size)
{
	for (size_t i = 0; i + 1 < size; i++)
		if (text[i] == '\0')
			text[i] = ' ';
}

static void append_prpsinfo(struct note_buffer *notes,
			    const struct image *image)
{
	struct elf_prpsinfo info = {
		.pr_sname = 't',
		.pr_state = 3,
		.pr_uid = getuid(),
		.pr_gid = getgid(),
		.pr_pid = image->tracee->pid,
		.pr_ppid = getpid(),
		.pr_pgrp = getpgid(image->tracee->pid),
		.pr_sid = getsid(image->tracee->pid),
	};
	cleanup_heap char *line = NULL;
	size_t size = 0;

	memcpy(info.pr_fname, image->threads->items[0].core.comm,
	       sizeof(info.pr_fname));
	if (io_read_filef(&line, &size, "/proc/%d/cmdline",
			  image->tracee->pid) == 0 &&
	    size > 0) {
		join_arguments(line, size);
		if (size > sizeof(info.pr_psargs) - 1)
			size = sizeof(info.pr_psargs) - 1;
		memcpy(info.pr_psargs, line, size);
	}
	note_append(notes, OWNER, NT_PRPSINFO, &info, sizeof(info));
}

struct file_lines {
	struct file_line *items;
	size_t count;
};

static void add_line(struct file_lines *lines, const struct mapping *m,
		     uint64_t start, uint64_t end)
{
	if (start < end && m->inode != 0 && m->name[0] == '/')
		lines->items[lines->count++] = (struct file_line){
			.start = start,
			.end = end,
			.offset = m->offset + (start - m->start),
			.name = m->name,
		};
}

/*
 * A mapping shows the file of its name; but what is outside stands where the
 * source has it, which may be a base.
 */
static void add_lines(struct file_lines *lines, const struct contents *contents,
		      const struct mapping *m, size_t *next)
{
	uint64_t at = m->start;

	for (; *next < contents->outside_count &&
	       contents->outside[*next].start < m->end;
	     ++*next) {
		const struct core_outside *o = &contents->outside[*next];
		const char *path = contents->sources.items[o->source].path;

		if (strcmp(path, m->name) == 0)
			continue;
		add_line(lines, m, at, o->start);
		lines->items[lines->count++] =
			(struct file_line){o->start, o->end, o->offset, path};
		at = o->end;
	}
	add_line(lines, m, at, m->end);
}

static void append_files(struct note_buffer *notes, const struct image *image)
{
	const struct contents *contents = image->contents;
	struct file_lines lines = {
		.items = calloc(contents->count + 2 * contents->outside_count,
				sizeof(*lines.items)),
	};
	size_t next = 0;

	for (size_t i = 0; lines.items && i < contents->count; i++)
		add_lines(&lines, contents, contents->items[i].mapping, &next);
	if (lines.items)
		file_lines_append(notes, lines.items, lines.count);
	else
		notes->failed = true;
	free(lines.items);
}

/* The legacy area of XSAVE is what FXSAVE stores. */
static void append_register_sets(struct note_buffer *notes,
				 const struct thread_state *thread,
				 const struct core_xstate_part *parts)
{
	unsigned char area[XSTATE_DEBUG_MAX];
	size_t size = xstate_for_debuggers(
		thread->xstate, thread->core.xstate_size, parts, area);

	note_append(notes, OWNER, NT_FPREGSET, thread->xstate,
		    sizeof(struct user_fpregs_struct));
	note_append(notes, OWNER_LINUX, NT_X86_XSTATE, area, size);
}

void debug_notes_append(struct note_buffer *notes, const struct image *image,
			const struct core_xstate_part *parts)
{
	const siginfo_t no_signal = {0};

	append_prstatus(notes, image, &image->threads->items[0]);
	append_prpsinfo(notes, image);
	note_append(notes, OWNER, NT_SIGINFO, &no_signal, sizeof(no_signal));
	note_append(notes, OWNER, NT_AUXV, image->auxv, image->auxv_size);
	append_files(notes, image);
	append_register_sets(notes, &image->threads->items[0], parts);
	for (size_t i = 1; i < image->threads->count; i++) {
		append_prstatus(notes, image, &image->threads->items[i]);
		append_register_sets(notes, &image->threads->items[i], parts);
	}
}
