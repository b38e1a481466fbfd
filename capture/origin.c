/*
 * origin.c - who made what the service holds
 */
#include "origin.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "witness.h"

enum {
	CONTROL_MAX = 4096, /* bytes of control data; SCM_MAX_FD needs 1028 */
	MESSAGES_MAX = 64,
};

/* One more item behind the others, or NULL when memory runs out. */
static struct origin *add(struct origin **items, size_t *count,
			  size_t *capacity, struct origin item)
{
	if (*count == *capacity) {
		size_t more = *capacity ? *capacity * 2 : 16;
		struct origin *grown = realloc(*items, more * sizeof(*grown));

		if (!grown) {
			saved_stack_deinit(&item.stack);
			return NULL;
		}
		*items = grown;
		*capacity = more;
	}
	(*items)[*count] = item;
	return &(*items)[(*count)++];
}

static struct saved_stack copy_stack(const struct saved_stack *stack)
{
	struct saved_stack copy = *stack;

	copy.bytes = malloc(copy.size + 1);
	if (copy.bytes)
		memcpy(copy.bytes, stack->bytes, copy.size);
	else
		copy.size = 0;
	return copy;
}

void origins_init(struct origins *origins, int explained)
{
	*origins = (struct origins){
		.explained = explained,
		.start_ms = clock_now_ms(),
	};
	recorder_init(&origins->recorder);
}

static void free_all(struct origin *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		saved_stack_deinit(&items[i].stack);
	free(items);
}

void origins_deinit(struct origins *origins)
{
	free_all(origins->items, origins->count);
	free_all(origins->pending, origins->pending_count);
	free_all(origins->story, origins->story_count);
	*origins = (struct origins){0};
}

static struct origin *find_pending(const struct origins *origins, pid_t tid)
{
	for (size_t i = 0; i < origins->pending_count; i++)
		if (origins->pending[i].tid == tid)
			return &origins->pending[i];
	return NULL;
}

static void forget_pending(struct origins *origins, struct origin *pending)
{
	saved_stack_deinit(&pending->stack);
	*pending = origins->pending[--origins->pending_count];
}

bool origins_await(const struct origins *origins, pid_t tid)
{
	return find_pending(origins, tid) != NULL;
}

static struct origin make(const struct origins *origins, const struct tracee *t,
			  pid_t tid)
{
	struct origin origin = {
		.tid = tid,
		.ms = clock_now_ms() - origins->start_ms,
		.ticks = recorder_ticks(),
	};

	saved_stack_take(&origin.stack, t, tid);
	return origin;
}

/* A thread may be gone before its name is wanted, the main one is not. */
static void read_comm(const struct tracee *t, struct origin *origin)
{
	cleanup_heap char *text = NULL;

	if (origin->tid != t->pid &&
	    io_read_filef(&text, NULL, "/proc/%d/task/%d/comm", t->pid,
			  origin->tid) == 0)
		snprintf(origin->comm, sizeof(origin->comm), "%.*s",
			 (int)strcspn(text, "\n"), text);
}

static void tell(struct origins *origins, const struct tracee *t,
		 enum origin_event event, struct origin told)
{
	told.event = event;
	read_comm(t, &told);
	add(&origins->story, &origins->story_count, &origins->story_capacity,
	    told);
}

bool origins_enter(struct origins *origins, struct tracee *t,
		   const struct stop *stop)
{
	const uint64_t *a = stop->arguments;
	const struct resource_call *call = resource_call_find(stop->number, a);
	struct origin *pending = find_pending(origins, stop->tid);
	struct origin origin;

	if (pending)
		forget_pending(origins, pending);
	if (origins->explained >= 0 &&
	    resource_call_closes(stop->number, a, origins->explained)) {
		origin = make(origins, t, stop->tid);
		origin.call = stop->number;
		tell(origins, t, ORIGIN_ENDED, origin);
	}
	/* Of randomness and semaphores the first is told. */
	if (!call ||
	    (call->place == PLACE_AT_NOTHING &&
	     origins_find(origins, call->kind, 0)) ||
	    (call->kind == RESOURCE_RANDOMNESS &&
	     !witness_counts_randomness(a)))
		return true;
	if (origins->explained < 0 &&
	    recorder_take_over(&origins->recorder, t, stop))
		return false;
	origin = make(origins, t, stop->tid);
	origin.kind = call->kind;
	origin.call = stop->number;
	origin.id = (int64_t)a[call->argument];
	origin.first_argument = a[0];
	origin.size = a[1];
	add(&origins->pending, &origins->pending_count,
	    &origins->pending_capacity, origin);
	return true;
}

