/*
 * test_plan_sources.c - a core of which other files hold a part, and any core
 */
#include <criterion/criterion.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "restore/plan_build.h"
#include "tests/made_plan.h"

/* Those of the sources of any core below. */
static const int source_fds[] = {41, 42};

/* All of the text is in a file, and 20 pages of the block with the seam. */
static void put_outside(struct made_core *from)
{
	for (size_t i = 0; i < 2; i++) {
		from->sources[i].size = 1 << 20;
		from->outside[i] = (struct core_outside){
			.start = from->mappings[i].start,
			.end = from->mappings[i].end,
			.offset = i * 0x2000,
		};
	}
	from->outside[2] = (struct core_outside){
		.start = from->seams[0] - 10 * 4096,
		.end = from->seams[0] + 10 * 4096,
		.offset = 0x7000,
		.source = 1,
	};
	from->source_count = 2;
	from->outside_count = 3;
}

static void make_outside(struct made *made, const struct made_core *from)
{
	make_from(made, from, (struct plan_input){.source_fds = source_fds});
	check_pages(made);
}

/* Seams are pages of their own there, too. */
Test(plan_sources, pages_of_sources_are_mapped_from_these)
{
	struct made_core from;
	struct made made = {0};
	struct page *page;

	made_core_init(&from);
	put_outside(&from);
	make_outside(&made, &from);

	page = find_page(made.pages, from.mappings[0].start);
	cr_expect(page->is_file && page->fd == 41 && page->offset == 0);
	page = find_page(made.pages, from.seams[0] - 4096);
	cr_expect(page->is_file && page->fd == 42 && page->offset == 0x10000);
	page = find_page(made.pages, from.seams[0]);
	cr_expect(!page->is_file && page->fd == 42 && page->offset == 0x11000);
	unmake(&made);
}

/* Neighbours in one file are one call, in two files or with a gap they are two. */
Test(plan_sources, only_what_lies_together_in_one_file_is_one_call)
{
	struct made_core from;
	struct made made = {0};
	ptrdiff_t at;

	made_core_init(&from);
	put_outside(&from);
	make_outside(&made, &from);
	at = find_call(&made, SYS_mmap, from.mappings[0].start);
	cr_assert(at >= 0);
	cr_expect(made.plan.calls[at].arguments[1] == 0x3000);
	unmake(&made);

	made = (struct made){0};
	from.outside[1].offset += 0x1000;
	make_outside(&made, &from);
	cr_expect(find_call(&made, SYS_mmap, from.mappings[1].start) >= 0);
	unmake(&made);

	made = (struct made){0};
	from.outside[1].offset -= 0x1000;
	from.outside[1].source = 1;
	make_outside(&made, &from);
	cr_expect(find_call(&made, SYS_mmap, from.mappings[1].start) >= 0);
	unmake(&made);
}

/* As it would be had the core a place for it that follows. */
Test(plan_sources, stored_pages_do_not_go_on_in_a_source)
{
	struct made_core from;
	struct made made = {0};

	made_core_init(&from);
	put_outside(&from);
	from.outside[0] = from.outside[1];
	from.outside[0].offset = from.mappings[1].offset;
	from.outside_count = 1;
	make_outside(&made, &from);
	cr_expect(find_call(&made, SYS_mmap, from.mappings[1].start) >= 0);
	unmake(&made);
}

Test(plan_sources, memory_to_be_copied_is_read_from_several_files)
{
	struct made_core from;
	struct made made = {0};
	ptrdiff_t core, source;

	made_core_init(&from);
	put_outside(&from);
	from.mappings[3].flags |= CORE_MAP_COPY;
	make_outside(&made, &from);

	for (size_t i = 0; i < made.pages->count; i++)
		cr_expect(!made.pages->items[i].is_file ||
			  made.pages->items[i].address <
				  from.mappings[3].start);
	core = find_call(&made, SYS_pread64, (uint64_t)made.core.fd);
	source = find_call(&made, SYS_pread64, 42);
	cr_expect(core >= 0 && source >= 0);
	unmake(&made);
}

/* From the last call on nobody needs them. */
Test(plan_sources, sources_are_closed_at_the_end)
{
	struct made_core from;
	struct made made = {0};
	ptrdiff_t first, second, last = 0;

	made_core_init(&from);
	put_outside(&from);
	make_outside(&made, &from);

	for (size_t i = 0; i < made.plan.call_count; i++)
		if (made.plan.calls[i].number == SYS_mmap ||
		    made.plan.calls[i].number == SYS_pread64)
			last = (ptrdiff_t)i;
	first = find_call(&made, SYS_close, 41);
	second = find_call(&made, SYS_close, 42);
	cr_expect(first > last && second > last);
	unmake(&made);
}

