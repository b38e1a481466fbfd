/*
 * working_set.c - the pages that a service needs for its first requests
 */
#include "working_set.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "common/cleanup.h"
#include "common/io.h"

static size_t size_of(uint64_t count)
{
	return sizeof(struct core_working_set) +
	       count * sizeof(struct core_touched);
}

static uint64_t digest_of(const struct core_working_set *set,
			  const struct core_touched *items)
{
	const uint64_t digest =
		core_digest(CORE_DIGEST_START, &set->count, sizeof(set->count));

	return core_digest(digest, items, set->count * sizeof(*items));
}

/* Ascending, apart, and each within one mapping. */
static bool are_right(const struct core_touched *items, uint64_t count,
		      const struct core *core)
{
	const struct core_mapping *m = core->mappings;
	const struct core_mapping *end = m + core->mapping_count;
	uint64_t before = 0;

	for (uint64_t i = 0; i < count; i++) {
		while (m < end && m->end <= items[i].start)
			m++;
		if (items[i].start % CORE_PAGE_SIZE || items[i].pages == 0 ||
		    items[i].start < before || m == end ||
		    items[i].start < m->start ||
		    core_touched_end(&items[i]) > m->end)
			return false;
		before = core_touched_end(&items[i]);
	}
	return true;
}

bool working_set_is_whole(const void *bytes, size_t size,
			  const struct core *core)
{
	const struct core_working_set *set = bytes;
	const struct core_touched *items = (const void *)(set + 1);

	return size >= sizeof(*set) &&
	       memcmp(set->magic, CORE_SET_MAGIC, sizeof(set->magic)) == 0 &&
	       set->count <= WORKING_SET_MAX && size >= size_of(set->count) &&
	       set->digest == digest_of(set, items) &&
	       are_right(items, set->count, core);
}

void working_set_read(struct working_set *ret_set, const struct core *core)
{
	const uint64_t offset = core->image->working_set;
	const struct core_working_set *mapped;
	struct core_working_set head;
	struct working_set set = {0};

	*ret_set = set;
	if (offset == 0 ||
	    io_pread_all(core->fd, &head, sizeof(head), offset) < 0 ||
	    memcmp(head.magic, CORE_SET_MAGIC, sizeof(head.magic)) != 0 ||
	    head.count > WORKING_SET_MAX)
		return;
	set.size = size_of(head.count);
	if (io_map_copy(core->fd, set.size, offset, &set.bytes) < 0)
		return;
	if (!working_set_is_whole(set.bytes, set.size, core)) {
		munmap(set.bytes, set.size);
		return;
	}
	mapped = set.bytes;
	set.count = mapped->count;
	set.items = (const void *)(mapped + 1);
	*ret_set = set;
}

void working_set_deinit(struct working_set *set)
{
	if (set->bytes)
		munmap(set->bytes, set->size);
	*set = (struct working_set){0};
}

int working_set_write(int fd, const struct core *core,
		      const struct core_touched *items, size_t count,
		      struct error *err)
{
	cleanup_heap char *bytes = malloc(size_of(count));
	struct core_working_set head = {
		.magic = {'S', 'U', 'B', 'C', 'T', 'X', 'W', 'S'},
		.count = count,
	};
	int r;

	if (!bytes)
		return error_system(err, ENOMEM, "cannot keep the pages");
	head.digest = digest_of(&head, items);
	memcpy(bytes, &head, sizeof(head));
	memcpy(bytes + sizeof(head), items, count * sizeof(*items));
	r = io_pwrite_all(fd, bytes, size_of(count), core->image->working_set);
	return r < 0 ? error_system(err, -r, "cannot write the pages") : 0;
}
