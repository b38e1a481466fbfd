/*
 * test_descriptors.c - every kind of descriptor is refused by what it is
 *
 * make_resource knows the kinds and what has to be said of each.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/harness.h"

TestSuite(descriptors, .init = harness_begin, .fini = harness_end,
	  .timeout = 240);

enum {
	KINDS_AT_LEAST = 45,
};

/* True when the kind could be made here. */
static bool check_kind(const char *maker, const char *kind, const char *wanted)
{
	struct outcome outcome = run(NULL, WORDS(tool_capture(), "-o",
						 "svc.core", maker, kind, "7"));
	bool is_made = !cannot_be_had(&outcome, WORDS(maker, kind, "7"));
	const char *line = strstr(outcome.err, "fd 7 ");

	if (is_made) {
		cr_expect(outcome.status == 3 && line && strstr(line, wanted),
			  "%s: status %d, no '%s' in: %s", kind, outcome.status,
			  wanted, outcome.err);
		cr_expect(access("svc.core", F_OK) < 0);
	}
	outcome_free(&outcome);
	return is_made;
}

/*
 * state: any other descriptor: connections, terminals, io_uring, BPF, KVM ... by
 * name, with address or peer
 */
Test(descriptors, each_kind_is_refused_by_what_it_is)
{
	const char *maker = service_path("make_resource");
	struct outcome list = run(NULL, WORDS(maker, "--list"));
	size_t made = 0;
	char *next;

	for (char *line = list.out; *line; line = next) {
		char *wanted = strchr(line, '\t');

		next = line + strcspn(line, "\n");
		next += *next == '\n';
		if (next > line && next[-1] == '\n')
			next[-1] = '\0';
		cr_assert(wanted, "%s", line);
		*wanted++ = '\0';
		made += check_kind(maker, line, wanted);
	}
	cr_expect(made >= KINDS_AT_LEAST, "only %zu kinds could be made", made);
	outcome_free(&list);
}

Test(descriptors, stream_that_was_replaced_is_refused)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "-o", "svc.core", "--", "sh",
				"-c", "exec 2>/dev/null; read x"));

	expect_status(outcome, 3);
	expect_in(outcome.err, "fd 2 ");
	outcome_free(&outcome);
}

Test(descriptors, what_the_caller_has_open_is_not_handed_on)
{
	struct outcome outcome = run(
		NULL, WORDS("sh", "-c",
			    "exec 5</etc/passwd 9>/dev/null; "
			    "exec \"$0\" -q -o svc.core \"$1\"",
			    tool_capture(), service_path("waits_for_input")));

	expect_status(outcome, 0);
	outcome_free(&outcome);
}