static uint64_t state = 88172645463325252;

static uint64_t below(uint64_t end)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % end;
}

/* A page of the mapping @m that lies at or above @lowest, or its end. */
static uint64_t any_page(const struct core_mapping *m, uint64_t lowest)
{
	const uint64_t from = lowest > m->start ? lowest : m->start;

	return from < m->end ? from + below((m->end - from) / 4096) * 4096
			     : m->end;
}

static void scatter(struct made_core *from, const struct core_mapping *m)
{
	const size_t holes = sizeof(from->holes) / sizeof(*from->holes);
	const size_t seams = sizeof(from->seams) / sizeof(*from->seams);
	uint64_t at = 0;

	for (; from->hole_count < holes && below(2); from->hole_count++) {
		const uint64_t start = any_page(m, at);

		if (start == m->end)
			break;
		at = start + (1 + below((m->end - start) / 4096)) * 4096;
		from->holes[from->hole_count] = (struct core_range){start, at};
	}
	for (at = 0; from->seam_count < seams && below(2); at += 4096) {
		at = any_page(m, at);
		if (at == m->end)
			break;
		from->seams[from->seam_count++] = at;
	}
}

/* How far it is from @at to a hole or the end of @m; 0 in a hole. */
static uint64_t room_at(const struct made_core *from,
			const struct core_mapping *m, uint64_t at)
{
	uint64_t end = m->end;

	for (size_t i = 0; i < from->hole_count; i++) {
		const struct core_range *hole = &from->holes[i];

		if (at >= hole->start && at < hole->end)
			return 0;
		if (hole->start > at && hole->start < end)
			end = hole->start;
	}
	return end - at;
}

/* Often so that it goes on where the one before has ended, in one file or not. */
static void scatter_outside(struct made_core *from,
			    const struct core_mapping *m)
{
	const size_t most = sizeof(from->outside) / sizeof(*from->outside);
	uint64_t at = m->start;

	while (from->outside_count < most && below(4) && at < m->end) {
		struct core_outside *o = &from->outside[from->outside_count];
		uint64_t room;

		if (below(2))
			at = any_page(m, at);
		room = room_at(from, m, at);
		if (room == 0) {
			at += 4096;
			continue;
		}
		*o = (struct core_outside){
			.start = at,
			.end = at + (1 + below(room / 4096)) * 4096,
			.offset = below(200) * 4096,
			.source = (uint32_t)below(2),
		};
		if (from->outside_count > 0 && below(2))
			o->offset = o[-1].offset + (o[-1].end - o[-1].start);
		from->outside_count++;
		at = o->end;
	}
}

/* Mappings of any kind and size, next to each other or not. */
static void make_any(struct made_core *from)
{
	static const uint32_t kinds[] = {
		CORE_MAPPING_FILE, CORE_MAPPING_ANONYMOUS,
		CORE_MAPPING_ANONYMOUS, CORE_MAPPING_STACK};
	uint64_t at = 0x10000000;
	uint64_t offset = MADE_DATA;

	made_core_init(from);
	from->hole_count = from->seam_count = 0;
	from->source_count = 2;
	from->sources[0].size = from->sources[1].size = 1 << 22;
	for (size_t i = 0; i < MADE_MAPPINGS; i++) {
		const uint64_t size = (1 + below(40)) * 4096;
		struct core_mapping *m = &from->mappings[i];

		at += below(3) * 4096;
		*m = (struct core_mapping){
			.start = at,
			.end = at + size,
			.kind = kinds[below(4)],
			.protection = (uint32_t)below(8),
			.flags = (uint32_t)below(2) * CORE_MAP_COPY,
			.advice = (uint32_t)below(4) << MADV_DONTFORK,
		};
		at = m->end;
		if (below(4) > 0) {
			m->offset = offset;
			offset += size;
			scatter(from, m);
			scatter_outside(from, m);
		}
	}
	made_core_set_digests(from);
}

/* Counted alone, where the room of the other parts hides nothing. */
static void check_calls_of_memory(const struct made *made)
{
	static struct call calls[512];
	const struct plan_input input = {
		.core = &made->core,
		.source_fds = source_fds,
	};
	struct plan plan = {
		.calls = calls,
		.call_max = sizeof(calls) / sizeof(*calls),
	};

	plan_memory(&plan, &input);
	cr_assert(plan.call_count <= plan_memory_calls(&made->core),
		  "%zu calls, there is room for %zu", plan.call_count,
		  plan_memory_calls(&made->core));
}

Test(plan_sources, any_core_is_made_page_by_page)
{
	for (int i = 0; i < 2000; i++) {
		struct made_core from;
		struct made made = {0};

		make_any(&from);
		make_outside(&made, &from);
		check_calls_of_memory(&made);
		unmake(&made);
	}
}
