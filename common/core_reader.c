/*
 * core_reader.c - a core, checked from end to end before anyone sees it
 */
#include "core_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "core_check.h"
#include "io.h"
#include "note.h"

static int not_ours(struct error *err)
{
	error_set(err, FAULT_CORRUPT,
		  "it has no SUBCTX note, so subctx-capture did not write it");
	error_hint(err, "gdb can open it; only a core written by "
			"subctx-capture can be restored.");
	return -err->code;
}

/* The ELF header and the place of the notes, from any number of bytes. */
static int find_notes(const void *front, size_t size, uint64_t file_size,
		      Elf64_Phdr *ret_notes, struct error *err)
{
	Elf64_Ehdr head;

	if (size < sizeof(head))
		return error_set(err, FAULT_CORRUPT,
				 "it is not an ELF file: it has %zu bytes",
				 size);
	memcpy(&head, front, sizeof(head));
	if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0)
		return error_set(err, FAULT_CORRUPT, "it is not an ELF file");
	if (head.e_type != ET_CORE)
		return error_set(err, FAULT_CORRUPT, "it is not a core file");
	if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_machine != EM_X86_64)
		return error_set(err, FAULT_CORRUPT, "it is not for x86-64");
	if (head.e_phentsize != sizeof(Elf64_Phdr) ||
	    head.e_phoff != sizeof(head) || head.e_phnum == 0)
		return not_ours(err);
	if (size < sizeof(head) + sizeof(*ret_notes))
		return error_set(err, FAULT_CORRUPT,
				 "it is cut short in its program headers");
	memcpy(ret_notes, (const char *)front + sizeof(head),
	       sizeof(*ret_notes));
	if (ret_notes->p_type != PT_NOTE ||
	    ret_notes->p_offset < sizeof(head) + sizeof(*ret_notes) ||
	    ret_notes->p_offset > CORE_FRONT_MAX ||
	    ret_notes->p_filesz > CORE_FRONT_MAX)
		return not_ours(err);
	if (ret_notes->p_offset + ret_notes->p_filesz > file_size)
		return error_set(err, FAULT_CORRUPT,
				 "it is cut short: its notes end at byte "
				 "%" PRIu64 ", the file at %" PRIu64,
				 ret_notes->p_offset + ret_notes->p_filesz,
				 file_size);
	return 0;
}

int core_front_size(const void *front, size_t size, uint64_t file_size,
		    uint64_t *ret_size, struct error *err)
{
	Elf64_Phdr notes;
	int r = find_notes(front, size, file_size, &notes, err);

	if (r == 0)
		*ret_size = notes.p_offset + notes.p_filesz;
	return r;
}

/*
 * Notes are aligned to four bytes, what is in ours to eight: each is moved down
 * behind the one before.  The header that every note has makes more room than
 * that takes, so nothing that is still to be read is overwritten.
 */
static const void *move_down(char **free, const void *bytes, size_t size)
{
	char *to = *free;

	memmove(to, bytes, size);
	*free += (size + 7) & ~(size_t)7;
	return to;
}

/* One row for each note of ours: where it goes and what size its items have. */
struct note_slot {
	size_t item_size;
	size_t fixed_count; /* 0: any number */
	const char *name;
	const void **items;
	size_t *count;
};

static int take_note(const struct note *note, const struct note_slot *slot,
		     char **free, struct error *err)
{
	size_t count = note->size / slot->item_size;

	if (*slot->items)
		return error_set(err, FAULT_CORRUPT,
				 "it has two notes with its %s", slot->name);
	if (note->size % slot->item_size != 0 ||
	    (slot->fixed_count && count != slot->fixed_count))
		return error_set(err, FAULT_CORRUPT,
				 "the note with its %s has an odd size",
				 slot->name);
	*slot->items = move_down(free, note->contents, note->size);
	*slot->count = count;
	return 0;
}

/* clang-format off */
#define SLOT(item, fixed, name, items, count) \
	{ sizeof(item), fixed, name, (const void **)&(items), &(count) }
/* clang-format on */

