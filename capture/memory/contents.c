/*
 * contents.c - which pages of which mapping go into the core
 */
#include "contents.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "common/cleanup.h"

/* VmFlags that tell only what the other columns tell, or nothing of us. */
static const char known_flags[] = "rd wr ex sh mr mw me ms gd nr ac sd bt ar "
				  "de dd dc wf hg nh mg sr rr dp gu lo lf sl";

/* VmFlags of mappings that cannot be carried (proc_pid_smaps(5)). */
static const struct {
	char flag[3];
	const char *refusal;
} refused_flags[] = {
	{"um", "memory with userfaultfd, which another task may serve"},
	{"uw", "memory with userfaultfd, which another task may serve"},
	{"ui", "memory with userfaultfd, which another task may serve"},
	{"io", "memory of a device"},
	{"pf", "memory of a device"},
	{"mm", "memory of a device"},
	{"ht", "memory from the huge page pool"},
	{"ss", "a shadow stack"},
	{"sf", "memory of persistent storage (DAX)"},
};

/* Beginnings of the names of mappings that cannot be carried. */
static const struct {
	const char *name;
	const char *refusal;
} refused_names[] = {
	{"[uprobes]", "a probe that another program has set"},
	{"/[aio]", "the ring of an asynchronous I/O context"},
	{"anon_inode:[io_uring]", "the ring of an io_uring"},
	{"anon_inode:[perf_event]", "the ring of a perf event"},
	{"anon_inode:", "memory of a kernel object"},
	{"socket:", "the ring of a packet socket"},
	{"/secretmem", "secret memory (memfd_secret)"},
};

/* Further ones, when they are shared. */
static const struct {
	const char *name;
	const char *refusal;
} refused_shared[] = {
	{"/SYSV", "a System V shared memory segment that others may attach"},
	{"/dev/shm/", "POSIX shared memory"},
	{"/dev/", "shared memory of a device"},
};

