/*
 * test_attribute.c - the calls of each attribute read and set this process
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/attribute.h"
#include "tests/expect.h"

Test(attribute, every_id_has_a_row_with_a_name)
{
	for (uint32_t id = ATTRIBUTE_NONE + 1; id < ATTRIBUTE_FIXED_COUNT;
	     id++) {
		const struct attribute *a = attribute_find(id);

		cr_assert(a && a->name, "id %u", id);
		cr_expect(a->place == PLACE_NOWHERE || a->get_number != 0,
			  "%s cannot be read", a->name);
		cr_expect(a->place != PLACE_NOWHERE || a->set_number != 0,
			  "%s can neither be read nor set", a->name);
		cr_expect(a->pointer < CALL_ARGUMENTS);
		cr_expect(a->value < CALL_ARGUMENTS);
		expect_text(attribute_name(id), a->name);
	}
}

Test(attribute, no_two_have_the_same_name)
{
	for (uint32_t i = 0; i < ATTRIBUTE_END; i++)
		for (uint32_t j = i + 1; j < ATTRIBUTE_END; j++) {
			const char *name = attribute_name(i);

			cr_expect(strcmp(name, "unknown attribute") == 0 ||
					  i >= ATTRIBUTE_SCHEDULING ||
					  strcmp(name, attribute_name(j)) != 0,
				  "%u and %u: %s", i, j, name);
		}
}

Test(attribute, ranges_have_names_but_no_row)
{
	expect_text(attribute_name(ATTRIBUTE_LIMIT_SOFT + RLIMIT_NOFILE),
		    "soft limit on open files");
	expect_text(attribute_name(ATTRIBUTE_LIMIT_HARD + RLIMIT_NOFILE),
		    "hard limit on open files");
	expect_text(attribute_name(ATTRIBUTE_LIMIT_SOFT + RLIMIT_STACK),
		    "soft limit on the stack");
	expect_text(attribute_name(ATTRIBUTE_LIMIT_HARD + RLIMIT_RTTIME),
		    "hard limit on real-time run time");
	expect_text(attribute_name(ATTRIBUTE_STREAM_FLAGS + 2),
		    "flags of standard error");
	expect_text(attribute_name(ATTRIBUTE_WORKING_FOLDER), "working folder");
	cr_expect(!attribute_find(ATTRIBUTE_LIMIT_SOFT));
	cr_expect(!attribute_find(ATTRIBUTE_STREAM_FLAGS));
	cr_expect(!attribute_find(ATTRIBUTE_WORKING_FOLDER));
}

Test(attribute, what_is_unknown_is_none)
{
	static const uint32_t ids[] = {
		ATTRIBUTE_NONE,
		ATTRIBUTE_FIXED_COUNT,
		ATTRIBUTE_LIMIT_SOFT - 1,
		ATTRIBUTE_LIMIT_SOFT + RLIM_NLIMITS,
		ATTRIBUTE_LIMIT_HARD + RLIM_NLIMITS,
		ATTRIBUTE_END,
		UINT32_MAX,
	};

	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		cr_expect(!attribute_find(ids[i]), "id %u", ids[i]);
		expect_text(attribute_name(ids[i]), "unknown attribute");
	}
}

Test(attribute, get_leaves_its_answer_where_it_was_told)
{
	for (uint32_t id = ATTRIBUTE_NONE + 1; id < ATTRIBUTE_FIXED_COUNT;
	     id++) {
		const struct attribute *a = attribute_find(id);
		struct call call =
			attribute_question(id, a->of_thread, 0xabcdef);
		const bool points =
			a->place == PLACE_INT || a->place == PLACE_LONG;

		if (a->place == PLACE_NOWHERE)
			continue;
		cr_expect(call.number == a->get_number);
		for (int i = 0; i < CALL_ARGUMENTS; i++)
			cr_expect(call.arguments[i] ==
					  (points && i == a->pointer
						   ? 0xabcdef
						   : a->get[i]),
				  "%s, argument %d", a->name, i);
		cr_expect(call.lowest == INT64_MIN &&
			  call.highest == INT64_MAX);
	}
}

Test(attribute, set_takes_the_value_and_must_succeed)
{
	for (uint32_t id = ATTRIBUTE_NONE + 1; id < ATTRIBUTE_FIXED_COUNT;
	     id++) {
		const struct attribute *a = attribute_find(id);
		struct call call = attribute_set(a, 77);

		if (!a->set_number)
			continue;
		cr_expect(call.number == a->set_number);
		cr_expect(call.arguments[a->value] == 77, "%s", a->name);
		cr_expect(call.lowest == 0 && call.highest == INT64_MAX);
	}
}

/* The answer of a call that is made here and now. */
static int64_t get(uint32_t id)
{
	const struct attribute *a = attribute_find(id);
	int64_t answer = 0;
	struct call call =
		attribute_question(id, a->of_thread, (uintptr_t)&answer);

	cr_assert(call_run(&call, 1) == 1);
	cr_assert(call.result >= 0, "%s: %ld", a->name, (long)call.result);
	return attribute_answer(id, a->of_thread, &call, (uint64_t)answer);
}

