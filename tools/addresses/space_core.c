/*
 * space_core.c - the address space that a core holds
 *
 *	any ELF core       segments, NT_FILE for the names, NT_AUXV
 *	one of subctx      the same facts in its own notes, with the names that
 *	                   the kernel gives to memory of no file, checked
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/auxv.h"
#include "common/cleanup.h"
#include "common/core_reader.h"
#include "common/io.h"
#include "common/note.h"
#include "space.h"

struct named_range {
	uint64_t start;
	uint64_t end;
	const char *name;
};

/*
 * The notes of a core that anyone has written; what is missing is NULL.
 * @ranges: where which files were mapped; owned
 * @next: the first of them that does not end before what was added
 */
struct foreign_core {
	Elf *elf;
	int fd;
	uint64_t size;
	const char *auxv;
	size_t auxv_size;
	const char *files;
	size_t files_size;
	struct named_range *ranges;
	size_t range_count;
	size_t next;
	bool is_ours;
};

/* The image begins with the header of the program where that was stored. */
static enum space_placement placement(const struct space *space, int fd,
				      const struct area *program)
{
	Elf64_Ehdr header;

	for (size_t i = 0; i < space->areas.count; i++) {
		const struct area *area = &space->areas.items[i];

		if (strcmp(area->name, program->name) != 0)
			continue;
		if (area->stored &&
		    io_pread_all(fd, &header, sizeof(header), area->stored) ==
			    0 &&
		    memcmp(header.e_ident, ELFMAG, SELFMAG) == 0)
			return space_placement(header.e_type);
		break;
	}
	return space_placement(space_elf_type(program->name));
}

static void conclude(struct space *space, int fd, const char *auxv, size_t size)
{
	const struct area_marks marks = {
		.entry = auxv_find(auxv, size, AT_ENTRY),
		.loader = auxv_find(auxv, size, AT_BASE),
		.stack = auxv_find(auxv, size, AT_RANDOM),
		.vdso = auxv_find(auxv, size, AT_SYSINFO_EHDR),
	};
	const struct area *program = area_list_find(&space->areas, marks.entry);

	if (program && program->name[0]) {
		space->placement = placement(space, fd, program);
		space->program = strdup(program->name);
	}
	area_list_classify(&space->areas, &marks);
}

static int add(struct space *space, const struct area *area, struct error *err)
{
	const int r = area_list_add(&space->areas, area);

	return r < 0 ? error_system(err, -r, "cannot keep its mappings") : 0;
}

static int keep_text(struct space *space, const char *bytes, size_t size,
		     struct error *err)
{
	space->text = calloc(1, size + 1);
	if (!space->text)
		return error_system(err, ENOMEM, "cannot keep its names");
	if (size > 0)
		memcpy(space->text, bytes, size);
	return 0;
}

static int read_own(struct space *space, const char *path, struct error *err)
{
	struct core core;
	int r = core_open(&core, path, err);

	if (r < 0)
		return r;
	r = keep_text(space, core.names, core.names_size, err);
	for (size_t i = 0; r == 0 && i < core.mapping_count; i++) {
		const struct core_mapping *m = &core.mappings[i];
		const struct area area = {
			.start = m->start,
			.end = m->end,
			.executable = (m->protection & PROT_EXEC) != 0,
			.stored = m->offset,
			.name = space->text + m->name,
		};

		r = add(space, &area, err);
	}
	if (r == 0)
		conclude(space, core.fd, (const char *)core.auxv,
			 core.auxv_count * sizeof(*core.auxv));
	core_close(&core);
	return r;
}

static int check_segment(const struct foreign_core *core, size_t number,
			 const GElf_Phdr *segment, struct error *err)
{
	uint64_t end;

	if (__builtin_add_overflow(segment->p_offset, segment->p_filesz,
				   &end) ||
	    end > core->size)
		return error_set(err, FAULT_CORRUPT,
				 "it is cut short: segment %zu ends at byte "
				 "%" PRIu64 ", the file at %" PRIu64,
				 number, segment->p_offset + segment->p_filesz,
				 core->size);
	return 0;
}

/* Owner and type say what it is; the last of a kind counts. */
static int take_notes(struct foreign_core *core, const GElf_Phdr *segment,
		      struct error *err)
{
	const Elf_Data *data =
		elf_getdata_rawchunk(core->elf, (int64_t)segment->p_offset,
				     segment->p_filesz, ELF_T_BYTE);
	struct note_cursor notes;
	struct note note;

	if (!data)
		return error_set(err, FAULT_CORRUPT,
				 "its notes cannot be read");
	notes = (struct note_cursor){data->d_buf, data->d_size};
	while (note_next(&notes, &note, err)) {
		if (strcmp(note.owner, CORE_NOTE_OWNER) == 0) {
			core->is_ours = true;
		} else if (strcmp(note.owner, "CORE") != 0) {
			continue;
		} else if (note.type == NT_AUXV) {
			core->auxv = note.contents;
			core->auxv_size = note.size;
		} else if (note.type == NT_FILE) {
			core->files = note.contents;
			core->files_size = note.size;
		}
	}
	return err->fault == FAULT_NONE ? 0 : -err->code;
}

/*
 * NT_FILE: the count, the size of a page, for each file its start, end and
 * offset, and behind all of these the names (fill_files_note() in
 * fs/binfmt_elf.c).  One that is damaged names no more.
 */
static int read_files(struct space *space, struct foreign_core *core,
		      struct error *err)
{
	enum { HEAD = 2, ITEM = 3 };
	const char *const end = space->text + core->files_size;
	const char *name;
	uint64_t count = 0;

