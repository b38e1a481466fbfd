/*
 * owners.c - words in which locks that are held keep the ids of threads
 */
#include "owners.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "id_words.h"

#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2 13 /* since Linux 5.14 */
#endif

enum {
	/* nptl/pthreadP.h */
	KIND_TYPE = 3, /* normal, recursive, error-checking, adaptive */
	KIND_RECURSIVE = 1,
	KIND_ERROR_CHECKING = 2,
	KIND_ROBUST = 16,
	KIND_INHERIT = 32,
	KIND_PROTECT = 64,
	KIND_HARMLESS = 128 | 256 | 512, /* shared, and two of elision */
	WRITE_PHASE_AND_LOCK = 3,
	ROBUST_ENTRIES_MAX = 2048, /* ROBUST_LIST_LIMIT of the kernel */
	/* linux/futex.h: the rest of a futex word is flags */
	FUTEX_TID = 0x3fffffff,
	OWNERS_MIN = 1024,
	OWNERS_PER_THREAD = 16,
	STACK_SEARCHED = 512,
};

struct mutex {
	uint32_t lock;
	uint32_t count;
	uint32_t owner;
	uint32_t users;
	uint32_t kind;
	uint32_t spins;
	uint64_t next, before;
};

struct rwlock {
	uint32_t readers, writers, phase_futex, writers_futex;
	uint32_t padding[2];
	uint32_t writer;
	uint32_t shared;
	uint64_t more_padding[2];
	uint32_t flags;
	uint32_t end;
};

static_assert(sizeof(struct mutex) == 40, "layout of glibc");
static_assert(sizeof(struct rwlock) == 56, "layout of glibc");

static int compare(const void *a, const void *b)
{
	const struct owner_id *first = a, *second = b;

	return (first->tid > second->tid) - (first->tid < second->tid);
}

int owners_init(struct owners *ret_owners, const struct tracee *t,
		const struct threads *threads, struct error *err)
{
	struct owners owners = {.tracee = t, .threads = threads};

	owners.ids = calloc(threads->count, sizeof(*owners.ids));
	owners.capacity = owners_max(threads);
	owners.items = calloc(owners.capacity, sizeof(*owners.items));
	*ret_owners = owners;
	if (!owners.ids || !owners.items)
		return error_system(err, ENOMEM, "cannot keep the locks");
	for (uint32_t i = 0; i < threads->count; i++)
		owners.ids[i] =
			(struct owner_id){threads->items[i].core.tid, i};
	qsort(owners.ids, threads->count, sizeof(*owners.ids), compare);
	return 0;
}

void owners_deinit(struct owners *owners)
{
	free(owners->ids);
	free(owners->items);
	*owners = (struct owners){0};
}

size_t owners_max(const struct threads *threads)
{
	return OWNERS_MIN + threads->count * OWNERS_PER_THREAD;
}

static int add(struct owners *owners, enum core_owner_kind kind,
	       uint64_t address, uint32_t thread, struct error *err)
{
	if (owners->count == owners->capacity)
		return error_set(err, FAULT_UNSUPPORTED,
				 "its threads hold more than %zu locks",
				 owners->capacity);
	owners->items[owners->count++] = (struct core_owner){
		.address = address, .thread = thread, .kind = kind};
	return 0;
}

static bool is_held_mutex(const struct mutex *m)
{
	const uint32_t type = m->kind & KIND_TYPE;
	const uint32_t flags = m->kind & ~(uint32_t)KIND_TYPE;

	if (flags & ~(uint32_t)(KIND_ROBUST | KIND_INHERIT | KIND_PROTECT |
				KIND_HARMLESS) ||
	    m->users == 0 || m->spins != 0)
		return false;
	if (flags & (KIND_ROBUST | KIND_INHERIT))
		return (m->lock & FUTEX_TID) == m->owner;
	if (type == KIND_RECURSIVE ? m->count == 0 : m->count != 0)
		return false;
	/* The other two kinds do not look at their owner. */
	return (type == KIND_RECURSIVE || type == KIND_ERROR_CHECKING) &&
	       m->next == 0 && m->before == 0 &&
	       (flags & KIND_PROTECT || m->lock == 1 || m->lock == 2);
}