static int take_notes(struct core *core, struct note_cursor notes, char *free,
		      struct error *err)
{
	size_t one, signals;
	struct note_slot slots[] = {
		SLOT(struct core_image, 1, "image", core->image, one),
		SLOT(struct core_process, 1, "process", core->process, one),
		SLOT(struct core_machine, 1, "machine", core->machine, one),
		SLOT(struct core_mapping, 0, "mappings", core->mappings,
		     core->mapping_count),
		SLOT(struct core_range, 0, "holes", core->holes,
		     core->hole_count),
		SLOT(char, 0, "names", core->names, core->names_size),
		SLOT(struct core_thread, 0, "threads", core->threads,
		     core->thread_count),
		SLOT(char, 0, "register sets", core->xstate, core->xstate_size),
		SLOT(struct core_signal, CORE_SIGNALS, "signals", core->signals,
		     signals),
		SLOT(struct core_attribute, 0, "attributes", core->attributes,
		     core->attribute_count),
		SLOT(uint64_t, 0, "seams", core->seams, core->seam_count),
		SLOT(struct core_range, 0, "guard regions", core->guards,
		     core->guard_count),
		SLOT(struct core_object, 0, "shared memory", core->objects,
		     core->object_count),
		SLOT(struct core_pending, 0, "pending signals", core->pending,
		     core->pending_count),
		SLOT(struct core_timer, 0, "timers", core->timers,
		     core->timer_count),
		SLOT(struct core_owner, 0, "lock owners", core->owners,
		     core->owner_count),
		SLOT(struct core_file, 0, "open files", core->files,
		     core->file_count),
		SLOT(struct core_descriptor, 0, "descriptors",
		     core->descriptors, core->descriptor_count),
		SLOT(struct core_watch, 0, "watches", core->watches,
		     core->watch_count),
		SLOT(char, 0, "bytes of open files", core->file_data,
		     core->file_data_size),
		SLOT(struct core_source, 0, "sources", core->sources,
		     core->source_count),
		SLOT(struct core_outside, 0, "pages of sources", core->outside,
		     core->outside_count),
		SLOT(char, 0, "report", core->audit, core->audit_size),
		SLOT(struct core_mapping_digest, 0, "digests", core->digests,
		     core->digest_count),
	};
	const size_t slot_count = sizeof(slots) / sizeof(slots[0]);
	struct note_slot auxv = SLOT(uint64_t, 0, "auxiliary vector",
				     core->auxv, core->auxv_count);
	struct note note;
	int r = 0;

	while (r == 0 && note_next(&notes, &note, err)) {
		if (strcmp(note.owner, "CORE") == 0 && note.type == NT_AUXV)
			r = take_note(&note, &auxv, &free, err);
		else if (strcmp(note.owner, CORE_NOTE_OWNER) == 0 &&
			 note.type - CORE_NOTE_IMAGE < slot_count)
			r = take_note(&note,
				      &slots[note.type - CORE_NOTE_IMAGE],
				      &free, err);
	}
	if (r == 0 && err->fault != FAULT_NONE)
		r = -err->code;
	for (size_t i = 0; r == 0 && i < slot_count; i++)
		if (!*slots[i].items)
			r = error_set(err, FAULT_CORRUPT,
				      "the note with its %s is missing",
				      slots[i].name);
	return r;
}

/*
 * As if the image note held no digest.  The words of the digest count from
 * the start of the front, so up to the note and from it on they are taken
 * from a copy of the few bytes around it.
 */
static uint64_t digest_around(const char *front, size_t size, size_t at,
			      const struct core_image *image)
{
	char around[sizeof(*image) + 16];
	struct core_image blank = *image;
	size_t before = at & ~(size_t)7;
	size_t after = (at + sizeof(*image) + 7) & ~(size_t)7;
	uint64_t digest = core_digest(CORE_DIGEST_START, front, before);

	if (after > size)
		after = size;
	blank.digest = 0;
	memcpy(around, front + before, after - before);
	memcpy(around + (at - before), &blank, sizeof(blank));
	digest = core_digest(digest, around, after - before);
	return core_digest(digest, front + after, size - after);
}

/* Before any note is moved; false, and @err, where there is none. */
static bool find_image(struct note_cursor notes, struct note *ret_note,
		       struct error *err)
{
	while (note_next(&notes, ret_note, err))
		if (strcmp(ret_note->owner, CORE_NOTE_OWNER) == 0 &&
		    ret_note->type == CORE_NOTE_IMAGE)
			return true;
	if (err->fault == FAULT_NONE)
		not_ours(err);
	return false;
}

/* Its beginning is that of all versions, whose sizes differ. */
static int read_image(const struct note *note, struct core_image *ret_image,
		      struct error *err)
{
	const size_t size = note->size < sizeof(*ret_image)
				    ? note->size
				    : sizeof(*ret_image);

