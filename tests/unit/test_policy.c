/*
 * test_policy.c - options and rules in, what becomes of a descriptor out
 */
#include <stdlib.h>

#include "capture/files/policy.h"
#include "tests/expect.h"

static struct policy parsed(const char *text)
{
	struct policy policy = {0};
	struct error err = {0};
	char *copy = strdup(text);

	cr_assert(policy_parse(&policy, "rules", copy, &err) == 0, "%s",
		  err.text);
	free(copy);
	return policy;
}

static void expect_refused(const char *text, const char *message)
{
	struct policy policy = {0};
	struct error err = {0};
	char *copy = strdup(text);

	cr_expect(policy_parse(&policy, "rules", copy, &err) < 0);
	expect_text(err.text, message);
	cr_expect(err.fault == FAULT_USAGE);
	free(copy);
	policy_deinit(&policy);
}

Test(policy, nothing_is_carried_that_is_not_named)
{
	const struct policy none = {0};

	cr_expect(policy_decide(&none, 3, "file", "/x") == POLICY_REFUSE);
}

Test(policy, kinds_are_carried_by_name_or_all_of_them)
{
	struct policy policy = {0};
	struct error err = {0};

	cr_assert(policy_add_kinds(&policy, "pipe,file:any", &err) == 0);
	cr_expect(policy_decide(&policy, 3, "pipe", "") == POLICY_CARRY);
	cr_expect(policy_decide(&policy, 3, "file", "") == POLICY_CARRY_ANY);
	cr_expect(policy_decide(&policy, 3, "epoll", "") == POLICY_REFUSE);
	cr_assert(policy_add_kinds(&policy, "all", &err) == 0);
	cr_expect(policy_decide(&policy, 3, "epoll", "") == POLICY_CARRY);
	policy_deinit(&policy);
}

Test(policy, any_file_is_wanted_whatever_is_named_before)
{
	struct policy policy = {0};
	struct policy kinds = {0};
	struct error err = {0};

	cr_assert(policy_add_kinds(&kinds, "all,directory", &err) == 0);
	cr_assert(policy_add_kinds(&kinds, "file:any", &err) == 0);
	cr_assert(policy_append_kinds(&policy, &kinds, &err) == 0);
	cr_expect(kinds.count == 0 && policy.count == 3);
	cr_expect(policy_decide(&policy, 3, "file", "") == POLICY_CARRY_ANY);
	cr_expect(policy_decide(&policy, 3, "directory", "") == POLICY_CARRY);
	policy_deinit(&policy);
}

Test(policy, first_rule_that_fits_decides)
{
	struct policy policy = parsed("# of a service\n"
				      "\n"
				      "  drop fd 7\n"
				      "refuse\tfile /var/log/*\n"
				      "inherit fd 8 \n"
				      "carry file:any /srv/a b/*\n"
				      "carry file\n");

	cr_expect(policy_decide(&policy, 7, "file", "/x") == POLICY_DROP);
	cr_expect(policy_decide(&policy, 8, NULL, "") == POLICY_INHERIT);
	cr_expect(policy_decide(&policy, 3, "file", "/var/log/a") ==
		  POLICY_REFUSE);
	cr_expect(policy_decide(&policy, 3, "file", "/srv/a b/c") ==
		  POLICY_CARRY_ANY);
	cr_expect(policy_decide(&policy, 3, "file", "/x") == POLICY_CARRY);
	cr_expect(policy_decide(&policy, 3, "pipe", "/x") == POLICY_REFUSE);
	policy_deinit(&policy);
}

Test(policy, lines_that_make_no_sense_are_named)
{
	expect_refused("\ncary file\n",
		       "line 2 of 'rules': there is no action 'cary'");
	expect_refused("carry", "line 1 of 'rules': 'carry' wants a kind of "
				"descriptors");
	expect_refused("carry fils", "line 1 of 'rules': there is no kind "
				     "'fils' of descriptors");
	expect_refused("drop fd x", "line 1 of 'rules': 'x' is not the number "
				    "of a descriptor");
	expect_refused("refuse file:any /x",
		       "line 1 of 'rules': there is no kind 'file:any' of "
		       "descriptors");
}

Test(policy, kinds_without_a_path_have_no_any)
{
	struct policy policy = {0};
	struct error err = {0};

	cr_expect(policy_add_kinds(&policy, "pipe:any", &err) < 0);
	expect_text(err.text, "there is no kind 'pipe:any' of descriptors");
	expect_contains(err.hint, " socketpair ");
	cr_expect(policy_add_kinds(&policy, "", &err) < 0);
	policy_deinit(&policy);
}