static struct origin *find_slot(const struct origins *origins,
				enum resource_kind kind, int64_t id)
{
	for (size_t i = 0; i < origins->count; i++)
		if (origins->items[i].kind == kind &&
		    origins->items[i].id == id)
			return &origins->items[i];
	return NULL;
}

const struct origin *origins_find(const struct origins *origins,
				  enum resource_kind kind, int64_t id)
{
	const struct origin *found = find_slot(origins, kind, id);

	for (size_t i = 0;
	     !found && kind == RESOURCE_MAPPING && i < origins->count; i++) {
		const struct origin *item = &origins->items[i];

		if (item->kind == kind && item->id <= id &&
		    (uint64_t)(id - item->id) < item->size)
			found = item;
	}
	return found;
}

/* What @pending has made: one of its makings, if it has made several. */
static void keep(struct origins *origins, const struct tracee *t,
		 const struct origin *pending, int64_t id)
{
	struct origin *slot = find_slot(origins, pending->kind, id);
	struct origin made = *pending;

	made.id = id;
	made.stack = copy_stack(&pending->stack);
	read_comm(t, &made);
	if (slot) {
		saved_stack_deinit(&slot->stack);
		*slot = made;
	} else {
		add(&origins->items, &origins->count, &origins->capacity, made);
	}
	if (pending->kind == RESOURCE_DESCRIPTOR && id == origins->explained) {
		made.stack = copy_stack(&pending->stack);
		tell(origins, t, ORIGIN_MADE, made);
	}
}

static void keep_ints(struct origins *origins, const struct tracee *t,
		      const struct origin *pending, size_t count)
{
	struct error ignored = {0};
	int ids[2];

	if (tracee_read(t, (uint64_t)pending->id, ids, count * sizeof(*ids),
			&ignored) < 0)
		return;
	for (size_t i = 0; i < count; i++)
		keep(origins, t, pending, ids[i]);
}

/* Descriptors that came with a message, as the kernel has laid them out. */
static void keep_message(struct origins *origins, const struct tracee *t,
			 const struct origin *pending, uint64_t address)
{
	_Alignas(struct cmsghdr) char control[CONTROL_MAX];
	struct error ignored = {0};
	struct msghdr message;

	if (tracee_read(t, address, &message, sizeof(message), &ignored) < 0 ||
	    message.msg_controllen > sizeof(control) ||
	    tracee_read(t, (uintptr_t)message.msg_control, control,
			message.msg_controllen, &ignored) < 0)
		return;
	message.msg_control = control;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c;
	     c = CMSG_NXTHDR(&message, c)) {
		const size_t count =
			c->cmsg_len < CMSG_LEN(0)
				? 0
				: (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			keep(origins, t, pending, fd);
		}
	}
}

static void keep_messages(struct origins *origins, const struct tracee *t,
			  const struct origin *pending, int64_t count)
{
	for (int64_t i = 0; i < count && i < MESSAGES_MAX; i++)
		keep_message(origins, t, pending,
			     (uint64_t)pending->id +
				     (uint64_t)i * sizeof(struct mmsghdr));
}

/* The devices that give randomness, of which the first is told. */
static void see_random_device(struct origins *origins, const struct tracee *t,
			      const struct origin *pending, uint64_t path)
{
	static const char urandom[] = "/dev/urandom";
	static const char random[] = "/dev/random";
	char text[sizeof(urandom)] = "";
	struct origin randomness = *pending;

	if (origins_find(origins, RESOURCE_RANDOMNESS, RANDOM_DEVICE))
		return;
	tracee_read_part(t, path, text, sizeof(text));
	if (memcmp(text, urandom, sizeof(urandom)) != 0 &&
	    memcmp(text, random, sizeof(random)) != 0)
		return;
	randomness.kind = RESOURCE_RANDOMNESS;
	keep(origins, t, &randomness, RANDOM_DEVICE);
}