static bool is_held_rwlock(const struct rwlock *l)
{
	return (l->readers & WRITE_PHASE_AND_LOCK) == WRITE_PHASE_AND_LOCK &&
	       l->padding[0] == 0 && l->padding[1] == 0 && l->shared <= 1 &&
	       l->more_padding[0] == 0 && l->more_padding[1] == 0 &&
	       l->flags <= 2 && l->end == 0;
}

/* The bytes around a word, also where they go beyond what is at hand. */
static bool look_around(const struct owners *owners, const char *bytes,
			size_t size, uint64_t address, uint64_t start, void *to,
			size_t wanted)
{
	struct error ignored = {0};

	if (start >= address && start + wanted <= address + size) {
		memcpy(to, bytes + (start - address), wanted);
		return true;
	}
	return tracee_read(owners->tracee, start, to, wanted, &ignored) == 0;
}

/* The word at @at, a multiple of eight, is the id of @thread: is it a lock's? */
static int inspect_word(struct owners *owners, const char *bytes, size_t size,
			uint64_t address, uint64_t at, uint32_t thread,
			struct error *err)
{
	const uint64_t mutex_at = at - offsetof(struct mutex, owner);
	const uint64_t rwlock_at = at - offsetof(struct rwlock, writer);
	struct rwlock rwlock;
	struct mutex mutex;
	int r = 0;

	if (look_around(owners, bytes, size, address, mutex_at, &mutex,
			sizeof(mutex)) &&
	    is_held_mutex(&mutex)) {
		r = add(owners, CORE_OWNER_MEMORY, at, thread, err);
		if (r == 0 && mutex.kind & (KIND_ROBUST | KIND_INHERIT))
			r = add(owners, CORE_OWNER_MEMORY, mutex_at, thread,
				err);
	} else if (look_around(owners, bytes, size, address, rwlock_at, &rwlock,
			       sizeof(rwlock)) &&
		   is_held_rwlock(&rwlock)) {
		r = add(owners, CORE_OWNER_MEMORY, at, thread, err);
	}
	return r;
}

static int inspect_page(struct owners *owners, const char *bytes, size_t size,
			uint64_t address, size_t page, struct error *err)
{
	int r = 0;

	for (size_t i = page; r == 0 && i < page + CORE_PAGE_SIZE;
	     i += sizeof(uint64_t)) {
		struct owner_id wanted = {0};
		const struct owner_id *found;

		memcpy(&wanted.tid, bytes + i, sizeof(wanted.tid));
		found = bsearch(&wanted, owners->ids, owners->threads->count,
				sizeof(wanted), compare);
		if (found)
			r = inspect_word(owners, bytes, size, address,
					 address + i, found->thread, err);
	}
	return r;
}

int owners_inspect(void *context, const char *bytes, size_t size,
		   uint64_t address, struct error *err)
{
	struct owners *owners = context;
	const uint32_t lowest = owners->ids[0].tid;
	const uint32_t highest = owners->ids[owners->threads->count - 1].tid;
	int r = 0;

	for (size_t page = 0; r == 0 && page < size; page += CORE_PAGE_SIZE)
		if (id_words_are_in(bytes + page, lowest, highest))
			r = inspect_page(owners, bytes, size, address, page,
					 err);
	return r;
}

/* The lock of an entry, if it is the thread's. */
static int add_entry(struct owners *owners, uint32_t thread, uint64_t address,
		     struct error *err)
{
	uint32_t word = 0;
	int r = tracee_read(owners->tracee, address, &word, sizeof(word), err);

	if (r == 0 &&
	    (word & FUTEX_TID) == owners->threads->items[thread].core.tid)
		r = add(owners, CORE_OWNER_MEMORY, address, thread, err);
	return r;
}

/*
 * struct robust_list_head: the first entry, the distance from an entry to its
 * word, and an entry that is just being added or taken away.  Entries may be
 * tagged.
 */