/* VmFlags that madvise(2) gives back, with the advice. */
static const struct {
	char flag[3];
	int advice;
} advices[] = {
	{"rr", MADV_RANDOM},   {"sr", MADV_SEQUENTIAL},
	{"dc", MADV_DONTFORK}, {"mg", MADV_MERGEABLE},
	{"hg", MADV_HUGEPAGE}, {"nh", MADV_NOHUGEPAGE},
	{"dd", MADV_DONTDUMP}, {"wf", MADV_WIPEONFORK},
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static bool begins(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

static const char *find_refused_flag(const struct mapping *m)
{
	for (size_t i = 0; i < COUNT(refused_flags); i++)
		if (mapping_has_flag(m, refused_flags[i].flag))
			return refused_flags[i].refusal;
	for (const char *at = m->vm_flags; *at; at += strspn(at, " ")) {
		char pair[4] = {at[0], at[1], '\0'};

		if (!strstr(known_flags, pair))
			return "memory with a flag that is not known here";
		at += strcspn(at, " ");
	}
	return NULL;
}

static const char *find_refused_name(const struct mapping *m)
{
	for (size_t i = 0; i < COUNT(refused_names); i++)
		if (begins(m->name, refused_names[i].name))
			return refused_names[i].refusal;
	if (!m->shared || object_is(m))
		return NULL;
	for (size_t i = 0; i < COUNT(refused_shared); i++)
		if (begins(m->name, refused_shared[i].name))
			return refused_shared[i].refusal;
	return NULL;
}

/*
 * A shared mapping that may never be written shows a file, and can be had
 * again from the same file.  That "mw" is missing says that its descriptor was
 * read-only: mprotect(2) could not make it writable either.
 */
static const char *refuse_shared(const struct mapping *m)
{
	struct stat status;

	if (m->protection & PROT_WRITE || mapping_has_flag(m, "mw"))
		return "a shared mapping that may be written";
	if (m->deleted || stat(m->name, &status) < 0 ||
	    status.st_ino != m->inode ||
	    major(status.st_dev) != m->device_major ||
	    minor(status.st_dev) != m->device_minor)
		return "a shared mapping of a file that is gone";
	return NULL;
}

enum core_mapping_kind content_classify(const struct mapping *m,
					const char **ret_refusal)
{
	*ret_refusal = NULL;
	if (begins(m->name, "[vvar"))
		return CORE_MAPPING_VVAR;
	if (strcmp(m->name, "[vdso]") == 0)
		return CORE_MAPPING_VDSO;
	*ret_refusal =
		m->start == 0 ? "memory at address 0" : find_refused_name(m);
	if (!*ret_refusal)
		*ret_refusal = find_refused_flag(m);
	/* Memory that may only be executed has one from the kernel. */
	if (!*ret_refusal && m->protection_key != 0 &&
	    m->protection != PROT_EXEC)
		*ret_refusal = "memory with a protection key";
	if (m->shared && object_is(m))
		return CORE_MAPPING_OBJECT;
	if (m->shared) {
		if (!*ret_refusal)
			*ret_refusal = refuse_shared(m);
		return CORE_MAPPING_SHARED;
	}
	if (mapping_has_flag(m, "gd"))
		return CORE_MAPPING_STACK;
	if (m->name[0] != '/' || strcmp(m->name, "/dev/zero") == 0)
		return CORE_MAPPING_ANONYMOUS;
	return CORE_MAPPING_FILE;
}

static void refuse(struct audit *audit, const struct mapping *m,
		   const char *refusal)
{
	char subject[64];

	snprintf(subject, sizeof(subject), "memory 0x%" PRIx64 "-0x%" PRIx64,
		 m->start, m->end);
	audit_add(audit, VERDICT_REFUSED, subject, "%s%s%s%s", refusal,
		  m->name[0] ? " (" : "", m->name, m->name[0] ? ")" : "");
	audit_identify(audit, RESOURCE_MAPPING, (int64_t)m->start);
	audit_remedy(audit, "Map it after the ready point, or unmap it "
			    "before.");
}

/* The pages of a file behind its end cannot be read: SIGBUS. */
static bool is_beyond_file(const struct mapping *m)
{
	struct stat status;
	uint64_t size;

	if (stat(m->name, &status) < 0 || status.st_ino != m->inode ||
	    !S_ISREG(status.st_mode))
		return false;
	size = ((uint64_t)status.st_size + CORE_PAGE_SIZE - 1) &
	       ~(uint64_t)(CORE_PAGE_SIZE - 1);
	return m->offset + mapping_size(m) > size;
}

static void set_flags(struct content *c, uint32_t anonymous_flags)
{
	const struct mapping *m = c->mapping;

	if (c->kind == CORE_MAPPING_ANONYMOUS) {
		c->flags |= anonymous_flags;
		c->flags |= strcmp(m->name, "[heap]") == 0 ? CORE_MAP_HEAP : 0;
	}
	/* MAP_DROPPABLE sets all of these; restored as one thing. */
	if (mapping_has_flag(m, "dp")) {
		c->flags |= CORE_MAP_DROPPABLE;
		return;
	}
	c->flags |= mapping_has_flag(m, "nr") ? CORE_MAP_NORESERVE : 0;
	c->flags |= mapping_has_flag(m, "lo") ? CORE_MAP_LOCKED : 0;
	c->flags |= mapping_has_flag(m, "lf")
			    ? CORE_MAP_LOCKED | CORE_MAP_ON_FAULT
			    : 0;
	if (c->kind == CORE_MAPPING_VDSO || c->kind == CORE_MAPPING_VVAR)
		return;
	c->flags |= mapping_has_flag(m, "sl") ? CORE_MAP_SEALED : 0;
	if (c->kind == CORE_MAPPING_OBJECT && !mapping_has_flag(m, "mw"))
		c->flags |= CORE_MAP_READ_ONLY;
	for (size_t i = 0; i < COUNT(advices); i++)
		if (mapping_has_flag(m, advices[i].flag))
			c->advice |= (uint32_t)1 << advices[i].advice;
	/* Huge pages are made of anonymous memory only. */
	if (mapping_has_flag(m, "hg") && c->kind == CORE_MAPPING_ANONYMOUS)
		c->flags |= CORE_MAP_COPY;
}

/* Wiped memory holds nothing that another process may see. */
static bool is_wiped(const struct content *c)
{
	return c->flags & CORE_MAP_DROPPABLE ||
	       c->advice & (uint32_t)1 << MADV_WIPEONFORK;
}

static int append_apart(struct page_runs *to, const struct page_runs *from,
			struct error *err)
{
	int r = page_runs_reserve(to, to->count + from->count + 1, err);

	for (size_t i = 0; r == 0 && i < from->count; i++)
		to->items[to->count++] = from->items[i];
	return r;
}

/* Of a file all pages count, whoever has them; only guards cannot be read. */
static int find_between(const struct mapping *m, const struct page_runs *guards,
			struct page_runs *runs, struct error *err)
{
	uint64_t at = m->start;
	int r = 0;

	runs->count = 0;
	for (size_t i = 0; r == 0 && i < guards->count; i++) {
		if (at < guards->items[i].start)
			r = page_runs_add(runs, at, guards->items[i].start,
					  err);
		at = guards->items[i].end;
	}
	if (r == 0 && at < m->end)
		r = page_runs_add(runs, at, m->end, err);
	return r;
}

static bool is_anonymous(const struct content *c)
{
	return c->kind == CORE_MAPPING_ANONYMOUS ||
	       c->kind == CORE_MAPPING_STACK;
}

bool content_shows_file(const struct content *c)
{
	const struct mapping *m = c->mapping;

	return !is_anonymous(c) ||
	       (m->backing && strcmp(m->backing, "/dev/zero") != 0);
}

static int decide_runs(struct contents *all, struct content *c, int pagemap,
		       struct error *err)
{
	const struct mapping *m = c->mapping;
	struct page_runs runs = {0};
	struct page_runs guards = {0};
	int r = 0;

	c->first_run = all->data.count;
	if (c->kind == CORE_MAPPING_VVAR || c->kind == CORE_MAPPING_VDSO)
		r = page_runs_add(&runs, m->start, m->end, err);
	else
		r = pagemap_find(pagemap, m->start, m->end, &runs, &guards,
				 err);
	if (r == 0 && content_shows_file(c))
		r = find_between(m, &guards, &runs, err);
	if (c->kind == CORE_MAPPING_VVAR || is_wiped(c))
		runs.count = 0;
	/* Apart, so that no run reaches into two mappings. */
	if (r == 0)
		r = append_apart(&all->data, &runs, err);
	if (r == 0)
		r = append_apart(&all->guards, &guards, err);
	for (size_t i = 0; i < runs.count; i++)
		all->data_size += runs.items[i].end - runs.items[i].start;
	c->run_count = all->data.count - c->first_run;
	page_runs_deinit(&runs);
	page_runs_deinit(&guards);
	return r;
}

static int decide(struct contents *all, struct content *c, int pagemap,
		  uint32_t anonymous_flags, struct audit *audit,
		  struct error *err)
{
	const struct mapping *m = c->mapping;
	const char *refusal;
	size_t guards;
	int r;

	c->kind = content_classify(m, &refusal);
	if (!refusal && c->kind == CORE_MAPPING_FILE && is_beyond_file(m))
		refusal = "a mapping that goes on behind the end of its file";
	if (refusal) {
		refuse(audit, m, refusal);
		return 0;
	}
	set_flags(c, anonymous_flags);
	if (c->kind == CORE_MAPPING_OBJECT) {
		r = objects_add(&all->objects, m, &c->object, err);
		if (r < 0)
			return r;
	}
	guards = all->guards.count;
	r = decide_runs(all, c, pagemap, err);
	if (all->guards.count > guards && !is_anonymous(c))
		refuse(audit, m, "guard regions over the pages of a file");
	c->is_dumped = c->kind != CORE_MAPPING_VVAR;
	/* Of a mere reservation, nothing is stored; it may be huge. */
	c->is_stored = c->is_dumped && (m->protection || c->run_count > 0);
	if (c->is_stored)
		all->stored_size += mapping_size(m);
	return r;
}

/* What nobody else can write is stored like any other file's pages. */
static void refuse_views(const struct contents *all, struct audit *audit)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->items[i].kind == CORE_MAPPING_FILE &&
		    objects_have(&all->objects, all->items[i].mapping))
			refuse(audit, all->items[i].mapping,
			       "a private view of shared memory");
}

