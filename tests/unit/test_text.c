/*
 * test_text.c - scanning that is strict, and moves only when it succeeds
 */
#include <stdint.h>

#include "common/text.h"
#include "tests/expect.h"

Test(text, wanted_character_is_taken_once)
{
	const char *at = "--";

	cr_expect(take_char(&at, '-'));
	expect_text(at, "-");
	cr_expect(!take_char(&at, ':'));
	expect_text(at, "-");
}

Test(text, end_is_no_character)
{
	const char *at = "";

	cr_expect(!take_char(&at, '\0'));
	expect_text(at, "");
}

Test(text, word_is_taken_whole_or_not_at_all)
{
	const char *at = "VmFlags: rd";

	cr_expect(!take_word(&at, "VmFlagsX"));
	expect_text(at, "VmFlags: rd");
	cr_expect(take_word(&at, "VmFlags:"));
	expect_text(at, " rd");
	cr_expect(!take_word(&at, " rd and more"));
	expect_text(at, " rd");
}

Test(text, numbers_end_where_their_digits_do)
{
	const char *hex = "7fFe-";
	const char *octal = "0178";
	const char *decimal = "42a";
	uint64_t value;

	cr_expect(take_hex(&hex, &value) && value == 0x7ffe);
	expect_text(hex, "-");
	cr_expect(take_octal(&octal, &value) && value == 017);
	expect_text(octal, "8");
	cr_expect(take_decimal(&decimal, &value) && value == 42);
	expect_text(decimal, "a");
}

Test(text, largest_number_is_taken_and_the_next_refused)
{
	static const struct {
		bool (*take)(const char **text, uint64_t *ret_value);
		const char *largest;
		const char *next;
	} rows[] = {
		{take_hex, "ffffffffffffffff", "10000000000000000"},
		{take_octal, "1777777777777777777777",
		 "2000000000000000000000"},
		{take_decimal, "18446744073709551615", "18446744073709551616"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *at = rows[i].largest;
		uint64_t value = 0;

		cr_expect(rows[i].take(&at, &value) && value == UINT64_MAX);
		at = rows[i].next;
		value = 7;
		cr_expect(!rows[i].take(&at, &value));
		cr_expect(at == rows[i].next && value == 7);
	}
}

Test(text, neither_sign_nor_blank_nor_prefix_begins_a_number)
{
	static const char *const texts[] = {"", "-1", "+1", " 1", "x1", "\t1"};
	uint64_t value = 7;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		const char *at = texts[i];

		cr_expect(!take_decimal(&at, &value), "'%s'", texts[i]);
		cr_expect(!take_hex(&at, &value), "'%s'", texts[i]);
		cr_expect(!take_octal(&at, &value), "'%s'", texts[i]);
		cr_expect(at == texts[i] && value == 7);
	}
}

Test(text, leading_zeros_do_not_make_a_number_too_long)
{
	const char *at = "000000000000000000000000000000a";
	uint64_t value;

	cr_expect(take_hex(&at, &value) && value == 10);
	expect_text(at, "");
}

Test(text, blanks_are_skipped_but_no_newline)
{
	const char *at = " \t \nx";

	skip_blanks(&at);
	expect_text(at, "\nx");
	skip_blanks(&at);
	expect_text(at, "\nx");
}

Test(text, line_is_skipped_with_its_newline)
{
	const char *at = "one\n\nthree";

	skip_line(&at);
	expect_text(at, "\nthree");
	skip_line(&at);
	expect_text(at, "three");
	skip_line(&at);
	expect_text(at, "");
	skip_line(&at);
	expect_text(at, "");
}
