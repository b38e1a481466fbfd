/*
 * make_core.c - small cores, right or wrong on purpose, without a process
 */
#include "make_core.h"

#include <assert.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/attribute.h"
#include "common/core_writer.h"

void made_core_set_digests(struct made_core *made)
{
	made->digest_count = 0;
	for (size_t i = 0; i < made->mapping_count; i++)
		if (made->mappings[i].offset)
			made->digests[made->digest_count++].start =
				made->mappings[i].start;
}

static void init_mappings(struct made_core *made)
{
	const struct core_mapping mappings[MADE_MAPPINGS] = {
		{.start = 0x555555554000,
		 .end = 0x555555556000,
		 .offset = MADE_DATA,
		 .kind = CORE_MAPPING_FILE,
		 .protection = PROT_READ | PROT_EXEC,
		 .name = 1},
		{.start = 0x555555556000,
		 .end = 0x555555557000,
		 .offset = MADE_DATA + 0x2000,
		 .kind = CORE_MAPPING_FILE,
		 .protection = PROT_READ | PROT_EXEC,
		 .name = 1},
		{.start = 0x555555558000,
		 .end = 0x555555578000,
		 .offset = MADE_DATA + 0x3000,
		 .kind = CORE_MAPPING_ANONYMOUS,
		 .protection = PROT_READ | PROT_WRITE,
		 .flags = CORE_MAP_HEAP},
		{.start = 0x7ffff7000000,
		 .end = 0x7ffff7100000,
		 .offset = MADE_DATA + 0x23000,
		 .kind = CORE_MAPPING_ANONYMOUS,
		 .protection = PROT_READ | PROT_WRITE},
		{.start = 0x7ffff7200000,
		 .end = 0x7ffff7300000,
		 .kind = CORE_MAPPING_ANONYMOUS,
		 .flags = CORE_MAP_NORESERVE},
		{.start = 0x7ffffffde000,
		 .end = 0x7ffffffff000,
		 .offset = MADE_DATA + 0x123000,
		 .kind = CORE_MAPPING_STACK,
		 .protection = PROT_READ | PROT_WRITE},
	};

	memcpy(made->mappings, mappings, sizeof(mappings));
	made->mapping_count = MADE_MAPPINGS;
	made_core_set_digests(made);
	made->holes[0] = (struct core_range){0x7ffff7080000, 0x7ffff70c0000};
	made->holes[1] = (struct core_range){0x7ffffffde000, 0x7fffffffb000};
	made->hole_count = 2;
	made->seams[0] = 0x7ffff7040000;
	made->seam_count = 1;
}

void made_core_init(struct made_core *made)
{
	*made = (struct made_core){
		.image = {.magic = {'S', 'U', 'B', 'C', 'T', 'X', '\r', '\n'},
			  .version = CORE_VERSION,
			  .ready = CORE_READY_STDIN,
			  .page_size = CORE_PAGE_SIZE,
			  .pid = 4711,
			  .file_size = MADE_DATA + 0x144000},
		.names = "\0/usr/bin/svc",
		.audit = "{}",
		.thread_count = 1,
		.attributes = {{.id = ATTRIBUTE_UMASK, .value = 0137}},
		.attribute_count = 1,
	};
	for (uint32_t i = 0; i < MADE_THREADS; i++)
		made->threads[i] = (struct core_thread){
			.tid = 4711 + i,
			.tid_address = 0x555555558010 + i * 64,
			.tid_word = 0x555555558010 + i * 64,
			.xstate_size = 2696,
			.comm = "svc",
		};
	for (size_t i = 0; i < CORE_SIGNALS; i++)
		made->signals[i].inherited = 1;
	init_mappings(made);
}

static void append(struct note_buffer *notes, const struct made_core *made,
		   uint32_t type, const void *contents, size_t size)
{
	if (type != made->leave_out)
		note_append(notes, CORE_NOTE_OWNER, type, contents, size);
	if (type == made->twice)
		note_append(notes, CORE_NOTE_OWNER, type, contents, size);
}