/* Nobody can look at the length of a file that has no name any more. */
static void refuse_cut(const struct contents *all, const struct tracee *t,
		       struct audit *audit)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct mapping *m = all->items[i].mapping;
		struct error ignored = {0};
		char byte;

		if (all->items[i].kind == CORE_MAPPING_FILE && m->deleted &&
		    all->items[i].is_stored &&
		    tracee_read(t, m->end - 1, &byte, 1, &ignored) == -EIO)
			refuse(audit, m,
			       "a mapping that goes on behind the end of its "
			       "file");
	}
}

int contents_decide(struct contents *ret_contents,
		    const struct mapping_list *mappings, const struct tracee *t,
		    uint32_t anonymous_flags, struct audit *audit,
		    struct error *err)
{
	struct contents all = {0};
	cleanup_fd int pagemap = -1;
	int r = pagemap_open(t->pid, &pagemap, err);

	if (r < 0)
		return r;
	all.items = calloc(mappings->count + 1, sizeof(*all.items));
	if (!all.items)
		return error_system(err, ENOMEM, "cannot keep the contents");
	for (size_t i = 0; r == 0 && i < mappings->count; i++) {
		const struct mapping *m = &mappings->items[i];

		/* Not a mapping: the same for all, above all addresses. */
		if (strcmp(m->name, "[vsyscall]") == 0)
			continue;
		all.items[all.count].mapping = m;
		r = decide(&all, &all.items[all.count++], pagemap,
			   anonymous_flags, audit, err);
	}
	refuse_views(&all, audit);
	refuse_cut(&all, t, audit);
	if (r == 0)
		objects_audit(&all.objects, t, audit);
	if (r < 0)
		contents_deinit(&all);
	else
		*ret_contents = all;
	return r;
}

void contents_deinit(struct contents *contents)
{
	free(contents->items);
	page_runs_deinit(&contents->data);
	page_runs_deinit(&contents->guards);
	objects_deinit(&contents->objects);
	free(contents->outside);
	sources_deinit(&contents->sources);
	*contents = (struct contents){0};
}
