/*
 * address_space.c - the mappings of the service, without what is not its own
 */
#include "address_space.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "lock_flag.h"
#include "restored.h"

/* Mappings that an earlier restore has left behind are not the service's. */
int address_space_read(struct mapping_list *ret_mappings,
		       struct core_range *ret_handover, const struct tracee *t,
		       struct error *err)
{
	char *text = NULL;
	size_t kept = 0;
	int r = io_read_filef(&text, NULL, "/proc/%d/smaps", t->pid);

	if (r < 0)
		return error_system(err, -r, "cannot read '/proc/%d/smaps'",
				    t->pid);
	lock_flag_name(text);
	r = mapping_list_parse(ret_mappings, text, err);
	if (r == 0)
		r = restored_name(ret_mappings, t->pid, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ret_mappings->count; i++) {
		const struct mapping *m = &ret_mappings->items[i];

		if (restored_is_handover(t->pid, m))
			*ret_handover = (struct core_range){m->start, m->end};
		else
			ret_mappings->items[kept++] = *m;
	}
	ret_mappings->count = kept;
	return 0;
}

/* The data in front of the vdso may be one mapping or two (since 6.13). */
int address_space_find_vdso(const struct mapping_list *mappings,
			    const struct tracee *t,
			    struct core_process *process, struct error *err)
{
	struct core_process *p = process;
	cleanup_heap char *code = NULL;
	uint64_t size;
	int r;

	for (size_t i = 0; i < mappings->count; i++) {
		const struct mapping *m = &mappings->items[i];

		if (strncmp(m->name, "[vvar", 5) == 0) {
			if (!p->vvar.start)
				p->vvar.start = m->start;
			p->vvar.end = m->end;
		}
		if (strcmp(m->name, "[vdso]") == 0)
			p->vdso = (struct core_range){m->start, m->end};
	}
	size = p->vdso.end - p->vdso.start;
	code = malloc(size + 1);
	if (!code)
		return error_system(err, ENOMEM, "cannot keep the vdso");
	r = tracee_read(t, p->vdso.start, code, size, err);
	p->vdso_digest = core_digest(CORE_DIGEST_START, code, size);
	return r;
}
