/*
 * vdso.c - the kernel's own pages, where the service expects them
 */
#include "vdso.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/utsname.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/mapping.h"
#include "plan.h"
#include "vdso_code.h"

/* Ours, as the kernel has mapped it; @data_size is in front of the code. */
struct own_vdso {
	const unsigned char *code;
	size_t code_size;
	size_t data_size;
};

static bool is_same_kernel(const struct core_machine *machine)
{
	char kernel[CORE_RELEASE_SIZE];
	struct utsname names;

	if (uname(&names) < 0)
		return false;
	snprintf(kernel, sizeof(kernel), "%s %s", names.release, names.version);
	return strcmp(kernel, machine->kernel) == 0;
}

static int find_own(struct own_vdso *own, struct error *err)
{
	struct mapping_list list = {0};
	char *text = NULL;
	int r = io_read_file("/proc/self/maps", &text, NULL);

	if (r < 0)
		return error_system(err, -r, "cannot read '/proc/self/maps'");
	r = mapping_list_parse(&list, text, err);
	for (size_t i = 0; r == 0 && i < list.count; i++) {
		const struct mapping *m = &list.items[i];

		if (strncmp(m->name, "[vvar", 5) == 0)
			own->data_size += mapping_size(m);
		if (strcmp(m->name, "[vdso]") != 0)
			continue;
		own->code = (const unsigned char *)(uintptr_t)m->start;
		own->code_size = mapping_size(m);
	}
	mapping_list_deinit(&list);
	if (r == 0 && !own->code) {
		error_set(err, FAULT_UNSUPPORTED,
			  "this kernel has no vdso, and the service uses one");
		error_hint(err, "It was booted with vdso=0.");
		r = -err->code;
	}
	return r;
}

static int read_captured(const struct core *core, unsigned char **ret_code,
			 struct error *err)
{
	const struct core_range *range = &core->process->vdso;
	const uint64_t size = range->end - range->start;
	unsigned char *code;
	int r = -ENODATA;

	if (posix_memalign((void **)&code, CORE_PAGE_SIZE, size) != 0)
		return error_system(err, ENOMEM, "cannot keep its vdso");
	for (size_t i = 0; i < core->mapping_count; i++)
		if (core->mappings[i].kind == CORE_MAPPING_VDSO)
			r = io_pread_all(core->fd, code, size,
					 core->mappings[i].offset);
	if (r < 0) {
		free(code);
		return error_system(err, -r, "cannot read its vdso");
	}
	*ret_code = code;
	return 0;
}

/* Another kernel's: jumps from the old to the new, which goes where it can. */
static int make_patched(struct vdso_plan *plan, const struct core *core,
			const struct own_vdso *own, struct error *err)
{
	const struct core_range *old = &core->process->vdso;
	const size_t size = own->data_size + own->code_size;
	int r;

	/* As high as possible, where the kernel would have put it. */
	plan->data = plan_find_region(core, old->end, size);
	if (!plan->data)
		return error_set(err, FAULT_UNSUPPORTED,
				 "there is no room for this kernel's vdso");
	plan->code = plan->data + own->data_size;
	plan->end = plan->code + own->code_size;
	r = read_captured(core, &plan->patched, err);
	if (r < 0)
		return r;
	plan->patched_address = old->start;
	plan->patched_size = old->end - old->start;
	return vdso_patch(plan->patched, plan->patched_size, own->code,
			  own->code_size, plan->code, err);
}

int vdso_plan_make(struct vdso_plan *ret_plan, const struct core *core,
		   struct error *err)
{
	const struct core_range *code = &core->process->vdso;
	const struct core_range *data = &core->process->vvar;
	struct vdso_plan plan = {0};
	struct own_vdso own = {0};
	bool is_same;
	int r = 0;

	if (code->start == code->end) {
		*ret_plan = plan;
		return 0;
	}
	is_same = is_same_kernel(core->machine);
	if (!is_same) {
		r = find_own(&own, err);
		is_same = r == 0 && own.data_size == data->end - data->start &&
			  own.code_size == code->end - code->start &&
			  core_digest(CORE_DIGEST_START, own.code,
				      own.code_size) ==
				  core->process->vdso_digest;
	}
	if (is_same)
		plan = (struct vdso_plan){
			.data = data->end > data->start ? data->start
							: code->start,
			.code = code->start,
			.end = code->end,
		};
	else if (r == 0)
		r = make_patched(&plan, core, &own, err);
	if (r < 0)
		vdso_plan_deinit(&plan);
	else
		*ret_plan = plan;
	return r;
}

