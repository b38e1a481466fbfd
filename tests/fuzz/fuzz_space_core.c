/*
 * fuzz_space_core.c - any bytes are refused as a core of an address space, or have
 * areas that can be compared and drawn
 */
#include <assert.h>
#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/io.h"
#include "fuzz.h"
#include "tools/addresses/collision.h"
#include "tools/addresses/picture.h"
#include "tools/addresses/space.h"

enum {
	SEGMENTS = 4,
	PAGE = 4096,
};

/* A core as a debugger writes it: of two files, one of which has no segment. */
struct made_core {
	Elf64_Ehdr head;
	Elf64_Phdr segments[SEGMENTS];
	struct {
		Elf64_Nhdr head;
		char owner[8];
		uint64_t values[6];
	} __attribute__((packed)) auxv;
	struct {
		Elf64_Nhdr head;
		char owner[8];
		uint64_t count;
		uint64_t page_size;
		uint64_t ranges[6];
		char names[24];
	} __attribute__((packed)) files;
	Elf64_Ehdr program;
};

#define NOTE(kind, part)                                                \
	{                                                               \
		.n_namesz = 5,                                          \
		.n_descsz = sizeof(((struct made_core *)0)->part) - 20, \
		.n_type = (kind)                                        \
	}

size_t fuzz_begin(uint8_t *bytes, size_t size)
{
	const uint64_t notes = offsetof(struct made_core, auxv);
	const struct made_core made = {
		.head = {.e_ident = ELFMAG "\2\1\1",
			 .e_type = ET_CORE,
			 .e_machine = EM_X86_64,
			 .e_version = EV_CURRENT,
			 .e_phoff = sizeof(made.head),
			 .e_ehsize = sizeof(made.head),
			 .e_phentsize = sizeof(made.segments[0]),
			 .e_phnum = SEGMENTS},
		.segments = {{.p_type = PT_NOTE,
			      .p_offset = notes,
			      .p_filesz = offsetof(struct made_core, program) -
					  notes},
			     {.p_type = PT_LOAD,
			      .p_flags = PF_X,
			      .p_offset = offsetof(struct made_core, program),
			      .p_filesz = sizeof(made.program),
			      .p_vaddr = 0x400000,
			      .p_memsz = 4 * PAGE},
			     {.p_type = PT_LOAD,
			      .p_vaddr = 0x404000,
			      .p_memsz = PAGE},
			     {.p_type = PT_LOAD,
			      .p_vaddr = 0x7ffd00000000,
			      .p_memsz = 33 * PAGE}},
		.auxv = {.head = NOTE(NT_AUXV, auxv),
			 .owner = "CORE",
			 .values = {AT_ENTRY, 0x401000, AT_RANDOM,
				    0x7ffd00001000}},
		.files = {.head = NOTE(NT_FILE, files),
			  .owner = "CORE",
			  .count = 2,
			  .page_size = PAGE,
			  .ranges = {0x400000, 0x404000, 0, 0x7f0000000000,
				     0x7f0000002000, 0},
			  .names = "/bin/svc\0/lib/libc.so.6"},
		.program = {.e_ident = ELFMAG "\2\1\1", .e_type = ET_EXEC},
	};

	assert(size >= sizeof(made));
	memcpy(bytes, &made, sizeof(made));
	return sizeof(made);
}

static void check_areas(const struct space *space)
{
	const struct area_list *areas = &space->areas;

	for (size_t i = 0; i < areas->count; i++) {
		const struct area *area = &areas->items[i];

		assert(area->start < area->end);
		assert(i == 0 || area[-1].end <= area->start);
		assert(area_list_find(areas, area->start) == area);
		assert(area_list_find(areas, area->end - 1) == area);
		assert(area_short_name(area)[0]);
	}
}

/* Whatever it is, it has all in common with itself, and is on the paper. */
static void check_comparison(const struct space *space)
{
	const struct space twice[] = {*space, *space};
	struct collision_list collisions;
	struct picture picture;
	struct error err = {0};

	assert(collision_list_make(&collisions, twice, 2, &err) == 0);
	assert(collision_sum(&collisions, 0, 1).bytes == space_bytes(space));
	assert(picture_make(&picture, twice, 2, &collisions, &err) == 0);
	for (size_t i = 0; i < picture.box_count; i++) {
		const struct picture_box *box = &picture.boxes[i];

		assert(box->top >= PICTURE_HEAD && box->height >= 0);
		assert(box->top + box->height <= picture.height);
		assert(box->label <= picture.height);
	}
	picture_deinit(&picture);
	collision_list_deinit(&collisions);
}

void fuzz_one(uint8_t *bytes, size_t size)
{
	const int fd = memfd_create("core", MFD_CLOEXEC);
	struct space space = {0};
	struct error err = {0};
	char path[64];

	assert(fd >= 0 && io_pwrite_all(fd, bytes, size, 0) == 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (space_fill_core(&space, path, &err) == 0) {
		assert(err.fault == FAULT_NONE);
		check_areas(&space);
		check_comparison(&space);
	} else {
		assert(err.fault != FAULT_NONE && err.text[0]);
	}
	space_close(&space);
	close(fd);
}
