/*
 * test_output_match.c - a text is found however it is cut into pieces
 */
#include <criterion/criterion.h>
#include <string.h>

#include "capture/ready/output_match.h"

static bool feed(const char *wanted, const char *const pieces[])
{
	struct output_match match = {wanted, strlen(wanted), 0};
	bool is_found = false;

	for (size_t i = 0; pieces[i]; i++)
		is_found = output_match_bytes(&match, pieces[i],
					      strlen(pieces[i]));
	return is_found;
}

#define FEED(wanted, ...) feed(wanted, (const char *const[]){__VA_ARGS__, NULL})

Test(output_match, text_in_one_piece_is_found)
{
	cr_expect(FEED("ready", "getting ready now"));
	cr_expect(!FEED("ready", "getting read"));
}

Test(output_match, text_over_pieces_is_found)
{
	cr_expect(FEED("ready", "getting r", "ea", "", "dy"));
	cr_expect(!FEED("ready", "rea", "xdy"));
}

Test(output_match, match_that_fails_late_goes_on_with_its_end)
{
	cr_expect(FEED("aab", "aaab"));
	cr_expect(FEED("ababc", "abababc"));
	cr_expect(FEED("ababc", "aba", "babc"));
	cr_expect(!FEED("ababc", "ababab"));
}

Test(output_match, found_stays_found)
{
	cr_expect(FEED("x", "x", "y"));
}
