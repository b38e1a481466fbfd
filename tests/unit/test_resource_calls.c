/*
 * test_resource_calls.c - which calls make, copy and end a resource
 */
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "capture/blame/resource_calls.h"
#include "tests/expect.h"

static enum resource_kind kind_of(int64_t number, uint64_t a, uint64_t b,
				  uint64_t c, uint64_t d)
{
	const uint64_t arguments[6] = {a, b, c, d};
	const struct resource_call *row = resource_call_find(number, arguments);

	return row ? row->kind : RESOURCE_NONE;
}

Test(resource_calls, arguments_decide_where_only_some_make_something)
{
	static const struct {
		int64_t number;
		uint64_t arguments[4];
		enum resource_kind kind;
	} rows[] = {
		{SYS_openat, {0}, RESOURCE_DESCRIPTOR},
		{SYS_close, {3}, RESOURCE_NONE},
		{SYS_fcntl, {3, F_DUPFD_CLOEXEC}, RESOURCE_DESCRIPTOR},
		{SYS_fcntl, {3, F_GETFD}, RESOURCE_NONE},
		{SYS_fcntl, {3, F_SETLKW | 1ULL << 32}, RESOURCE_LOCK},
		{SYS_flock, {3, LOCK_EX | LOCK_NB}, RESOURCE_LOCK},
		{SYS_flock, {3, LOCK_UN}, RESOURCE_NONE},
		{SYS_signalfd4, {UINT32_MAX}, RESOURCE_DESCRIPTOR},
		{SYS_signalfd4, {5}, RESOURCE_NONE},
		{SYS_bpf, {BPF_MAP_CREATE}, RESOURCE_DESCRIPTOR},
		{SYS_bpf, {BPF_MAP_UPDATE_ELEM}, RESOURCE_NONE},
		{SYS_mmap, {0, 1, 0, MAP_SHARED}, RESOURCE_MAPPING},
		{SYS_mmap, {0, 1, 0, MAP_SHARED_VALIDATE}, RESOURCE_MAPPING},
		{SYS_mmap, {0, 1, 0, MAP_PRIVATE}, RESOURCE_NONE},
		{SYS_clone, {CLONE_VM | CLONE_THREAD}, RESOURCE_NONE},
		{SYS_clone, {CLONE_VM | CLONE_VFORK}, RESOURCE_NONE},
		{SYS_clone, {CLONE_PIDFD}, RESOURCE_DESCRIPTOR},
		{SYS_timer_create, {0}, RESOURCE_TIMER},
		{SYS_getrandom, {0}, RESOURCE_RANDOMNESS},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const uint64_t *a = rows[i].arguments;

		cr_expect(kind_of(rows[i].number, a[0], a[1], a[2], a[3]) ==
				  rows[i].kind,
			  "row %zu", i);
	}
}

static bool closes(int64_t number, uint64_t a, uint64_t b, uint64_t c)
{
	return resource_call_closes(number, (uint64_t[6]){a, b, c}, 5);
}

Test(resource_calls, descriptor_is_ended_by_what_closes_or_replaces_it)
{
	cr_expect(closes(SYS_close, 5, 0, 0));
	cr_expect(!closes(SYS_close, 6, 0, 0));
	cr_expect(closes(SYS_dup2, 4, 5, 0));
	cr_expect(!closes(SYS_dup2, 5, 5, 0), "nothing happens");
	cr_expect(!closes(SYS_dup2, 5, 4, 0));
	cr_expect(closes(SYS_dup3, 4, 5, O_CLOEXEC));
	cr_expect(closes(SYS_close_range, 3, UINT32_MAX, 0));
	cr_expect(closes(SYS_close_range, 5, 5, 0));
	cr_expect(!closes(SYS_close_range, 6, 9, 0));
	cr_expect(!closes(SYS_close_range, 3, 9, CLOSE_RANGE_CLOEXEC));
}

Test(resource_calls, copies_are_told_from_what_is_new)
{
	cr_expect(resource_call_copies(SYS_dup, (uint64_t[6]){3}));
	cr_expect(resource_call_copies(SYS_fcntl, (uint64_t[6]){3, F_DUPFD}));
	cr_expect(!resource_call_copies(SYS_fcntl, (uint64_t[6]){3, F_SETLK}));
	cr_expect(!resource_call_copies(SYS_openat, (uint64_t[6]){3}));
}
