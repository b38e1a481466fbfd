/*
 * repeats_x86_64.c - the calls that a restored service makes once more
 */
#include "repeats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call_filter.h"
#include "common/cleanup.h"
#include "stdin_wait.h"

enum {
	SYSCALL_SIZE = 2, /* bytes of the instruction */
	/* linux/errno.h: ERESTARTSYS to ERESTART_RESTARTBLOCK */
	RESTART_FIRST = 512,
	RESTART_LAST = 516,
};

/* The call that a thread makes before it does anything else, if there is one. */
static bool read_first_call(const struct tracee *t, pid_t tid,
			    struct stop *ret_stop)
{
	static const unsigned char instruction[SYSCALL_SIZE] = {0x0f, 0x05};
	unsigned char bytes[SYSCALL_SIZE];
	struct user_regs_struct *r = &ret_stop->registers;
	struct error ignored = {0};

	*ret_stop = (struct stop){.kind = STOP_SYSCALL_ENTRY, .tid = tid};
	if (tracee_registers(t, tid, r, &ignored) < 0 ||
	    tracee_read(t, r->rip, bytes, sizeof(bytes), &ignored) < 0 ||
	    memcmp(bytes, instruction, sizeof(bytes)) != 0)
		return false;
	ret_stop->has_registers = true;
	ret_stop->number = (int64_t)r->rax;
	ret_stop->arguments[0] = r->rdi;
	ret_stop->arguments[1] = r->rsi;
	ret_stop->arguments[2] = r->rdx;
	ret_stop->arguments[3] = r->r10;
	ret_stop->arguments[4] = r->r8;
	ret_stop->arguments[5] = r->r9;
	return true;
}

static int add(struct repeats *repeats, const struct stop *stop,
	       struct error *err)
{
	struct repeat *items =
		realloc(repeats->items, (repeats->count + 1) * sizeof(*items));

	if (!items)
		return error_system(err, ENOMEM, "cannot keep the calls");
	repeats->items = items;
	items[repeats->count++] = (struct repeat){
		.tid = stop->tid,
		.instruction = stop->registers.rip,
	};
	return 0;
}

static int find_of_thread(struct repeats *repeats, const struct ready *ready,
			  const struct tracee *t, pid_t tid, struct error *err)
{
	enum call_use use;
	struct stop stop;

	if (!read_first_call(t, tid, &stop))
		return 0;
	use = call_filter_use(ready, stop.number, stop.arguments);
	if (use == CALL_USE_STDIN ||
	    (use == CALL_USE_WAIT && stdin_wait_is(t, &stop)))
		repeats->is_thirsty = repeats->was_thirsty = true;
	return use == CALL_USE_NAMED ? add(repeats, &stop, err) : 0;
}

int repeats_find(struct repeats *ret_repeats, const struct ready *ready,
		 const struct tracee *t, struct error *err)
{
	cleanup_heap pid_t *tids = NULL;
	size_t count = 0;
	int r = tracee_threads(t, &tids, &count, err);

	for (size_t i = 0; r == 0 && i < count; i++)
		r = find_of_thread(ret_repeats, ready, t, tids[i], err);
	return r;
}

/* Where it is in the list, or the count. */
static size_t find(const struct repeats *repeats, pid_t tid)
{
	size_t i = 0;

	while (i < repeats->count && repeats->items[i].tid != tid)
		i++;
	return i;
}

static bool is_there(const struct tracee *t, const struct stop *stop,
		     uint64_t instruction)
{
	struct user_regs_struct regs = stop->registers;
	struct error ignored = {0};

	if (!stop->has_registers &&
	    tracee_registers(t, stop->tid, &regs, &ignored) < 0)
		return false;
	return regs.rip == instruction + SYSCALL_SIZE;
}

bool repeats_has(const struct repeats *repeats, const struct tracee *t,
		 const struct stop *stop, enum call_use use)
{
	size_t i;

	if (use == CALL_USE_STDIN || use == CALL_USE_WAIT)
		return repeats->is_thirsty ||
		       (repeats->was_thirsty && stdin_wait_has_input(t));
	i = find(repeats, stop->tid);
	return use == CALL_USE_NAMED && i < repeats->count &&
	       is_there(t, stop, repeats->items[i].instruction);
}

bool repeats_await(const struct repeats *repeats, const struct seen_call *call)
{
	return (call->use == CALL_USE_STDIN && repeats->is_thirsty) ||
	       (call->use == CALL_USE_NAMED &&
		find(repeats, call->tid) < repeats->count);
}

/* A signal has come in between, or there was nothing yet. */
static bool is_to_be_made_again(int64_t result)
{
	return (result <= -RESTART_FIRST && result >= -RESTART_LAST) ||
	       result == -EINTR || result == -EAGAIN;
}

void repeats_leave(struct repeats *repeats, const struct seen_call *call,
		   int64_t result)
{
	const size_t i = find(repeats, call->tid);

	if (is_to_be_made_again(result))
		return;
	if (call->use == CALL_USE_STDIN)
		repeats->is_thirsty = false;
	if (call->use == CALL_USE_NAMED && i < repeats->count)
		repeats->items[i] = repeats->items[--repeats->count];
}

void repeats_deinit(struct repeats *repeats)
{
	free(repeats->items);
	*repeats = (struct repeats){0};
}