static void append_all(struct note_buffer *notes, const struct made_core *m)
{
	const uint64_t auxv[] = {AT_PAGESZ, 4096, AT_NULL, 0};

	note_append(notes, "CORE", NT_AUXV, auxv, sizeof(auxv));
	append(notes, m, CORE_NOTE_IMAGE, &m->image, sizeof(m->image));
	append(notes, m, CORE_NOTE_PROCESS, &m->process, sizeof(m->process));
	append(notes, m, CORE_NOTE_MACHINE, &m->machine, sizeof(m->machine));
	append(notes, m, CORE_NOTE_MAPPINGS, m->mappings,
	       m->mapping_count * sizeof(*m->mappings));
	append(notes, m, CORE_NOTE_NAMES, m->names, sizeof(m->names));
	append(notes, m, CORE_NOTE_THREADS, m->threads,
	       m->thread_count * sizeof(*m->threads));
	append(notes, m, CORE_NOTE_XSTATE, m->xstate, sizeof(m->xstate));
	append(notes, m, CORE_NOTE_SIGNALS, m->signals, sizeof(m->signals));
	append(notes, m, CORE_NOTE_ATTRIBUTES, m->attributes,
	       m->attribute_count * sizeof(*m->attributes));
	append(notes, m, CORE_NOTE_GUARDS, m->guards,
	       m->guard_count * sizeof(*m->guards));
	append(notes, m, CORE_NOTE_OBJECTS, m->objects,
	       m->object_count * sizeof(*m->objects));
	append(notes, m, CORE_NOTE_PENDING, m->pending,
	       m->pending_count * sizeof(*m->pending));
	append(notes, m, CORE_NOTE_TIMERS, m->timers,
	       m->timer_count * sizeof(*m->timers));
	append(notes, m, CORE_NOTE_OWNERS, m->owners,
	       m->owner_count * sizeof(*m->owners));
	append(notes, m, CORE_NOTE_FILES, m->files,
	       m->file_count * sizeof(*m->files));
	append(notes, m, CORE_NOTE_DESCRIPTORS, m->descriptors,
	       m->descriptor_count * sizeof(*m->descriptors));
	append(notes, m, CORE_NOTE_WATCHES, m->watches,
	       m->watch_count * sizeof(*m->watches));
	append(notes, m, CORE_NOTE_FILE_DATA, m->file_data, m->file_data_size);
	append(notes, m, CORE_NOTE_SOURCES, m->sources,
	       m->source_count * sizeof(*m->sources));
	append(notes, m, CORE_NOTE_OUTSIDE, m->outside,
	       m->outside_count * sizeof(*m->outside));
	append(notes, m, CORE_NOTE_AUDIT, m->audit, strlen(m->audit));
	append(notes, m, CORE_NOTE_DIGESTS, m->digests,
	       m->digest_count * sizeof(*m->digests));
	append(notes, m, CORE_NOTE_SEAMS, m->seams,
	       m->seam_count * sizeof(*m->seams));
	append(notes, m, CORE_NOTE_HOLES, m->holes,
	       m->hole_count * sizeof(*m->holes));
}

void made_core_notes(const struct made_core *made, size_t offset,
		     struct note_buffer *ret_notes)
{
	struct made_core copy = *made;
	struct note_buffer notes = {0};

	append_all(&notes, &copy);
	copy.image.front_size = offset + notes.size;
	note_buffer_deinit(&notes);
	append_all(ret_notes, &copy);
}

char *made_core_front(const struct made_core *made, size_t *ret_size)
{
	const Elf64_Ehdr head = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
			    ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_CORE,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1,
	};
	struct note_buffer notes = {0};
	const size_t start = core_notes_offset(0);
	Elf64_Phdr segment = {.p_type = PT_NOTE, .p_offset = start};
	char *front;

	made_core_notes(made, start, &notes);
	segment.p_filesz = notes.size;
	front = malloc(start + notes.size);
	assert(front && !notes.failed);
	memcpy(front, &head, sizeof(head));
	memcpy(front + sizeof(head), &segment, sizeof(segment));
	memcpy(front + start, notes.bytes, notes.size);
	*ret_size = start + notes.size;
	note_buffer_deinit(&notes);
	core_seal(front, *ret_size);
	return front;
}