static int walk_robust(struct owners *owners, uint32_t thread,
		       const uint64_t head[3], struct error *err)
{
	const struct core_thread *core = &owners->threads->items[thread].core;
	uint64_t entry = head[0] & ~(uint64_t)1;
	int r = 0;

	for (int i = 0; r == 0 && entry != core->robust_list; i++) {
		if (i == ROBUST_ENTRIES_MAX)
			return error_set(err, FAULT_UNSUPPORTED,
					 "the robust list of thread %u has no "
					 "end",
					 core->tid);
		r = add_entry(owners, thread, entry + head[1], err);
		if (r == 0)
			r = tracee_read(owners->tracee, entry, &entry,
					sizeof(entry), err);
		entry &= ~(uint64_t)1;
	}
	if (r == 0 && head[2])
		r = add_entry(owners, thread,
			      (head[2] & ~(uint64_t)1) + head[1], err);
	return r;
}

static bool waits_for_inheriting(const struct user_regs_struct *regs)
{
	const uint64_t operation = regs->rsi & FUTEX_CMD_MASK;

	return regs->rax == SYS_futex &&
	       (operation == FUTEX_LOCK_PI || operation == FUTEX_LOCK_PI2);
}

/*
 * Whether a word is the upper half of a pointer: where the ids of processes are
 * low, one may be 0x7ff5, and so may the upper half of an address.
 */
static bool is_of_pointer(const struct owners *owners, const uint32_t *words,
			  size_t i)
{
	const uint64_t pointer =
		(uint64_t)words[i] << 32 | (i % 2 ? words[i - 1] : 0);
	struct error ignored = {0};
	char byte;

	return i % 2 == 1 &&
	       tracee_read(owners->tracee, pointer, &byte, 1, &ignored) == 0;
}

/*
 * Who waits for such a lock has his own id at hand, in a register or on the
 * stack, to put it into the lock when it is his (__pthread_mutex_lock_full()).
 */
static int add_own_words(struct owners *owners, uint32_t thread,
			 struct error *err)
{
	const struct core_thread *core = &owners->threads->items[thread].core;
	static const size_t registers[] = {
		offsetof(struct user_regs_struct, rbx),
		offsetof(struct user_regs_struct, rbp),
		offsetof(struct user_regs_struct, r8),
		offsetof(struct user_regs_struct, r9),
		offsetof(struct user_regs_struct, r12),
		offsetof(struct user_regs_struct, r13),
		offsetof(struct user_regs_struct, r14),
		offsetof(struct user_regs_struct, r15),
	};
	const uint64_t stack = core->registers.rsp & ~(uint64_t)7;
	uint32_t words[STACK_SEARCHED / sizeof(uint32_t)];
	int r = tracee_read(owners->tracee, stack, words, sizeof(words), err);

	for (size_t i = 0; r == 0 && i < sizeof(registers) / sizeof(*registers);
	     i++) {
		uint64_t value;

		memcpy(&value, (const char *)&core->registers + registers[i],
		       sizeof(value));
		if (value <= UINT32_MAX && (value & FUTEX_TID) == core->tid)
			r = add(owners, CORE_OWNER_REGISTER, registers[i],
				thread, err);
	}
	for (size_t i = 0; r == 0 && i < sizeof(words) / sizeof(*words); i++)
		if ((words[i] & FUTEX_TID) == core->tid &&
		    !is_of_pointer(owners, words, i))
			r = add(owners, CORE_OWNER_MEMORY, stack + i * 4,
				thread, err);
	return r;
}

int owners_add_known(struct owners *owners, struct error *err)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < owners->threads->count; i++) {
		const struct core_thread *core =
			&owners->threads->items[i].core;
		uint64_t head[3] = {core->robust_list};

		if (core->robust_list) {
			r = tracee_read(owners->tracee, core->robust_list, head,
					sizeof(head), err);
			if (r == 0)
				r = walk_robust(owners, i, head, err);
		}
		if (r == 0 &&
		    (head[2] || waits_for_inheriting(&core->registers)))
			r = add_own_words(owners, i, err);
	}
	return r;
}
