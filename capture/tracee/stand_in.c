/*
 * stand_in.c - a fork of the service, which is copied while that goes on
 */
#include "stand_in.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/text.h"
#include "inferior.h"

enum {
	/*
	 * To copy that much takes about as long as all that is done before.  To
	 * fork less saves little, and costs the service page faults later.
	 */
	WORTH_FORKING = 8 << 20,
	/* File systems keep the time of a change to two seconds at worst. */
	SETTLED_SECONDS = 3,
};

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/*
 * A page of a file that the service has not changed is the file's own, also in
 * the fork.  Whether it was written while it was copied is seen afterwards, if
 * the last time that it was is long enough ago.
 */
static bool is_settled(const struct mapping *m, struct stat *ret_file)
{
	return !m->deleted && stat(m->name, ret_file) == 0 &&
	       S_ISREG(ret_file->st_mode) && ret_file->st_ino == m->inode &&
	       major(ret_file->st_dev) == m->device_major &&
	       minor(ret_file->st_dev) == m->device_minor &&
	       ret_file->st_ctim.tv_sec + SETTLED_SECONDS < time(NULL);
}

static bool may_wait(const struct content *c, struct stat *ret_file)
{
	if (c->kind == CORE_MAPPING_ANONYMOUS || c->kind == CORE_MAPPING_STACK)
		return true;
	return c->kind == CORE_MAPPING_FILE && is_settled(c->mapping, ret_file);
}

/* Finds out what may wait, and how much that is. */
static uint64_t find_waiting(struct stand_in *s)
{
	uint64_t size = 0;

	for (size_t i = 0; i < s->contents->count; i++) {
		const struct content *c = &s->contents->items[i];
		const struct core_range *runs =
			s->contents->data.items + c->first_run;

		s->waits[i] = c->run_count > 0 && may_wait(c, &s->files[i]);
		for (size_t k = 0; s->waits[i] && k < c->run_count; k++)
			size += runs[k].end - runs[k].start;
	}
	return size;
}

static bool is_kept_from_forks(const struct stand_in *s)
{
	for (size_t i = 0; i < s->contents->count; i++)
		if (s->waits[i] &&
		    s->contents->items[i].advice & (uint32_t)1 << MADV_DONTFORK)
			return true;
	return false;
}

/* The last of its ids is that in its own pid namespace. */
static bool is_first_of_namespace(pid_t pid)
{
	cleanup_heap char *status = NULL;
	const char *at;
	uint64_t id = 0;

	if (io_read_filef(&status, NULL, "/proc/%d/status", pid) < 0)
		return true;
	at = strstr(status, "\nNSpid:");
	if (!at || !take_word(&at, "\nNSpid:"))
		return false;
	for (skip_blanks(&at); take_decimal(&at, &id);)
		skip_blanks(&at);
	return id == 1;
}

/* Why the service cannot have one, or NULL. */
static const char *refuse(const struct stand_in *s,
			  const struct stand_in_service *service)
{
	if (service->is_subreaper)
		return "it is a child subreaper, and would be the parent of "
		       "its fork";
	if (is_first_of_namespace(service->tracee->pid))
		return "it is the init of its pid namespace, and would be the "
		       "parent of its fork";
	if (is_kept_from_forks(s))
		return "it keeps memory from forks (MADV_DONTFORK)";
	return NULL;
}

/*
 * Seals and the number of those who are attached would tell the service, and a
 * segment that it has removed would live on.
 */
static int unmap_shared(struct stand_in *s, uint64_t instruction,
			struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->contents->count; i++) {
		const struct mapping *m = s->contents->items[i].mapping;

		if (m->shared)
			r = tracee_fork_unmap(&s->tracee, instruction, m->start,
					      m->end, err);
	}
	if (r < 0)
		tracee_fork_end(&s->tracee);
	return r;
}

static int fork_service(struct stand_in *s,
			const struct stand_in_service *service,
			struct error *err)
{
	const char *refusal = refuse(s, service);
	uint64_t instruction;
	int r;

	if (refusal)
		return error_set(err, FAULT_UNSUPPORTED, "%s", refusal);
	r = inferior_find_call(service->tracee, service->vdso, &instruction,
			       err);
	if (r == 0)
		r = tracee_fork(service->tracee, service->tid, instruction,
				&s->tracee, err);
	if (r == 0)
		r = unmap_shared(s, instruction, err);
	return r;
}

void stand_in_make(struct stand_in *ret_stand_in,
		   const struct stand_in_service *service)
{
	const size_t count = service->contents->count + 1;
	struct stand_in s = {
		.contents = service->contents,
		.waits = calloc(count, sizeof(*s.waits)),
		.files = calloc(count, sizeof(*s.files)),
	};
	struct error err = {0};

	if (s.waits && s.files && find_waiting(&s) >= WORTH_FORKING &&
	    fork_service(&s, service, &err) < 0)
		snprintf(s.why_not, sizeof(s.why_not), "%s", err.text);
	*ret_stand_in = s;
}

bool stand_in_has(const struct stand_in *s, size_t i)
{
	return s->tracee.pid && s->waits[i];
}

static int check_files(const struct stand_in *s, struct error *err)
{
	for (size_t i = 0; i < s->contents->count; i++) {
		const struct content *c = &s->contents->items[i];
		struct stat now;

		if (!stand_in_has(s, i) || c->kind != CORE_MAPPING_FILE ||
		    (stat(c->mapping->name, &now) == 0 &&
		     is_same(&now, &s->files[i])))
			continue;
		error_set(err, FAULT_SERVICE,
			  "'%s', which it maps, was written or replaced while "
			  "it was copied",
			  c->mapping->name);
		error_hint(err, "Capture it again.");
		return -err->code;
	}
	return 0;
}

int stand_in_check(const struct stand_in *s, int copied, struct error *err)
{
	if (!s->tracee.pid)
		return copied;
	if (copied == 0)
		return check_files(s, err);
	if (tracee_fork_is_dead(&s->tracee)) {
		*err = (struct error){0};
		return error_set(err, FAULT_SYSTEM,
				 "the fork of the service that was copied was "
				 "killed, perhaps for want of memory");
	}
	return copied;
}

void stand_in_end(struct stand_in *s)
{
	tracee_fork_end(&s->tracee);
	free(s->waits);
	free(s->files);
	*s = (struct stand_in){0};
}
