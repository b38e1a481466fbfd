/*
 * expect.h - expectations about text, which show what was there instead
 */
#ifndef TESTS_EXPECT_H
#define TESTS_EXPECT_H

#include <criterion/criterion.h>
#include <string.h>

#define expect_text(actual, wanted)                                        \
	cr_expect(strcmp(actual, wanted) == 0, "'%s', not '%s'", (actual), \
		  (wanted))
#define expect_contains(text, wanted)                                        \
	cr_expect(strstr(text, wanted) != NULL, "no '%s' in '%s'", (wanted), \
		  (text))

#endif