	if (core->files_size >= HEAD * sizeof(count))
		memcpy(&count, space->text, sizeof(count));
	if (count > core->files_size / (ITEM * sizeof(count)))
		count = 0;
	core->ranges = calloc(count + 1, sizeof(*core->ranges));
	if (!core->ranges)
		return error_system(err, ENOMEM, "cannot keep its files");
	name = space->text + (HEAD + ITEM * count) * sizeof(count);
	for (uint64_t i = 0; i < count && name < end; i++) {
		struct named_range *range = &core->ranges[core->range_count++];

		memcpy(&range->start,
		       space->text + (HEAD + ITEM * i) * sizeof(count),
		       sizeof(range->start));
		memcpy(&range->end,
		       space->text + (HEAD + ITEM * i + 1) * sizeof(count),
		       sizeof(range->end));
		range->name = name;
		name += strlen(name) + 1;
	}
	return 0;
}

static uint64_t last_end(const struct space *space)
{
	const size_t count = space->areas.count;

	return count > 0 ? space->areas.items[count - 1].end : 0;
}

/*
 * What was mapped from files below @limit and is in no segment: debuggers leave
 * out what can be read from there.  Nothing says which parts are code.
 */
static int add_files(struct space *space, struct foreign_core *core,
		     uint64_t limit, struct error *err)
{
	for (; core->next < core->range_count; core->next++) {
		const struct named_range *range = &core->ranges[core->next];
		struct area area = {
			.start = range->start,
			.end = range->end < limit ? range->end : limit,
			.executable = strstr(range->name, ".so") != NULL,
			.name = range->name,
		};

		if (area.start < last_end(space))
			area.start = last_end(space);
		if (area.start < area.end && add(space, &area, err) < 0)
			return -err->code;
		if (range->end > limit)
			break;
	}
	return 0;
}

/* The file that is mapped at an address, where add_files() has come to. */
static const char *file_name(const struct foreign_core *core, uint64_t address)
{
	const struct named_range *range = &core->ranges[core->next];

	if (core->next == core->range_count || address < range->start ||
	    address >= range->end)
		return "";
	return range->name;
}

static int add_segment(struct space *space, struct foreign_core *core,
		       const GElf_Phdr *segment, struct error *err)
{
	struct area area = {
		.start = segment->p_vaddr,
		.end = segment->p_vaddr + segment->p_memsz,
		.executable = (segment->p_flags & PF_X) != 0,
		.stored = segment->p_filesz ? segment->p_offset : 0,
	};

	if (segment->p_memsz == 0)
		return 0;
	if (area.end < area.start || area.start < last_end(space))
		return error_set(err, FAULT_CORRUPT,
				 "segment at %#" PRIx64
				 " overlaps the one before it",
				 area.start);
	if (add_files(space, core, area.start, err) < 0)
		return -err->code;
	area.name = file_name(core, area.start);
	return add(space, &area, err);
}

static int get_segment(const struct foreign_core *core, size_t number,
		       GElf_Phdr *ret_segment, struct error *err)
{
	if (!gelf_getphdr(core->elf, (int)number, ret_segment))
		return error_set(err, FAULT_CORRUPT,
				 "it is cut short in its program headers");
	return check_segment(core, number, ret_segment, err);
}

static int read_notes(struct foreign_core *core, size_t count,
		      struct error *err)
{
	GElf_Phdr segment;
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		r = get_segment(core, i, &segment, err);
		if (r == 0 && segment.p_type == PT_NOTE)
			r = take_notes(core, &segment, err);
	}
	return r;
}

static int read_segments(struct space *space, struct foreign_core *core,
			 size_t count, struct error *err)
{
	GElf_Phdr segment;
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		r = get_segment(core, i, &segment, err);
		if (r == 0 && segment.p_type == PT_LOAD)
			r = add_segment(space, core, &segment, err);
	}
	return r < 0 ? r : add_files(space, core, UINT64_MAX, err);
}

/* Notes first: they say whose the segments are, and what their names are. */
static int read_foreign(struct space *space, struct foreign_core *core,
			struct error *err)
{
	GElf_Ehdr header;
	size_t count;

	if (!core->elf || !gelf_getehdr(core->elf, &header))
		return error_set(err, FAULT_CORRUPT,
				 "its ELF header is damaged");
	if (header.e_ident[EI_CLASS] != ELFCLASS64 ||
	    header.e_machine != EM_X86_64)
		return error_set(err, FAULT_CORRUPT, "it is not for x86-64");
	if (elf_getphdrnum(core->elf, &count) < 0 || count == 0)
		return error_set(err, FAULT_CORRUPT,
				 "it is cut short in its program headers");
	if (read_notes(core, count, err) < 0)
		return -err->code;
	if (core->is_ours)
		return 0;
	if (keep_text(space, core->files, core->files_size, err) < 0 ||
	    read_files(space, core, err) < 0 ||
	    read_segments(space, core, count, err) < 0)
		return -err->code;
	conclude(space, core->fd, core->auxv, core->auxv_size);
	return 0;
}

int space_fill_core(struct space *space, const char *path, struct error *err)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct foreign_core core = {.fd = fd};
	struct stat status;
	int r;

	space->source = SPACE_CORE;
	if (fd < 0 || fstat(fd, &status) < 0)
		return error_system(err, errno, "cannot look at '%s'", path);
	core.size = (uint64_t)status.st_size;
	elf_version(EV_CURRENT);
	core.elf = elf_begin(fd, ELF_C_READ, NULL);
	r = read_foreign(space, &core, err);
	elf_end(core.elf);
	free(core.ranges);
	if (r < 0)
		return error_context(err, "cannot look at '%s'", path);
	space->is_own = core.is_ours;
	return core.is_ours ? read_own(space, path, err) : 0;
}
