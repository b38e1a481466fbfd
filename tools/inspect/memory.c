/*
 * memory.c - what stood in the memory of a service
 */
#include "memory.h"

#include <string.h>
#include <unistd.h>

#include "common/core_find.h"

/* Some bytes of a file; behind its end there are zeros. */
struct piece {
	int fd;
	uint64_t offset;
	uint64_t size;
};

void memory_open(struct memory *ret_memory, const struct core *core,
		 const char *core_path, const struct source_places *places)
{
	struct error ignored = {0};

	*ret_memory = (struct memory){.core = core};
	sources_open(core, core_path, places, &ret_memory->source_fds,
		     &ignored);
}

void memory_close(struct memory *memory)
{
	sources_close(memory->core, memory->source_fds);
	*memory = (struct memory){0};
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Where the bytes from @address on are, as far as they lie together. */
static bool find_piece(const struct memory *memory, uint64_t address,
		       struct piece *ret_piece)
{
	const struct core *core = memory->core;
	const size_t index = core_find_mapping(core, address);
	const size_t next = core_find(core->outside, core->outside_count,
				      sizeof(*core->outside), address);
	const struct core_outside *outside = &core->outside[next];
	const struct core_mapping *m = &core->mappings[index];
	uint64_t end;

	if (index == core->mapping_count || address < m->start ||
	    m->offset == 0)
		return false;
	end = m->end;
	if (next < core->outside_count && outside->start > address)
		end = least(end, outside->start);
	else if (next < core->outside_count) {
		*ret_piece = (struct piece){
			memory->source_fds ? memory->source_fds[outside->source]
					   : -1,
			outside->offset + (address - outside->start),
			outside->end - address};
		return ret_piece->fd >= 0;
	}
	*ret_piece = (struct piece){core->fd, m->offset + (address - m->start),
				    end - address};
	return true;
}

/* A file may end within its last page. */
static bool read_piece(const struct piece *piece, char *bytes, size_t size)
{
	size_t done = 0;

	while (done < size) {
		const ssize_t got = pread(piece->fd, bytes + done, size - done,
					  (off_t)(piece->offset + done));

		if (got < 0)
			return false;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	memset(bytes + done, 0, size - done);
	return true;
}

bool memory_read(const struct memory *memory, uint64_t address, void *bytes,
		 size_t size)
{
	char *to = bytes;
	struct piece piece;

	while (size > 0) {
		size_t part;

		if (!find_piece(memory, address, &piece))
			return false;
		part = least(size, piece.size);
		if (!read_piece(&piece, to, part))
			return false;
		to += part;
		address += part;
		size -= part;
	}
	return true;
}