void origins_leave(struct origins *origins, const struct tracee *t,
		   const struct stop *stop)
{
	struct origin *pending = find_pending(origins, stop->tid);
	const struct resource_call *call;
	uint64_t arguments[6];

	if (!pending)
		return;
	arguments[0] = pending->stack.registers.rdi;
	arguments[1] = pending->stack.registers.rsi;
	arguments[2] = pending->stack.registers.rdx;
	arguments[3] = pending->stack.registers.r10;
	arguments[4] = pending->stack.registers.r8;
	arguments[5] = pending->stack.registers.r9;
	call = resource_call_find(pending->call, arguments);
	if (pending->call == SYS_openat && stop->result >= 0)
		see_random_device(origins, t, pending, arguments[1]);
	if (pending->call == SYS_open && stop->result >= 0)
		see_random_device(origins, t, pending, arguments[0]);
	origins->has_ring |=
		pending->call == SYS_io_uring_setup && stop->result >= 0;
	if (call && (stop->result >= 0 || stop->result < -4095)) {
		if (call->place == PLACE_AT_RESULT)
			keep(origins, t, pending, stop->result);
		else if (call->place == PLACE_AT_ARGUMENT)
			keep(origins, t, pending, (int)pending->id);
		else if (call->place == PLACE_AT_NOTHING)
			keep(origins, t, pending, 0);
		else if (call->place == PLACE_AT_INT)
			keep_ints(origins, t, pending, 1);
		else if (call->place == PLACE_AT_PAIR)
			keep_ints(origins, t, pending, 2);
		else if (call->place == PLACE_AT_MESSAGE)
			keep_message(origins, t, pending,
				     (uint64_t)pending->id);
		else if (call->place == PLACE_AT_MESSAGES)
			keep_messages(origins, t, pending, stop->result);
	}
	forget_pending(origins, find_pending(origins, stop->tid));
}

/* Which thread has that thread pointer; 0 when it has ended. */
static pid_t find_thread(const struct tracee *t, const pid_t *tids,
			 size_t count, uint64_t thread_pointer)
{
	for (size_t i = 0; i < count; i++) {
		struct user_regs_struct regs;
		struct error ignored = {0};

		if (tracee_registers(t, tids[i], &regs, &ignored) == 0 &&
		    regs.fs_base == thread_pointer)
			return tids[i];
	}
	return 0;
}

static void collect_one(struct origins *origins, const struct tracee *t, int fd,
			const pid_t *tids, size_t count)
{
	struct origin *slot = find_slot(origins, RESOURCE_DESCRIPTOR, fd);
	struct recorded recorded;
	struct origin made;

	if (!recorder_read(&origins->recorder, t, fd, &recorded))
		return;
	made = (struct origin){
		.kind = RESOURCE_DESCRIPTOR,
		.id = fd,
		.tid = find_thread(t, tids, count, recorded.thread_pointer),
		.call = SYS_openat,
		.ms = recorded.ms - origins->start_ms,
		.ticks = recorded.ticks,
		.stack = recorded.stack,
	};
	if (!slot || slot->ticks < made.ticks)
		keep(origins, t, &made, fd);
	saved_stack_deinit(&made.stack);
}

int origins_collect(struct origins *origins, struct tracee *t,
		    struct error *err)
{
	cleanup_heap pid_t *tids = NULL;
	size_t count = 0;
	int r = recorder_leave(&origins->recorder, t, err);

	if (r < 0 || !origins->recorder.site)
		return r;
	r = tracee_threads(t, &tids, &count, err);
	for (int fd = 0; r == 0 && fd < RECORDER_SLOTS; fd++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/%d/fd/%d", t->pid, fd);
		if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			collect_one(origins, t, fd, tids, count);
	}
	return r;
}

void origins_child(struct origins *origins, const struct tracee *t,
		   const struct stop *stop)
{
	struct origin origin = make(origins, t, stop->tid);

	origin.kind = RESOURCE_CHILD;
	origin.call = stop->number;
	keep(origins, t, &origin, stop->result);
	saved_stack_deinit(&origin.stack);
}

/* Close-on-exec, and everything that was memory of the program before. */
void origins_exec(struct origins *origins, const struct tracee *t, pid_t tid)
{
	char path[64];
	size_t kept = 0;

	for (size_t i = 0; i < origins->count; i++) {
		struct origin *item = &origins->items[i];
		const bool is_fd = item->kind == RESOURCE_DESCRIPTOR ||
				   item->kind == RESOURCE_LOCK;

		snprintf(path, sizeof(path), "/proc/%d/fd/%lld", t->pid,
			 (long long)item->id);
		if ((is_fd && faccessat(AT_FDCWD, path, F_OK,
					AT_SYMLINK_NOFOLLOW) == 0) ||
		    item->kind == RESOURCE_CHILD) {
			origins->items[kept++] = *item;
			continue;
		}
		if (is_fd && item->id == origins->explained) {
			struct origin told = make(origins, t, tid);

			told.call = SYS_execve;
			tell(origins, t, ORIGIN_EXECUTED, told);
		}
		saved_stack_deinit(&item->stack);
	}
	origins->count = kept;
	recorder_forget(&origins->recorder);
	while (origins->pending_count > 0)
		forget_pending(origins, &origins->pending[0]);
}
