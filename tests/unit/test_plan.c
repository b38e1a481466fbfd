/*
 * test_plan.c - a core in, a list of calls out that makes just that memory
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "tests/made_plan.h"

enum {
	POPULATE_WRITE = 23, /* MADV_POPULATE_WRITE */
};

Test(plan, makes_every_page_and_no_other)
{
	struct made_core from;
	struct made made = {0};

	made_core_init(&from);
	make(&made, &from);

	check_pages(&made);
	unmake(&made);
}

Test(plan, seams_are_pages_of_their_own)
{
	struct made_core from;
	struct made made = {0};

	made_core_init(&from);
	make(&made, &from);

	cr_expect(!find_page(made.pages, from.seams[0])->is_file);
	cr_expect(find_page(made.pages, from.seams[0] - 4096)->is_file);
	cr_expect(find_page(made.pages, from.seams[0] + 4096)->is_file);
	unmake(&made);
}

Test(plan, memory_to_be_copied_is_never_mapped_from_the_core)
{
	struct made_core from;
	struct made made = {0};

	made_core_init(&from);
	from.mappings[2].flags |= CORE_MAP_COPY;
	from.mappings[3].flags |= CORE_MAP_COPY;
	make(&made, &from);

	check_pages(&made);
	for (size_t i = 0; i < made.pages->count; i++)
		cr_expect(!made.pages->items[i].is_file ||
			  made.pages->items[i].address <
				  from.mappings[2].start);
	unmake(&made);
}

Test(plan, little_memory_is_read_and_not_mapped)
{
	struct made_core from;
	struct made made = {0};

	made_core_init(&from);
	from.mappings[2].end = from.mappings[2].start + 8 * 4096;
	make(&made, &from);
	check_pages(&made);
	cr_expect(!find_page(made.pages, from.mappings[2].start)->is_file);
	unmake(&made);

	made = (struct made){0};
	from.mappings[2].end += 4096;
	make(&made, &from);
	check_pages(&made);
	cr_expect(find_page(made.pages, from.mappings[2].start)->is_file);
	unmake(&made);
}

Test(plan, neighbours_in_memory_and_file_are_one_call)
{
	struct made_core from;
	struct made made = {0};
	bool is_one = false;

	made_core_init(&from);
	make(&made, &from);

	for (size_t i = 0; i < made.plan.call_count; i++)
		is_one = is_one || (made.plan.calls[i].number == SYS_mmap &&
				    made.plan.calls[i].arguments[0] ==
					    from.mappings[0].start &&
				    made.plan.calls[i].arguments[1] == 0x3000);
	cr_expect(is_one);
	unmake(&made);
}

Test(plan, everything_but_the_region_is_unmapped_first)
{
	struct made_core from;
	struct made made = {0};
	const struct call *calls;

	made_core_init(&from);
	make(&made, &from);
	calls = made.plan.calls;

	cr_expect(calls[0].number == SYS_munmap && calls[0].arguments[0] == 0 &&
		  calls[0].arguments[1] == REGION);
	cr_expect(calls[1].number == SYS_munmap &&
		  calls[1].arguments[0] == REGION + made.plan.size &&
		  calls[1].arguments[0] + calls[1].arguments[1] ==
			  0x7ffffffff000);
	unmake(&made);
}

Test(plan, arguments_without_a_marker_are_refused)
{
	char *argv[] = {(char *)"a"};
	struct vdso_plan vdso = {0};
	struct frame_layout layout = {0};
	struct made_core from;
	struct core core;
	struct plan_input input = {.core = &core,
				   .argc = 1,
				   .argv = argv,
				   .vdso = &vdso,
				   .layout = &layout};
	struct error err = {0};
	struct plan plan;
	unsigned char *region;
	size_t size;
	char *front;

	made_core_init(&from);
	front = made_core_front(&from, &size);
	cr_assert(core_parse(&core, front, size, from.image.file_size, &err) ==
		  0);
	region = calloc(1, plan_region_size(&input));

	cr_expect(plan_make(&plan, &input, region, REGION, &err) < 0);

	cr_expect(err.fault == FAULT_USAGE);
	free(region);
	free(front);
}

