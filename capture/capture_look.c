/*
 * capture_look.c - what is found out about the service on the way to its core
 */
#include "capture_look.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/auxv.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "node_policies.h"

static int read_auxv(struct capture *c, struct error *err)
{
	int r;

	free(c->auxv);
	c->auxv = NULL;
	r = io_read_filef(&c->auxv, &c->auxv_size, "/proc/%d/auxv",
			  c->tracee.pid);
	if (r < 0)
		return error_system(err, -r, "cannot read '/proc/%d/auxv'",
				    c->tracee.pid);
	return 0;
}

static uint64_t vdso_address(const struct capture *c)
{
	return auxv_find(c->auxv, c->auxv_size, AT_SYSINFO_EHDR);
}

/* What the service inherits is what it has before its first instruction. */
int capture_look_at_exec(void *context, struct tracee *t, struct error *err)
{
	struct capture *c = context;
	struct inferior inferior;
	int r = read_auxv(c, err);

	if (r == 0)
		r = tracee_leave_call(t, t->pid, err);
	if (r == 0)
		r = process_state_open(&inferior, t, t->pid, vdso_address(c),
				       err);
	if (r == 0)
		r = process_state_read(&c->at_exec, &inferior, t->pid, err);
	if (r == 0)
		r = inferior_close(&inferior, t->pid, err);
	return r;
}

/* Mappings that an earlier restore has left behind are not the service's. */
static bool is_handover_page(const struct capture *c, const struct mapping *m)
{
	char magic[sizeof(CORE_HANDOVER_MAGIC)];
	struct error ignored = {0};

	return m->inode == 0 && m->protection == (PROT_READ | PROT_EXEC) &&
	       m->name[0] == '\0' &&
	       tracee_read(&c->tracee, m->start, magic, sizeof(magic),
			   &ignored) == 0 &&
	       memcmp(magic, CORE_HANDOVER_MAGIC, sizeof(magic)) == 0;
}

int capture_read_mappings(struct capture *c, struct error *err)
{
	char *text = NULL;
	size_t kept = 0;
	int r = io_read_filef(&text, NULL, "/proc/%d/smaps", c->tracee.pid);

	if (r < 0)
		return error_system(err, -r, "cannot read '/proc/%d/smaps'",
				    c->tracee.pid);
	r = mapping_list_parse(&c->mappings, text, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < c->mappings.count; i++)
		if (!is_handover_page(c, &c->mappings.items[i]))
			c->mappings.items[kept++] = c->mappings.items[i];
	c->mappings.count = kept;
	return 0;
}

/* The data in front of the vdso may be one mapping or two (since 6.13). */
static int find_vdso(struct capture *c, struct error *err)
{
	struct core_process *p = &c->process;
	cleanup_heap char *code = NULL;
	uint64_t size;
	int r;

	for (size_t i = 0; i < c->mappings.count; i++) {
		const struct mapping *m = &c->mappings.items[i];

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
	r = tracee_read(&c->tracee, p->vdso.start, code, size, err);
	p->vdso_digest = core_digest(CORE_DIGEST_START, code, size);
	return r;
}

/* A process that runs already has a session, which is no doing of its own. */
static void take_session(struct capture *c)
{
	memcpy(c->at_exec.surroundings.texts[SURROUNDING_SESSION],
	       c->at_ready.surroundings.texts[SURROUNDING_SESSION],
	       SURROUNDING_SIZE);
}

/*
 * Timers run on while the service stands still.  One that expires between a look
 * at the timers and one at the signals would be in neither, or in both; so both
 * are looked at until no signal has come in between.
 */
static int read_signals(struct capture *c, const struct inferior *inferior,
			struct error *err)
{
	struct audit found;
	size_t before;
	int r;

	do {
		struct pending again = {0};

		found = (struct audit){0};
		pending_deinit(&c->pending);
		timers_deinit(&c->timers);
		r = pending_read(&c->pending, &c->tracee, &c->threads, &found,
				 err);
		before = c->pending.count;
		if (r == 0)
			r = timers_read(&c->timers, inferior, c->tid,
					&c->threads, &found, err);
		if (r == 0)
			r = pending_read(&again, &c->tracee, &c->threads, NULL,
					 err);
		if (r == 0 && again.count == before)
			audit_move(&c->audit, &found);
		else
			before = SIZE_MAX;
		pending_deinit(&again);
		audit_deinit(&found);
	} while (r == 0 && before == SIZE_MAX);
	return r;
}

/* What the service says about itself, its threads and its timers. */
static int ask_process(struct capture *c, struct error *err)
{
	struct inferior inferior;
	int r = process_state_open(&inferior, &c->tracee, c->tid,
				   vdso_address(c), err);

	if (r == 0)
		r = process_state_read(&c->at_ready, &inferior, c->tid, err);
	if (r == 0)
		witness_mend(&c->witness, c->at_ready.self.signals);
	if (r == 0)
		r = threads_ask(&c->threads, &inferior, &c->audit, err);
	if (r == 0)
		r = read_signals(c, &inferior, err);
	if (r == 0)
		r = node_policies_audit(&inferior, c->tid, &c->mappings,
					&c->audit, err);
	if (r == 0)
		r = inferior_close(&inferior, c->tid, err);
	return r;
}

int capture_look(struct capture *c, struct error *err)
{
	struct tracee *t = &c->tracee;
	struct surroundings surroundings;
	int r = capture_read_mappings(c, err);

	/* Anew, as a service that was restored has the core's. */
	if (r == 0)
		r = read_auxv(c, err);
	if (r == 0)
		r = find_vdso(c, err);
	if (r == 0)
		r = surroundings_read(&surroundings, t->pid, err);
	if (r == 0)
		r = threads_read(&c->threads, t, c->tid, c->process.vdso,
				 &surroundings, &c->audit, err);
	if (r == 0)
		r = ask_process(c, err);
	if (r == 0)
		r = process_state_layout(t->pid, &c->process, err);
	c->process.brk = c->at_ready.self.brk;
	c->process.inherited_mask = c->at_exec.signal_mask;
	if (r == 0 && t->attached)
		take_session(c);
	return r;
}
