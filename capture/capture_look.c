/*
 * capture_look.c - what is found out about the service on the way to its core
 */
#include "capture_look.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "capture/memory/address_space.h"
#include "capture/memory/hidden_bytes.h"
#include "capture/state/node_policies.h"
#include "common/auxv.h"
#include "common/cleanup.h"
#include "common/io.h"

int capture_read_auxv(struct capture *c, struct error *err)
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

uint64_t capture_vdso(const struct capture *c)
{
	return auxv_find(c->auxv, c->auxv_size, AT_SYSINFO_EHDR);
}

/* What the service inherits is what it has before its first instruction. */
int capture_look_at_exec(void *context, struct tracee *t, struct error *err)
{
	struct capture *c = context;
	struct inferior inferior = {0};
	int r = capture_read_auxv(c, err);

	terminal_read(&c->terminal_at_exec);
	if (r == 0)
		r = tracee_leave_call(t, t->pid, err);
	if (r == 0)
		r = process_state_open(&inferior, t, t->pid, capture_vdso(c),
				       err);
	if (r == 0)
		r = process_state_read(&c->at_exec, &inferior, t->pid, err);
	inferior.trap = c->at_exec.self.signals[SIGTRAP - 1];
	inferior.has_trap = inferior.ignores_trap;
	if (r == 0)
		r = inferior_close(&inferior, t->pid, err);
	return r;
}

/*
 * A process that runs already has a session, which is no doing of its own, and
 * the keys of that session.
 */
static void take_session(struct capture *c)
{
	const uint32_t keys[] = {ATTRIBUTE_THREAD_KEYRING,
				 ATTRIBUTE_PROCESS_KEYRING,
				 ATTRIBUTE_SESSION_KEYRING};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		c->at_exec.thread.attributes[keys[i]] =
			c->at_ready.thread.attributes[keys[i]];
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
	if (r == 0)
		timers_note_missed(&c->timers, &c->pending, &c->audit);
	return r;
}

/* What the service says about itself, its threads and its timers. */
static int ask_process(struct capture *c, struct error *err)
{
	struct inferior inferior = {0};
	int r = process_state_open(&inferior, &c->tracee, c->tid,
				   capture_vdso(c), err);

	if (r == 0)
		r = process_state_read(&c->at_ready, &inferior, c->tid, err);
	if (r == 0)
		witness_mend(&c->witness, c->at_ready.self.signals);
	if (c->is_shown)
		c->at_ready.self.attributes[ATTRIBUTE_DUMPABLE] = c->dumpable;
	inferior.trap = c->at_ready.self.signals[SIGTRAP - 1];
	inferior.has_trap = true;
	if (r == 0)
		r = threads_ask(&c->threads, &inferior, &c->audit, err);
	if (r == 0)
		r = read_signals(c, &inferior, err);
	if (r == 0)
		r = node_policies_audit(&inferior, c->tid, &c->mappings,
					&c->audit, err);
	if (r == 0)
		r = hidden_bytes_audit(&inferior, c->tid, &c->mappings,
				       &c->audit, err);
	if (r == 0)
		r = inferior_close(&inferior, c->tid, err);
	return r;
}

int capture_read_mappings(struct capture *c, struct error *err)
{
	int r = address_space_read(&c->mappings, &c->handover, &c->tracee, err);

	if (r == 0)
		recorder_hide(&c->origins.recorder, &c->mappings);
	return r;
}

int capture_look(struct capture *c, struct error *err)
{
	struct tracee *t = &c->tracee;
	struct surroundings surroundings;
	struct foreign_code foreign = {0};
	int r = capture_read_mappings(c, err);

	/* Anew, as a service that was restored has the core's. */
	if (r == 0)
		r = capture_read_auxv(c, err);
	if (r == 0)
		r = address_space_find_vdso(&c->mappings, t, &c->process, err);
	foreign.vdso = c->process.vdso;
	foreign.handover = c->handover;
	if (r == 0)
		r = surroundings_read(&surroundings, t->pid, err);
	if (r == 0)
		r = threads_read(&c->threads, t, c->tid, &foreign,
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
