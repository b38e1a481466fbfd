/*
 * test_stat_line.c - unit tests of capture/stat_line
 */
#include <criterion/criterion.h>

#include "capture/state/stat_line.h"
#include "tests/expect.h"

Test(stat_line, fields_are_counted_behind_the_name)
{
	const char *line = "12 (svc) S 3 44 55\n";

	expect_text(stat_field(line, STAT_STATE), "S 3 44 55\n");
	expect_text(stat_field(line, STAT_PARENT), "3 44 55\n");
	expect_text(stat_field(line, STAT_GROUP), "44 55\n");
}

Test(stat_line, names_may_look_like_fields)
{
	expect_text(stat_field("12 (a) S (b) 9) Z 3\n", STAT_PARENT), "3\n");
}

Test(stat_line, missing_fields_are_nowhere)
{
	cr_expect_null(stat_field("12 (svc) S 3\n", STAT_GROUP));
	cr_expect_null(stat_field("12 (svc)", STAT_STATE));
	cr_expect_null(stat_field("12", STAT_STATE));
	cr_expect_null(stat_field("", STAT_STATE));
}