Test(plan, region_is_where_the_image_has_nothing)
{
	struct made_core from;
	struct made made = {0};
	uint64_t at;

	made_core_init(&from);
	make(&made, &from);

	cr_expect(plan_find_region(&made.core, REGION, 0x4000) == REGION);
	at = plan_find_region(&made.core, 0x555555555000, 0x1000);
	/* A page apart, so that the kernel never makes one of the two. */
	cr_expect(at == 0x555555579000, "%#lx", at);
	at = plan_find_region(&made.core, 0x7ffff7300000, 0x1000);
	cr_expect(at == 0x7ffff7301000, "%#lx", at);
	/* Not below the stack, which grows, nor behind it, where all ends. */
	at = plan_find_region(&made.core, 0x7ffffffd0000, 0x1000);
	cr_expect(at == 0, "%#lx", at);
	unmake(&made);
}

Test(plan, arguments_stand_where_the_marker_says)
{
	char *argv[] = {(char *)"-x", (char *)"", (char *)"a b"};
	struct made_core from;
	struct made made = {0};
	uint64_t words[2], vector[4];

	made_core_init(&from);
	from.image.ready = CORE_READY_MARKER;
	make_from(&made, &from, (struct plan_input){.argc = 3, .argv = argv});

	memcpy(words, in_region(&made, REGION), sizeof(words));
	cr_expect(words[0] == 3);
	memcpy(vector, in_region(&made, words[1]), sizeof(vector));
	for (size_t i = 0; i < 3; i++)
		cr_expect_str_eq(in_region(&made, vector[i]), argv[i]);
	cr_expect(vector[3] == 0);
	cr_expect(made.plan.kept == 4096 && made.plan.work > made.plan.kept);
	check_pages(&made);
	unmake(&made);
}

Test(plan, kept_page_is_known_by_its_magic_and_holds_the_frame)
{
	struct made_core from;
	struct made made = {0};
	const struct plan *plan = &made.plan;

	made_core_init(&from);
	make(&made, &from);

	cr_expect_str_eq(in_region(&made, REGION + plan->kept),
			 CORE_HANDOVER_MAGIC);
	cr_expect(plan->kept == 0, "there are no arguments");
	cr_expect(plan->frames[0] > REGION + plan->kept &&
		  plan->frames[0] + 304 <= REGION + plan->work);
	cr_expect((unsigned char *)plan->calls >= made.region + plan->work);
	cr_expect(plan->end >= REGION + plan->work);
	cr_expect(plan->data <= plan->data_end && plan->data_end < plan->size);
	unmake(&made);
}

Test(plan, shared_mapping_is_made_of_its_file_which_is_then_closed)
{
	const int fds[MADE_MAPPINGS] = {-1, -1, -1, -1, 55, -1};
	struct made_core from;
	struct made made = {0};
	ptrdiff_t at;

	made_core_init(&from);
	from.mappings[4].kind = CORE_MAPPING_SHARED;
	from.mappings[4].protection = PROT_READ;
	from.mappings[4].flags = 0;
	from.mappings[4].file_offset = 0x7000;
	make_from(&made, &from, (struct plan_input){.shared_fds = fds});

	at = find_call(&made, SYS_mmap, from.mappings[4].start);
	cr_assert(at >= 0);
	cr_expect(made.plan.calls[at].arguments[3] == (MAP_SHARED | NOREPLACE));
	cr_expect(made.plan.calls[at].arguments[4] == 55);
	cr_expect(made.plan.calls[at].arguments[5] == 0x7000);
	cr_expect(find_call(&made, SYS_close, 55) > at);
	unmake(&made);
}

Test(plan, large_pages_are_asked_for_before_the_rest_after_the_bytes)
{
	struct made_core from;
	struct made made = {0};
	const struct call *c;
	ptrdiff_t at;

	made_core_init(&from);
	from.mappings[2].flags |= CORE_MAP_COPY;
	from.mappings[2].advice =
		1u << MADV_HUGEPAGE | 1u << MADV_DONTFORK | 1u << MADV_DONTDUMP;
	make(&made, &from);

	at = find_call(&made, SYS_mmap, from.mappings[2].start);
	cr_assert(at >= 0);
	c = &made.plan.calls[at];
	cr_expect(c[1].number == SYS_madvise &&
		  c[1].arguments[2] == MADV_HUGEPAGE);
	cr_expect(c[2].number == SYS_madvise &&
		  c[2].arguments[2] == POPULATE_WRITE);
	cr_expect(c[3].number == SYS_pread64);
	cr_expect(c[4].number == SYS_madvise &&
		  c[4].arguments[2] == MADV_DONTFORK);
	cr_expect(c[5].number == SYS_madvise &&
		  c[5].arguments[2] == MADV_DONTDUMP);
	unmake(&made);
}

