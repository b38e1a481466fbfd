/*
 * space.c - an address space that is looked at: of a process, a core, a program
 */
#include "space.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/text.h"

uint16_t space_elf_type(const char *path)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	Elf64_Ehdr header;

	if (fd < 0 || io_pread_all(fd, &header, sizeof(header), 0) < 0 ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
		return ET_NONE;
	return header.e_type;
}

enum space_placement space_placement(uint16_t elf_type)
{
	switch (elf_type) {
	case ET_EXEC:
		return PLACED_FIXED;
	case ET_DYN:
		return PLACED_FREELY;
	case ET_CORE:
		return PLACED_RESTORED;
	default:
		return PLACED_UNKNOWN;
	}
}

uint64_t space_bytes(const struct space *space)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < space->areas.count; i++)
		if (space->areas.items[i].kind != AREA_VSYSCALL)
			bytes += area_size(&space->areas.items[i]);
	return bytes;
}

static bool take_pid(const char *word, pid_t *ret_pid)
{
	uint64_t pid;

	if (!take_decimal(&word, &pid) || *word || pid == 0 || pid > INT32_MAX)
		return false;
	*ret_pid = (pid_t)pid;
	return true;
}

/* By what the word names. */
static int fill(struct space *space, const char *word, struct error *err)
{
	pid_t pid;

	if (take_pid(word, &pid))
		return space_fill_process(space, pid, err);
	if (space_elf_type(word) == ET_CORE)
		return space_fill_core(space, word, err);
	return space_fill_program(space, word, err);
}

static int
open_with(int (*filler)(struct space *, const char *, struct error *),
	  struct space *ret_space, const char *word, struct error *err)
{
	struct space space = {.label = strdup(word)};
	int r;

	if (!space.label)
		return error_system(err, ENOMEM, "cannot look at '%s'", word);
	r = filler(&space, word, err);
	if (r < 0)
		space_close(&space);
	else
		*ret_space = space;
	return r;
}

int space_open(struct space *ret_space, const char *word, struct error *err)
{
	return open_with(fill, ret_space, word, err);
}

int space_open_sample(struct space *ret_space, const char *name,
		      struct error *err)
{
	return open_with(space_fill_program, ret_space, name, err);
}

void space_close(struct space *space)
{
	area_list_deinit(&space->areas);
	free(space->label);
	free(space->program);
	free(space->text);
	*space = (struct space){0};
}
