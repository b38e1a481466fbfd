/*
 * test_blame.c - what is said about who made something
 */
#include "capture/blame/blame.h"
#include "tests/expect.h"

static char text[BLAME_TEXT_MAX];

static const char *describe(struct blame blame)
{
	blame_describe(&blame, text);
	return text;
}

Test(blame, call_thread_and_time_are_said)
{
	struct blame blame = {
		.kind = RESOURCE_DESCRIPTOR,
		.tid = 4711,
		.comm = "svc",
		.call = (char[]){"socket"},
		.ms = 1129,
		.copied = -1,
	};

	expect_text(describe(blame), "opened 1.12 s after the start by thread "
				     "4711 (svc) in socket(2)");
	blame.kind = RESOURCE_LOCK;
	expect_text(describe(blame), "locked 1.12 s after the start by thread "
				     "4711 (svc) in socket(2)");
	blame.event = ORIGIN_ENDED;
	expect_text(describe(blame), "closed 1.12 s after the start by thread "
				     "4711 (svc) in socket(2)");
}

Test(blame, copy_names_what_it_is_of)
{
	const struct blame blame = {
		.kind = RESOURCE_DESCRIPTOR,
		.comm = "svc",
		.call = (char[]){"dup2"},
		.copied = 7,
	};

	expect_text(describe(blame), "copied from fd 7 0.00 s after the start "
				     "by a thread that has ended in dup2(2)");
}

Test(blame, what_is_not_known_is_said_with_its_reason)
{
	expect_text(describe((struct blame){.unknown = "nobody looked"}),
		    "how it came to be was not seen: nobody looked");
	expect_text(describe((struct blame){.is_inherited = true}),
		    "inherited from the caller");
	expect_text(describe((struct blame){.event = ORIGIN_RESTORED,
					    .kind = RESOURCE_DESCRIPTOR,
					    .core = "base.core"}),
		    "opened by the restore of 'base.core'");
}
