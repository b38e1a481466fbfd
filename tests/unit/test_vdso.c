/*
 * test_vdso.c - an old vdso that leads to the new one
 *
 * The old one is a copy of this process's own, which is patched, mapped
 * elsewhere and called.
 */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "common/io.h"
#include "common/mapping.h"
#include "restore/vdso.h"
#include "restore/vdso_code.h"
#include "tests/expect.h"

TestSuite(vdso, .timeout = 30);

static const unsigned char *own;
static size_t own_size;
static struct core_range own_data;

static void find_own(void)
{
	struct mapping_list list = {0};
	struct error err = {0};
	char *text;

	cr_assert(io_read_file("/proc/self/maps", &text, NULL) == 0);
	cr_assert(mapping_list_parse(&list, text, &err) == 0);
	for (size_t i = 0; i < list.count; i++) {
		const struct mapping *m = &list.items[i];

		if (strncmp(m->name, "[vvar", 5) == 0) {
			if (!own_data.start)
				own_data.start = m->start;
			own_data.end = m->end;
		}
		if (strcmp(m->name, "[vdso]") == 0) {
			own = (const unsigned char *)(uintptr_t)m->start;
			own_size = mapping_size(m);
		}
	}
	mapping_list_deinit(&list);
	if (!own)
		cr_skip("this kernel has no vdso");
}

/* A copy that can be written; freed by free(). */
static unsigned char *copy_own(void)
{
	unsigned char *copy = aligned_alloc(4096, own_size);

	memcpy(copy, own, own_size);
	return copy;
}

struct symbols {
	size_t offset;
	size_t count;
	size_t names;
};

static struct symbols find_symbols(void)
{
	const Elf64_Ehdr *head = (const void *)own;
	const Elf64_Shdr *sections = (const void *)(own + head->e_shoff);

	for (size_t i = 0; i < head->e_shnum; i++)
		if (sections[i].sh_type == SHT_DYNSYM)
			return (struct symbols){
				sections[i].sh_offset,
				sections[i].sh_size / sizeof(Elf64_Sym),
				sections[sections[i].sh_link].sh_offset,
			};
	cr_assert_fail("no symbols");
	return (struct symbols){0};
}

static const Elf64_Sym *symbol_at(size_t index)
{
	return (const Elf64_Sym *)(const void *)(own + find_symbols().offset) +
	       index;
}

static bool is_function(const Elf64_Sym *symbol)
{
	return ELF64_ST_TYPE(symbol->st_info) == STT_FUNC &&
	       symbol->st_shndx != SHN_UNDEF;
}

static const char *name_of(const Elf64_Sym *symbol)
{
	return (const char *)own + find_symbols().names + symbol->st_name;
}

/* The index of the exported function @name. */
static size_t find_function(const char *name)
{
	for (size_t i = 0; i < find_symbols().count; i++)
		if (is_function(symbol_at(i)) &&
		    strcmp(name_of(symbol_at(i)), name) == 0)
			return i;
	cr_assert_fail("no %s", name);
	return 0;
}

Test(vdso, patched_copy_works_elsewhere, .init = find_own)
{
	const Elf64_Sym *symbol =
		symbol_at(find_function("__vdso_clock_gettime"));
	struct error err = {0};
	struct timespec before, between, after;
	int (*call)(clockid_t, struct timespec *);
	unsigned char *copy = mmap(NULL, own_size, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	cr_assert(copy != MAP_FAILED);
	memcpy(copy, own, own_size);
	cr_assert(vdso_patch(copy, own_size, own, own_size, (uintptr_t)own,
			     &err) == 0,
		  "%s", err.text);
	cr_assert(mprotect(copy, own_size, PROT_READ | PROT_EXEC) == 0);
	*(void **)&call = copy + symbol->st_value;

	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &before);
	cr_expect(call(CLOCK_MONOTONIC, &between) == 0);
	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &after);

	cr_expect(before.tv_sec < between.tv_sec ||
		  (before.tv_sec == between.tv_sec &&
		   before.tv_nsec <= between.tv_nsec));
	cr_expect(between.tv_sec < after.tv_sec ||
		  (between.tv_sec == after.tv_sec &&
		   between.tv_nsec <= after.tv_nsec));
	munmap(copy, own_size);
}

Test(vdso, every_function_begins_with_its_jump, .init = find_own)
{
	const uint64_t address = 0x7ff000000000;
	unsigned char *copy = copy_own();
	struct error err = {0};
	size_t functions = 0;

	cr_assert(vdso_patch(copy, own_size, own, own_size, address, &err) == 0,
		  "%s", err.text);

	for (size_t i = 0; i < find_symbols().count; i++) {
		const Elf64_Sym *symbol = symbol_at(i);
		uint64_t target;

		if (!is_function(symbol))
			continue;
		memcpy(&target, copy + symbol->st_value + 2, sizeof(target));
		cr_expect(memcmp(copy + symbol->st_value, "\x49\xbb", 2) == 0);
		cr_expect(target == address + symbol->st_value, "%s",
			  name_of(symbol));
		cr_expect(memcmp(copy + symbol->st_value + 10, "\x41\xff\xe3",
				 3) == 0);
		functions++;
	}
	cr_expect(functions >= 4);
	free(copy);
}