static void set(uint32_t id, uint64_t value)
{
	struct call call = attribute_set(attribute_find(id), value);

	cr_assert(call_run(&call, 1) == 1, "%s: %ld", attribute_name(id),
		  (long)call.result);
}

Test(attribute, what_is_set_is_what_is_read)
{
	static const struct {
		uint32_t id;
		uint64_t value;
	} rows[] = {
		{ATTRIBUTE_DUMPABLE, 0},
		{ATTRIBUTE_PARENT_DEATH_SIGNAL, 10},
		{ATTRIBUTE_TIMER_SLACK, 12345},
		{ATTRIBUTE_SUBREAPER, 1},
		{ATTRIBUTE_THP_DISABLE, 1},
		{ATTRIBUTE_PERSONALITY, 0x0040000},
		{ATTRIBUTE_KEEP_CAPS, 1},
		{ATTRIBUTE_MCE_KILL, 1},
		{ATTRIBUTE_NO_NEW_PRIVS, 1},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		set(rows[i].id, rows[i].value);
		cr_expect(get(rows[i].id) == (int64_t)rows[i].value, "%s",
			  attribute_name(rows[i].id));
	}
}

/* One list is made for a process, another for each of its threads. */
Test(attribute, what_is_not_asked_for_is_a_call_without_effect)
{
	for (uint32_t id = 0; id < ATTRIBUTE_FIXED_COUNT; id++) {
		const struct attribute *a = attribute_find(id);
		const bool other = a ? !a->of_thread : false;
		struct call call = attribute_question(id, other, 0xabcdef);

		cr_expect(call.number == SYS_getpid, "id %u", id);
		call.result = 77;
		cr_expect(attribute_answer(id, other, &call, 78) == 0);
	}
}

Test(attribute, errors_are_answers)
{
	struct call call = {.result = -EPERM};

	cr_expect(attribute_answer(ATTRIBUTE_TIMER_SLACK, true, &call, 7) ==
		  -EPERM);
}

Test(attribute, umask_is_set)
{
	set(ATTRIBUTE_UMASK, 0137);

	cr_expect(syscall(SYS_umask, 0) == 0137);
}

Test(call, run_stops_at_the_first_that_is_not_as_it_should_be)
{
	struct call calls[] = {
		CALL_MUST(SYS_getpid),
		CALL_TRY(SYS_close, (uint64_t)-1),
		CALL_GIVES(-EBADF, SYS_close, (uint64_t)-1),
		CALL_GIVES(0, SYS_close, (uint64_t)-1),
		CALL_MUST(SYS_getppid),
	};

	cr_expect(call_run(calls, 5) == 3);

	cr_expect(calls[0].result == getpid());
	cr_expect(calls[1].result == -EBADF && calls[3].result == -EBADF);
	cr_expect(calls[4].result == 0, "it was made all the same");
	cr_expect(call_run(calls, 0) == 0);
}

Test(call, all_six_arguments_arrive)
{
	struct call calls[] = {
		CALL_MUST(SYS_mmap, 0, 4096, PROT_READ,
			  MAP_PRIVATE | MAP_ANONYMOUS, (uint64_t)-1, 0),
		CALL_GIVES(-EBADF, SYS_mmap, 0, 4096, PROT_READ, MAP_PRIVATE,
			   (uint64_t)-1, 0),
		CALL_GIVES(-EINVAL, SYS_mmap, 0, 4096, PROT_READ, MAP_PRIVATE,
			   0, 1),
	};

	cr_expect(call_run(calls, 3) == 3);

	munmap((void *)(uintptr_t)calls[0].result, 4096);
}

Test(call, copy_takes_just_its_bytes)
{
	char to[] = "----------";
	struct call call =
		CALL_TRY(CALL_COPY, (uintptr_t)to + 2, (uintptr_t) "abcdef", 5);

	cr_expect(call_run(&call, 1) == 1);

	expect_text(to, "--abcde---");
}

/* As the restorer and the capturer use it. */
Test(call, code_may_be_copied_anywhere)
{
	const size_t size = (size_t)(call_run_end - (const char *)call_run);
	struct call call = CALL_MUST(SYS_getpid);
	uint64_t (*run)(struct call * calls, uint64_t count);
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	cr_assert(page != MAP_FAILED && size <= 4096);
	memcpy(page, (const char *)call_run, size);
	cr_assert(mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0);
	*(void **)&run = page;

	cr_expect(run(&call, 1) == 1 && call.result == getpid());
	munmap(page, 4096);
}