	memset(ret_image, 0, sizeof(*ret_image));
	memcpy(ret_image, note->contents, size);
	if (memcmp(ret_image->magic, CORE_MAGIC, sizeof(ret_image->magic)) != 0)
		return not_ours(err);
	if (ret_image->version != CORE_VERSION)
		return error_set(err, FAULT_UNSUPPORTED,
				 "it has version %u of the format, this "
				 "program knows version %u",
				 ret_image->version, CORE_VERSION);
	if (note->size != sizeof(*ret_image))
		return error_set(err, FAULT_CORRUPT,
				 "the note with its image has an odd size");
	return 0;
}

static int check_image(const char *front, size_t front_size, uint64_t file_size,
		       struct note_cursor notes, struct error *err)
{
	struct core_image image;
	struct note note;
	uint64_t digest;

	if (!find_image(notes, &note, err) ||
	    read_image(&note, &image, err) < 0)
		return -err->code;
	if (image.page_size != CORE_PAGE_SIZE)
		return error_set(err, FAULT_UNSUPPORTED,
				 "its pages have %" PRIu64 " bytes, here they "
				 "have %u",
				 image.page_size, CORE_PAGE_SIZE);
	if (image.file_size > file_size) {
		error_set(err, FAULT_CORRUPT,
			  "it is cut short: it was written with %" PRIu64
			  " bytes, the file has %" PRIu64,
			  image.file_size, file_size);
		error_hint(err, "Was the copy complete? Compare with sha256sum "
				"on the machine that captured it.");
		return -err->code;
	}
	digest = digest_around(front, front_size,
			       (size_t)((const char *)note.contents - front),
			       &image);
	if (digest != image.digest || image.front_size != front_size)
		return error_set(err, FAULT_CORRUPT,
				 "its headers or notes are damaged: they have "
				 "the digest %016" PRIx64 ", not %016" PRIx64,
				 digest, image.digest);
	return 0;
}

int core_parse(struct core *ret_core, char *front, size_t front_size,
	       uint64_t file_size, struct error *err)
{
	struct core core = {.fd = -1};
	struct note_cursor notes;
	Elf64_Phdr head;
	uint64_t aligned;
	int r = find_notes(front, front_size, file_size, &head, err);

	if (r < 0)
		return r;
	if (head.p_offset + head.p_filesz > front_size)
		return error_set(err, FAULT_CORRUPT, "its notes are cut short");
	notes = (struct note_cursor){front + head.p_offset, head.p_filesz};
	aligned = (head.p_offset + 7) & ~(uint64_t)7;
	r = check_image(front, front_size, file_size, notes, err);
	if (r == 0)
		r = take_notes(&core, notes, front + aligned, err);
	if (r == 0)
		r = core_check(&core, err);
	if (r < 0)
		return r;
	core.leader = core_find_leader(&core);
	*ret_core = core;
	return 0;
}

static int map_front(int fd, uint64_t file_size, char **ret_front,
		     uint64_t *ret_size, struct error *err)
{
	char head[sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr)];
	const size_t head_size =
		file_size < sizeof(head) ? file_size : sizeof(head);
	void *front;
	int r = io_pread_all(fd, head, head_size, 0);

	if (r < 0)
		return error_system(err, -r, "cannot read its headers");
	r = core_front_size(head, head_size, file_size, ret_size, err);
	if (r < 0)
		return r;
	r = io_map_copy(fd, *ret_size, 0, &front);
	if (r < 0)
		return error_system(err, -r, "cannot read its notes");
	*ret_front = front;
	return 0;
}

int core_open(struct core *ret_core, const char *path, struct error *err)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	uint64_t size = 0;
	char *front = NULL;
	int r;

	if (fd < 0 || fstat(fd, &status) < 0)
		return error_system(err, errno, "cannot open '%s'", path);
	if (!S_ISREG(status.st_mode))
		return error_set(err, FAULT_CORRUPT,
				 "cannot use '%s': it is not a regular file",
				 path);
	r = map_front(fd, (uint64_t)status.st_size, &front, &size, err);
	if (r < 0)
		return error_context(err, "cannot use '%s'", path);
	r = core_parse(ret_core, front, size, (uint64_t)status.st_size, err);
	if (r < 0) {
		munmap(front, size);
		return error_context(err, "cannot use '%s'", path);
	}
	ret_core->fd = take_fd(&fd);
	ret_core->front = front;
	ret_core->front_size = size;
	return 0;
}

void core_close(struct core *core)
{
	cleanup_close(&core->fd);
	if (core->front)
		munmap(core->front, core->front_size);
	*core = (struct core){.fd = -1};
}