Test(vdso, nothing_but_the_entries_changes, .init = find_own)
{
	unsigned char *copy = copy_own();
	unsigned char *allowed = calloc(1, own_size);
	struct error err = {0};

	cr_assert(vdso_patch(copy, own_size, own, own_size, 4096, &err) == 0);

	for (size_t i = 0; i < find_symbols().count; i++)
		if (is_function(symbol_at(i)))
			memset(allowed + symbol_at(i)->st_value, 1, 13);
	for (size_t i = 0; i < own_size; i++)
		cr_assert(allowed[i] || copy[i] == own[i], "byte %zu", i);
	free(allowed);
	free(copy);
}

/* The old one with a changed symbol, and the new one with its own name. */
static void expect_refused(unsigned char *old, unsigned char *new,
			   const char *message)
{
	struct error err = {0};

	cr_expect(vdso_patch(old, own_size, new, own_size, 4096, &err) < 0);
	expect_contains(err.text, message);
	cr_expect(err.fault == FAULT_UNSUPPORTED);
	free(old);
	free(new);
}

static Elf64_Sym *symbol_in(unsigned char *copy, const char *name)
{
	return (Elf64_Sym *)(void *)(copy + find_symbols().offset) +
	       find_function(name);
}

/* As if it were another: the name of one character more is unknown. */
Test(vdso, function_that_nobody_knows_is_named, .init = find_own)
{
	unsigned char *old = copy_own();

	symbol_in(old, "__vdso_getcpu")->st_name += 1;

	expect_refused(old, copy_own(),
		       "its kernel's vdso has _vdso_getcpu(), this kernel's "
		       "has not");
}

/* Where the new one lacks a function, the old one makes the system call. */
Test(vdso, function_that_the_new_one_lacks_is_a_call, .init = find_own)
{
	unsigned char *new = copy_own(), *old = copy_own();
	int (*get)(unsigned int *cpu, unsigned int *node, void *unused);
	const uint64_t at = symbol_in(old, "__vdso_getcpu")->st_value;
	struct error err = {0};
	unsigned int cpu = 4711, node = 4711;

	/* It has two names. */
	symbol_in(new, "__vdso_getcpu")->st_shndx = SHN_UNDEF;
	symbol_in(new, "getcpu")->st_shndx = SHN_UNDEF;
	cr_assert(vdso_patch(old, own_size, new, own_size, 0x10000000, &err) ==
			  0,
		  "%s", err.text);
	cr_assert(mprotect(old, own_size, PROT_READ | PROT_EXEC) == 0);
	*(void **)&get = old + at;

	cr_expect(get(&cpu, &node, NULL) == 0 && cpu < 4096 && node < 4096);
	mprotect(old, own_size, PROT_READ | PROT_WRITE);
	free(old);
	free(new);
}

/* __vdso_getrandom() of Linux 6.11 */
Test(vdso, randomness_comes_from_the_call)
{
	unsigned char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ssize_t (*get)(void *bytes, size_t size, unsigned int flags,
		       void *state, size_t state_size);
	char bytes[16] = {0}, zeros[16] = {0};

	cr_expect(!vdso_code_call(page, 21, "__vdso_getrandom"));
	cr_assert(vdso_code_call(page, 22, "__vdso_getrandom"));
	cr_assert(mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0);
	*(void **)&get = page;

	cr_expect(get(bytes, sizeof(bytes), 0, bytes, 144) == 16);
	cr_expect(memcmp(bytes, zeros, sizeof(bytes)) != 0);
	cr_expect(get(NULL, 0, 0, bytes, (size_t)-1) == -ENOSYS);
	munmap(page, 4096);
}

Test(vdso, function_without_room_for_a_jump_is_named, .init = find_own)
{
	unsigned char *old = copy_own();

	symbol_in(old, "__vdso_getcpu")->st_size = 12;
	expect_refused(old, copy_own(),
		       "__vdso_getcpu() of its kernel's vdso has no room");

	old = copy_own();
	symbol_in(old, "__vdso_getcpu")->st_value = own_size - 4;
	expect_refused(old, copy_own(),
		       "__vdso_getcpu() of its kernel's vdso has no room");

	old = copy_own();
	symbol_in(old, "__vdso_getcpu")->st_value = UINT64_MAX - 4;
	expect_refused(old, copy_own(),
		       "__vdso_getcpu() of its kernel's vdso has no room");
}

static void expect_garbage(unsigned char *bytes, size_t size)
{
	struct error err = {0};

	cr_assert(vdso_patch(bytes, size, own, own_size, 4096, &err) < 0,
		  "%zu bytes", size);
	expect_text(err.text, "cannot find the functions of the vdso");
	cr_expect(err.fault == FAULT_CORRUPT);
	free(bytes);
}

