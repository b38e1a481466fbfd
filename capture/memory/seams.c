/*
 * seams.c - the ends of blocks that libc's allocator may grow in place
 */
#include "seams.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	IS_MMAPPED = 2, /* malloc/malloc.c of glibc */
	FLAGS = 7,
};

/*
 * Where in a page the header of a block may stand: at its start, or, when the
 * block was asked to be aligned, 16 bytes before a multiple of a power of two.
 */
static const uint64_t places[] = {0,	 0x30,	0x70,  0xf0,
				  0x1f0, 0x3f0, 0x7f0, 0xff0};

/* How far the header is from the start of its mapping, and how much follows. */
struct header {
	uint64_t before;
	uint64_t size;
};

/* The end of the block that this is the header of, or 0. */
static uint64_t block_end(const struct mapping *m, const struct header *header,
			  uint64_t address)
{
	const uint64_t size = header->size & ~(uint64_t)FLAGS;
	uint64_t start;

	if ((header->size & FLAGS) != IS_MMAPPED ||
	    header->before > address - m->start)
		return 0;
	start = address - header->before;
	if (start % CORE_PAGE_SIZE != 0 || size > m->end - address ||
	    (header->before + size) % CORE_PAGE_SIZE != 0)
		return 0;
	return address + size;
}

bool seams_begin_block(const struct mapping *m, const char *page,
		       uint64_t address)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		struct header header;

		memcpy(&header, page + places[i], sizeof(header));
		if (block_end(m, &header, address + places[i]) != 0)
			return true;
	}
	return false;
}

int seams_inspect(void *context, const char *bytes, size_t size,
		  uint64_t address, struct error *err)
{
	struct seams *seams = context;
	int r = 0;

	for (size_t page = 0; page < size; page += CORE_PAGE_SIZE) {
		for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
			const size_t at = page + places[i];
			struct header header;
			uint64_t end;

			memcpy(&header, bytes + at, sizeof(header));
			end = block_end(seams->mapping, &header, address + at);
			if (end == 0 || seams->found.count > SEAMS_MAX)
				continue;
			r = page_runs_reserve(&seams->found,
					      seams->found.count + 1, err);
			if (r < 0)
				return r;
			seams->found.items[seams->found.count++] =
				(struct core_range){end - CORE_PAGE_SIZE, end};
		}
	}
	return r;
}

int seams_conclude(struct seams *seams, const struct page_runs *written,
		   uint64_t **ret_seams, size_t *ret_count, struct error *err)
{
	struct page_runs *found = &seams->found;
	uint64_t *pages = calloc(found->count + 1, sizeof(*pages));
	size_t count = 0;
	size_t run = 0;

	if (!pages)
		return error_system(err, ENOMEM, "cannot keep the seams");
	page_runs_sort(found);
	for (size_t i = 0; i < found->count; i++) {
		const uint64_t page = found->items[i].start;

		while (run < written->count && written->items[run].end <= page)
			run++;
		if (run == written->count)
			break;
		if (written->items[run].start > page ||
		    (count > 0 && pages[count - 1] == page))
			continue;
		pages[count++] = page;
	}
	*ret_seams = pages;
	*ret_count = count;
	return 0;
}

void seams_deinit(struct seams *seams)
{
	page_runs_deinit(&seams->found);
}
