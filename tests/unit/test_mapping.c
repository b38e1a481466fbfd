/*
 * test_mapping.c - /proc/PID/maps text in, struct mapping out
 *
 * No process is involved: every case is text that a kernel has written, or
 * that it never would.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/mapping.h"

static int parse(struct mapping_list *list, const char *text, struct error *err)
{
	return mapping_list_parse(list, strdup(text), err);
}

Test(mapping, line_of_maps_is_taken_apart)
{
	struct mapping_list list = {0};
	struct error err = {0};

	cr_assert(parse(&list,
			"55d0a000-55d0c000 r-xp 00002000 fe:01 1234      "
			"          /usr/bin/my program\n",
			&err) == 0);

	cr_assert(list.count == 1);
	cr_expect(list.items[0].start == 0x55d0a000);
	cr_expect(list.items[0].end == 0x55d0c000);
	cr_expect(list.items[0].offset == 0x2000);
	cr_expect(list.items[0].device_major == 0xfe);
	cr_expect(list.items[0].inode == 1234);
	cr_expect(list.items[0].protection == (PROT_READ | PROT_EXEC));
	cr_expect(!list.items[0].shared);
	cr_expect_str_eq(list.items[0].name, "/usr/bin/my program");
	mapping_list_deinit(&list);
}

Test(mapping, newline_in_a_path_is_undone)
{
	struct mapping_list list = {0};
	struct error err = {0};

	cr_assert(parse(&list, "1000-2000 r--s 0 00:00 7 /a\\012b (deleted)\n",
			&err) == 0);

	cr_expect_str_eq(list.items[0].name, "/a\nb (deleted)");
	cr_expect(list.items[0].deleted && list.items[0].shared);
	mapping_list_deinit(&list);
}

Test(mapping, smaps_adds_flags_and_key)
{
	struct mapping_list list = {0};
	struct error err = {0};

	cr_assert(parse(&list,
			"1000-2000 rw-p 00000000 00:00 0 \n"
			"Size:                  4 kB\n"
			"ProtectionKey:         3\n"
			"VmFlags: rd wr mr mw me ac wf \n"
			"3000-4000 ---p 00000000 00:00 0 [stack]\n"
			"VmFlags: mr mw me gd\n",
			&err) == 0);

	cr_assert(list.count == 2);
	cr_expect(list.items[0].protection_key == 3);
	cr_expect(mapping_has_flag(&list.items[0], "wf"));
	cr_expect(mapping_has_flag(&list.items[0], "rd"));
	cr_expect(!mapping_has_flag(&list.items[0], "gd"));
	cr_expect(!mapping_has_flag(&list.items[0], "r "));
	cr_expect(mapping_has_flag(&list.items[1], "gd"));
	cr_expect_str_eq(list.items[1].name, "[stack]");
	mapping_list_deinit(&list);
}

static void check_refused(const char *text, const char *message)
{
	struct mapping_list list = {.count = 77};
	struct error err = {0};

	cr_assert(parse(&list, text, &err) < 0, "accepted '%s'", text);
	cr_expect(strstr(err.text, message), "%s", err.text);
	cr_expect(list.count == 77, "the list was touched");
}

Test(mapping, what_is_no_mapping_is_refused_and_the_list_untouched)
{
	check_refused("1000-3000 rw-p 0 00:00 0\n2000-4000 rw-p 0 00:00 0\n",
		      "mapping at 0x2000 overlaps the one before it");
	check_refused("3000-3000 rw-p 0 00:00 0\n", "is empty");
	check_refused("hello\n", "does not describe a mapping");
	check_refused("1000-2000 rwzp 0 00:00 0\n",
		      "does not describe a mapping");
	check_refused("11111111111111111-2 rw-p 0 00:00 0\n",
		      "does not describe a mapping");
	check_refused("-1000 rw-p 0 00:00 0\n", "does not describe a mapping");
}

Test(mapping, find_excludes_the_end)
{
	struct mapping_list list = {0};
	struct error err = {0};

	cr_assert(parse(&list,
			"1000-2000 rw-p 0 00:00 0\n3000-5000 rw-p 0 00:00 0\n",
			&err) == 0);

	cr_expect(!mapping_list_find(&list, 0xfff));
	cr_expect(mapping_list_find(&list, 0x1000) == &list.items[0]);
	cr_expect(mapping_list_find(&list, 0x1fff) == &list.items[0]);
	cr_expect(!mapping_list_find(&list, 0x2000));
	cr_expect(mapping_list_find(&list, 0x4fff) == &list.items[1]);
	cr_expect(!mapping_list_find(&list, 0x5000));
	mapping_list_deinit(&list);
}

Test(mapping, own_maps_are_understood)
{
	struct mapping_list list = {0};
	struct error err = {0};
	FILE *file = fopen("/proc/self/smaps", "r");
	char *text = calloc(1, 1 << 20);
	size_t size = fread(text, 1, (1 << 20) - 1, file);

	fclose(file);
	cr_assert(size > 0);

	cr_assert(mapping_list_parse(&list, text, &err) == 0, "%s", err.text);

	cr_expect(mapping_list_find(&list, (uintptr_t)&list) != NULL);
	cr_expect(
		mapping_list_find(&list, (uintptr_t)check_refused)->protection &
		PROT_EXEC);
	mapping_list_deinit(&list);
}

Test(mapping, nothing_is_an_empty_list)
{
	struct mapping_list list = {.count = 77};
	struct error err = {0};

	cr_assert(parse(&list, "", &err) == 0, "%s", err.text);

	cr_expect(list.count == 0);
	cr_expect(!mapping_list_find(&list, 0x1000));
	mapping_list_deinit(&list);
}

Test(mapping, last_line_may_lack_its_newline)
{
	struct mapping_list list = {0};
	struct error err = {0};

	cr_assert(parse(&list,
			"ffffffffff600000-ffffffffff601000 --xp 00000000 "
			"00:00 0                  [vsyscall]",
			&err) == 0);

	cr_assert(list.count == 1);
	cr_expect(list.items[0].end == 0xffffffffff601000);
	cr_expect_str_eq(list.items[0].name, "[vsyscall]");
	mapping_list_deinit(&list);
}

Test(mapping, path_with_blanks_is_kept_whole)
{
	struct mapping_list list = {0};
	struct error err = {0};

	cr_assert(parse(&list,
			"1000-2000 r--p 0 00:00 7 /a  b/c: d (deleted) e\n"
			"2000-3000 r--p 0 00:00 7 /\\012\\012x\\01\n",
			&err) == 0);

	cr_expect_str_eq(list.items[0].name, "/a  b/c: d (deleted) e");
	cr_expect(!list.items[0].deleted, "it only looks deleted");
	cr_expect_str_eq(list.items[1].name, "/\n\nx\\01");
	mapping_list_deinit(&list);
}

Test(mapping, flags_are_pairs_without_the_last_blank)
{
	struct mapping_list list = {0};
	struct error err = {0};

	cr_assert(parse(&list,
			"1000-2000 rw-p 00000000 00:00 0 \n"
			"VmFlags: rd wr mr   \n"
			"2000-3000 rw-p 00000000 00:00 0 \n",
			&err) == 0);

	cr_expect_str_eq(list.items[0].vm_flags, "rd wr mr");
	cr_expect(mapping_has_flag(&list.items[0], "mr"));
	cr_expect(!mapping_has_flag(&list.items[0], "dw"));
	cr_expect_str_eq(list.items[1].vm_flags, "");
	cr_expect(!mapping_has_flag(&list.items[1], "rd"));
	mapping_list_deinit(&list);
}

Test(mapping, property_before_any_mapping_is_refused)
{
	check_refused("VmFlags: rd wr\n", "does not describe a mapping");
	check_refused("\n1000-2000 rw-p 0 00:00 0\n",
		      "does not describe a mapping");
	check_refused("1000-2000 rw-p 0 00:00\n",
		      "does not describe a mapping");
	check_refused("3000-4000 rw-p 0 00:00 0\n1000-2000 rw-p 0 00:00 0\n",
		      "mapping at 0x1000 overlaps the one before it");
}