void vdso_plan_deinit(struct vdso_plan *plan)
{
	free(plan->patched);
	*plan = (struct vdso_plan){0};
}

/* The dynamic symbols of a vdso image, which is linked at address 0. */
struct exports {
	const unsigned char *image;
	size_t size;
	Elf64_Sym *symbols;
	size_t count;
	const char *names;
	size_t names_size;
};

/* All offsets are checked, for the captured one comes out of a file. */
static bool is_within(const struct exports *e, uint64_t offset, uint64_t size)
{
	return offset <= e->size && size <= e->size - offset;
}

static bool find_exports(struct exports *e)
{
	Elf64_Ehdr head;

	if (!is_within(e, 0, sizeof(head)))
		return false;
	memcpy(&head, e->image, sizeof(head));
	if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
	    head.e_shentsize != sizeof(Elf64_Shdr))
		return false;
	for (uint64_t i = 0; i < head.e_shnum; i++) {
		uint64_t at = head.e_shoff + i * sizeof(Elf64_Shdr);
		Elf64_Shdr section, strings;

		if (!is_within(e, at, sizeof(section)))
			return false;
		memcpy(&section, e->image + at, sizeof(section));
		if (section.sh_type != SHT_DYNSYM)
			continue;
		at = head.e_shoff +
		     (uint64_t)section.sh_link * sizeof(Elf64_Shdr);
		if (!is_within(e, at, sizeof(strings)))
			return false;
		memcpy(&strings, e->image + at, sizeof(strings));
		if (!is_within(e, section.sh_offset, section.sh_size) ||
		    !is_within(e, strings.sh_offset, strings.sh_size) ||
		    strings.sh_size == 0 ||
		    e->image[strings.sh_offset + strings.sh_size - 1])
			return false;
		e->count = section.sh_size / sizeof(Elf64_Sym);
		e->symbols = calloc(e->count + 1, sizeof(Elf64_Sym));
		e->names = (const char *)e->image + strings.sh_offset;
		e->names_size = strings.sh_size;
		if (!e->symbols)
			return false;
		memcpy(e->symbols, e->image + section.sh_offset,
		       e->count * sizeof(Elf64_Sym));
		return true;
	}
	return false;
}

static const char *name_of(const struct exports *e, const Elf64_Sym *symbol)
{
	if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC ||
	    symbol->st_shndx == SHN_UNDEF || symbol->st_name >= e->names_size)
		return NULL;
	return e->names + symbol->st_name;
}

static const Elf64_Sym *find_export(const struct exports *e, const char *name)
{
	for (size_t i = 0; i < e->count; i++) {
		const char *other = name_of(e, &e->symbols[i]);

		if (other && strcmp(other, name) == 0)
			return &e->symbols[i];
	}
	return NULL;
}

static int patch_one(unsigned char *old, const struct exports *from,
		     const struct exports *to, const Elf64_Sym *symbol,
		     uint64_t new_address, struct error *err)
{
	const char *name = name_of(from, symbol);
	const Elf64_Sym *target;
	size_t size = symbol->st_size;

	if (!name)
		return 0;
	if (!is_within(from, symbol->st_value, size))
		size = 0;
	target = find_export(to, name);
	if (target && !vdso_code_jump(old + symbol->st_value, size,
				      new_address + target->st_value))
		return error_set(err, FAULT_UNSUPPORTED,
				 "%s() of its kernel's vdso has no room for a "
				 "jump to this kernel's",
				 name);
	if (!target && !vdso_code_call(old + symbol->st_value, size, name))
		return error_set(err, FAULT_UNSUPPORTED,
				 "its kernel's vdso has %s(), this kernel's "
				 "has not",
				 name);
	return 0;
}

/* Names are looked up in a copy, which no jump overwrites. */
int vdso_patch(unsigned char *old, size_t old_size, const unsigned char *new,
	       size_t new_size, uint64_t new_address, struct error *err)
{
	cleanup_heap unsigned char *copy = malloc(old_size + 1);
	struct exports from = {.image = copy, .size = old_size};
	struct exports to = {.image = new, .size = new_size};
	int r = 0;

	if (!copy)
		return error_system(err, ENOMEM, "cannot keep its vdso");
	memcpy(copy, old, old_size);
	if (!find_exports(&from) || !find_exports(&to))
		r = error_set(err, FAULT_CORRUPT,
			      "cannot find the functions of the vdso");
	for (size_t i = 0; r == 0 && i < from.count; i++)
		r = patch_one(old, &from, &to, &from.symbols[i], new_address,
			      err);
	free(from.symbols);
	free(to.symbols);
	return r;
}
