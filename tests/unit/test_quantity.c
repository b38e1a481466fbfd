/*
 * test_quantity.c - numbers in, what people read out
 */
#include "tests/expect.h"
#include "tools/addresses/quantity.h"

Test(quantity, bytes_have_a_unit_and_two_digits)
{
	expect_text(quantity_bytes(0).text, "0 B");
	expect_text(quantity_bytes(4096).text, "4 KiB");
	expect_text(quantity_bytes(1.5 * 1024).text, "1.5 KiB");
	expect_text(quantity_bytes(10.4 * 1024).text, "10 KiB");
	expect_text(quantity_bytes(1023.7 * 1024).text, "1.0 MiB");
	expect_text(quantity_bytes(0x1p47).text, "128 TiB");
	expect_text(quantity_bytes(0x1p64).text, "16 EiB");
}

Test(quantity, small_chances_are_one_in_so_many)
{
	expect_text(quantity_chance(0).text, "0");
	expect_text(quantity_chance(1).text, "1");
	expect_text(quantity_chance(0.5).text, "50 %");
	expect_text(quantity_chance(0.9996).text, "100.0 %");
	expect_text(quantity_chance(0.0123).text, "1.2 %");
	expect_text(quantity_chance(1.0 / 365).text, "1 in 370");
	expect_text(quantity_chance(1.0 / 45123).text, "1 in 45,000");
	expect_text(quantity_chance(1e-9).text, "1 in 1,000,000,000");
	expect_text(quantity_chance(1e-20).text, "1.0e-20");
}