Test(plan, large_memory_is_copied_for_huge_pages)
{
	const struct plan_input input = {.huge_pages = true};
	struct made_core from;
	struct made made = {0};
	ptrdiff_t at;

	made_core_init(&from);
	from.mappings[3].end += 0x100000;
	from.mappings[4].start += 0x100000;
	from.mappings[4].end += 0x100000;
	from.mappings[5].offset += 0x100000;
	from.image.file_size += 0x100000;
	from.hole_count = 0;
	make_from(&made, &from, input);
	at = find_call(&made, SYS_madvise, from.mappings[3].start);

	cr_assert(at >= 0);
	cr_expect(made.plan.calls[at].arguments[2] == MADV_HUGEPAGE);
	cr_expect(!find_page(made.pages, from.mappings[3].start)->is_file);
	cr_expect(find_page(made.pages, from.mappings[2].start)->is_file);
	unmake(&made);

	made = (struct made){0};
	from.mappings[3].advice = 1u << MADV_NOHUGEPAGE;
	make_from(&made, &from, input);
	cr_expect(find_page(made.pages, from.mappings[3].start)->is_file);
	unmake(&made);
}

Test(plan, memory_that_the_kernel_may_drop_is_asked_for_as_such)
{
	struct made_core from;
	struct made made = {0};
	ptrdiff_t at;

	made_core_init(&from);
	from.mappings[4].flags = CORE_MAP_DROPPABLE;
	make(&made, &from);

	at = find_call(&made, SYS_mmap, from.mappings[4].start);
	cr_assert(at >= 0);
	cr_expect(made.plan.calls[at].arguments[3] ==
		  (MAP_ANONYMOUS | NOREPLACE | 0x08));
	unmake(&made);
}

Test(plan, vdso_is_mapped_and_proved_to_be_there)
{
	struct made_core from;
	struct made made = {.vdso = {.data = 0x20000000,
				     .code = 0x20004000,
				     .end = 0x20006000}};
	const struct call *c;
	ptrdiff_t at;

	made_core_init(&from);
	made.vdso.patched = malloc(8192);
	made.vdso.patched_size = 8192;
	made.vdso.patched_address = VDSO_AT;
	memset(made.vdso.patched, 0x5a, 8192);
	make(&made, &from);

	at = find_call(&made, SYS_arch_prctl, 0x2003);
	cr_assert(at >= 2);
	c = &made.plan.calls[at];
	cr_expect(c->arguments[1] == 0x20000000);
	cr_expect(c[1].number == SYS_mmap && c[1].lowest == -EEXIST &&
		  c[1].arguments[0] == 0x20000000);
	cr_expect(c[2].number == SYS_mmap && c[2].highest == -EEXIST &&
		  c[2].arguments[0] == 0x20005000);
	cr_expect(c[-2].number == SYS_mremap && c[-2].arguments[4] == VDSO_AT);
	cr_expect(memcmp(in_region(&made, c[-2].arguments[0]),
			 made.vdso.patched, 8192) == 0);
	cr_expect(c[-1].number == SYS_mprotect &&
		  c[-1].arguments[2] == (PROT_READ | PROT_EXEC));
	free(made.vdso.patched);
	unmake(&made);
}

Test(plan, locks_seals_and_guards_come_when_memory_is_there)
{
	struct made_core from;
	struct made made = {0};
	ptrdiff_t guard, lock, seal;

	made_core_init(&from);
	from.mappings[3].flags |=
		CORE_MAP_LOCKED | CORE_MAP_ON_FAULT | CORE_MAP_SEALED;
	from.guards[0] = (struct core_range){0x7ffff7000000, 0x7ffff7001000};
	from.guard_count = 1;
	make(&made, &from);

	guard = find_call(&made, SYS_madvise, 0x7ffff7000000);
	lock = find_call(&made, SYS_mlock2, 0x7ffff7000000);
	seal = find_call(&made, 462, 0x7ffff7000000);
	cr_expect(guard > find_call(&made, SYS_mmap, 0x7ffff7000000));
	cr_expect(lock > guard && seal > lock);
	cr_expect(made.plan.calls[guard].arguments[2] == 102);
	cr_expect(made.plan.calls[lock].arguments[2] == 1);
	unmake(&made);
}