Test(vdso, image_that_is_cut_short_is_refused, .init = find_own)
{
	const Elf64_Ehdr *head = (const void *)own;

	for (size_t cut = 0; cut <= head->e_shoff; cut++) {
		/* A copy of just that length, for the sanitizer to guard. */
		unsigned char *copy = malloc(cut ? cut : 1);

		memcpy(copy, own, cut);
		expect_garbage(copy, cut);
	}
}

Test(vdso, garbage_is_refused, .init = find_own)
{
	Elf64_Ehdr *head;

	expect_garbage(calloc(1, own_size), own_size);
	head = (void *)copy_own();
	head->e_ident[EI_MAG3] = 'G';
	expect_garbage((unsigned char *)head, own_size);
	head = (void *)copy_own();
	head->e_shoff = UINT64_MAX - 63;
	expect_garbage((unsigned char *)head, own_size);
	head = (void *)copy_own();
	head->e_shnum = 0;
	expect_garbage((unsigned char *)head, own_size);
	head = (void *)copy_own();
	head->e_shentsize = 1;
	expect_garbage((unsigned char *)head, own_size);
}

/* A core of which no more is there than what a plan of the vdso looks at. */
struct captured {
	struct core_machine machine;
	struct core_process process;
	struct core_mapping mapping;
	struct core core;
};

static void make_captured(struct captured *c)
{
	struct utsname names;

	*c = (struct captured){
		.core = {.fd = -1,
			 .machine = &c->machine,
			 .process = &c->process,
			 .mappings = &c->mapping,
			 .mapping_count = 1},
		.process = {.vdso = {0x7ffff7fc0000, 0x7ffff7fc0000 + own_size},
			    .vvar = {0x7ffff7fbc000, 0x7ffff7fc0000},
			    .vdso_digest = 1},
		.mapping = {.start = 0x7ffff7fc0000,
			    .end = 0x7ffff7fc0000 + own_size,
			    .kind = CORE_MAPPING_VDSO},
	};
	cr_assert(uname(&names) == 0);
	snprintf(c->machine.kernel, sizeof(c->machine.kernel), "%s %s",
		 names.release, names.version);
}

Test(vdso, service_without_one_gets_none)
{
	struct vdso_plan plan = {.code = 7};
	struct error err = {0};
	struct captured c;

	make_captured(&c);
	c.process.vdso = (struct core_range){0};

	cr_expect(vdso_plan_make(&plan, &c.core, &err) == 0, "%s", err.text);

	cr_expect(!plan.code && !plan.data && !plan.end && !plan.patched);
}

Test(vdso, same_kernel_maps_its_own_at_the_old_place, .init = find_own)
{
	struct vdso_plan plan = {0};
	struct error err = {0};
	struct captured c;

	make_captured(&c);

	cr_expect(vdso_plan_make(&plan, &c.core, &err) == 0, "%s", err.text);

	cr_expect(plan.data == c.process.vvar.start);
	cr_expect(plan.code == c.process.vdso.start);
	cr_expect(plan.end == c.process.vdso.end && !plan.patched);
}

Test(vdso, same_code_of_another_kernel_will_do, .init = find_own)
{
	struct vdso_plan plan = {0};
	struct error err = {0};
	struct captured c;

	make_captured(&c);
	snprintf(c.machine.kernel, sizeof(c.machine.kernel), "2.4.18");
	c.process.vvar.start =
		c.process.vvar.end - (own_data.end - own_data.start);
	c.process.vdso_digest = core_digest(CORE_DIGEST_START, own, own_size);

	cr_expect(vdso_plan_make(&plan, &c.core, &err) == 0, "%s", err.text);

	cr_expect(plan.code == c.process.vdso.start && !plan.patched);
}

Test(vdso, other_code_is_patched_where_it_was, .init = find_own)
{
	struct vdso_plan plan = {0};
	struct error err = {0};
	struct captured c;

	make_captured(&c);
	snprintf(c.machine.kernel, sizeof(c.machine.kernel), "2.4.18");
	c.core.fd = memfd_create("core", MFD_CLOEXEC);
	c.mapping.offset = 4096;
	cr_assert(io_pwrite_all(c.core.fd, own, own_size, 4096) == 0);

	cr_assert(vdso_plan_make(&plan, &c.core, &err) == 0, "%s", err.text);

	cr_expect(plan.patched && plan.patched_size == own_size);
	cr_expect(plan.patched_address == c.process.vdso.start);
	cr_expect(plan.data >= c.mapping.end, "it lies over the old one");
	cr_expect(plan.end - plan.code == own_size);
	vdso_plan_deinit(&plan);
	close(c.core.fd);
}

Test(vdso, old_code_that_is_not_stored_is_told, .init = find_own)
{
	struct vdso_plan plan = {0};
	struct error err = {0};
	struct captured c;

	make_captured(&c);
	snprintf(c.machine.kernel, sizeof(c.machine.kernel), "2.4.18");
	c.core.mapping_count = 0;

	cr_expect(vdso_plan_make(&plan, &c.core, &err) == -ENODATA);

	expect_contains(err.text, "cannot read its vdso");
}
