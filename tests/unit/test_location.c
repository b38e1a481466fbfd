/*
 * test_location.c - a name, a line or a probe in, addresses of a file out
 *
 * The file is mostly this program itself, which knows where its own functions
 * are; so it is built with debug information.
 */
#include "capture/ready/location.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/io.h"
#include "common/mapping.h"
#include "common/subctx.h"
#include "tests/harness.h"

TestSuite(location, .init = harness_begin, .fini = harness_end, .timeout = 60);

static const char self[] = "/proc/self/exe";
static const char libc[] = "/lib/x86_64-linux-gnu/libc.so.6";

static volatile int sink;

/* What is between two names is in a section of its own, so it has an end. */
#define MEASURED __attribute__((noinline, used, section("measured")))
extern const char __start_measured[], __stop_measured[];

enum {
	LINE_OF_STORE = __LINE__ + 5,
};

static MEASURED void stores(void)
{
	sink = 1;

	/* no code in this line */
	sink = 2;
}

static inline __attribute__((always_inline)) void is_inlined(void)
{
	sink = 3;
}

enum {
	LINE_INLINED = __LINE__ - 4,
};

static MEASURED void one_copy(void)
{
	is_inlined();
}

static MEASURED void other_copy(void)
{
	for (int i = 0; i < 3; i++)
		is_inlined();
}

static MEASURED int is_marked(void)
{
	return subctx_ready();
}

__asm__(".pushsection .text\n"
	"label_without_type: nop\n"
	".popsection\n"
	".pushsection .data\n"
	"datum_without_type: .quad 0\n"
	".popsection\n");
extern const char label_without_type[] __attribute__((visibility("hidden")));

/* Where this program was loaded, as the loader has it. */
static uint64_t own_bias(void)
{
	Dl_info info;

	cr_assert(dladdr(__start_measured, &info) != 0);
	return (uint64_t)info.dli_fbase;
}

static struct location_list find_symbol(const char *path, const char *name)
{
	struct location_list list = {0};
	struct error err = {0};

	cr_assert(location_find_symbol(path, name, &list, &err) == 0, "%s",
		  err.text);
	return list;
}

static struct location_list find_line(const char *file, uint64_t line)
{
	struct location_list list = {0};
	struct error err = {0};

	cr_assert(location_find_line(self, file, line, &list, &err) == 0, "%s",
		  err.text);
	return list;
}

static struct location_list find_probe(const char *path, const char *provider,
				       const char *name)
{
	struct location_list list = {0};
	struct error err = {0};

	cr_assert(location_find_probe(path, provider, name, &list, &err) == 0,
		  "%s", err.text);
	return list;
}

static void expect_count(struct location_list list, size_t count)
{
	cr_expect(list.count == count, "%zu places, not %zu", list.count,
		  count);
	location_list_deinit(&list);
}

static void expect_only(struct location_list list, const void *address)
{
	cr_expect(list.count == 1, "%zu places", list.count);
	if (list.count == 1)
		cr_expect(list.addresses[0] + own_bias() == (uint64_t)address);
	location_list_deinit(&list);
}

static bool is_measured(uint64_t address)
{
	return address + own_bias() >= (uint64_t)__start_measured &&
	       address + own_bias() < (uint64_t)__stop_measured;
}

Test(location, function_is_found_by_its_entry)
{
	expect_only(find_symbol(self, "stores"), (void *)(uintptr_t)stores);
	expect_only(find_symbol(self, "label_without_type"),
		    label_without_type);
}

Test(location, names_that_are_no_code_here_are_not_found)
{
	expect_count(find_symbol(self, "sink"), 0);
	expect_count(find_symbol(self, "datum_without_type"), 0);
	expect_count(find_symbol(self, "dladdr"), 0);
	expect_count(find_symbol(self, "store"), 0);
	expect_count(find_symbol(self, ""), 0);
}

Test(location, versions_of_a_name_are_all_found)
{
	expect_count(find_symbol(libc, "pthread_cond_wait"), 2);
	expect_count(find_symbol(libc, "qsort"), 1);
}

Test(location, stripped_library_has_its_dynamic_symbols)
{
	expect_count(find_symbol("/lib/x86_64-linux-gnu/libm.so.6", "cbrt"), 1);
}

Test(location, line_is_where_its_code_begins)
{
	struct location_list list = find_line("test_location.c", LINE_OF_STORE);

	cr_expect(list.count == 1, "%zu places", list.count);
	cr_expect(list.line == LINE_OF_STORE);
	cr_assert(list.count > 0);
	cr_expect(is_measured(list.addresses[0]));
	location_list_deinit(&list);
}

Test(location, line_without_code_stands_for_the_next)
{
	struct location_list next =
		find_line("test_location.c", LINE_OF_STORE + 3);

	for (uint64_t i = 1; i < 3; i++) {
		struct location_list list =
			find_line("test_location.c", LINE_OF_STORE + i);

		cr_expect(list.line == LINE_OF_STORE + 3);
		cr_assert(list.count == 1 && next.count == 1);
		cr_expect(list.addresses[0] == next.addresses[0]);
		location_list_deinit(&list);
	}
	location_list_deinit(&next);
}

Test(location, line_that_is_inlined_is_found_once_for_each_copy)
{
	struct location_list list = find_line("test_location.c", LINE_INLINED);

	cr_expect(list.count == 2, "%zu places", list.count);
	for (size_t i = 0; i < list.count; i++)
		cr_expect(is_measured(list.addresses[i]));
	location_list_deinit(&list);
}

Test(location, file_of_a_line_is_matched_by_whole_components)
{
	expect_count(find_line("unit/test_location.c", LINE_OF_STORE), 1);
	expect_count(find_line("st_location.c", LINE_OF_STORE), 0);
	expect_count(find_line("other/test_location.c", LINE_OF_STORE), 0);
	expect_count(find_line("/test_location.c", LINE_OF_STORE), 0);
	expect_count(find_line("", LINE_OF_STORE), 0);
}

Test(location, line_that_no_file_has_is_not_found)
{
	expect_count(find_line("test_location.c", 100000), 0);
	expect_count(find_line("test_location.c", 0), 0);
	expect_count(find_line("test_location.c", (uint64_t)INT_MAX + 1), 0);
	expect_count(find_line("test_location.c",
			       ((uint64_t)1 << 32) + LINE_OF_STORE),
		     0);
}

Test(location, probe_is_at_its_nop)
{
	struct location_list list = find_probe(self, "subctx", "ready");

	cr_assert(list.count == 1, "%zu places", list.count);
	cr_expect(*(unsigned char *)(list.addresses[0] + own_bias()) == 0x90);
	location_list_deinit(&list);
}

Test(location, probe_has_both_its_names)
{
	expect_count(find_probe(self, "subctx", "read"), 0);
	expect_count(find_probe(self, "ready", "subctx"), 0);
	expect_count(find_probe(self, "", ""), 0);
	expect_count(find_probe(libc, "subctx", "ready"), 0);
}

Test(location, what_is_no_elf_file_holds_nothing)
{
	static const char *const paths[] = {"/nonexistent", "/", "/dev/null",
					    "/etc/passwd", ""};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		struct location_list list = {0};
		struct error err = {0};
		uint64_t bias = 42;

		expect_count(find_symbol(paths[i], "main"), 0);
		expect_count(find_probe(paths[i], "subctx", "ready"), 0);
		cr_expect(location_find_line(paths[i], "main.c", 1, &list,
					     &err) == 0);
		expect_count(list, 0);
		cr_expect(location_load_bias(paths[i], 0, 0, &bias, &err) < 0);
		cr_expect(bias == 42 && strstr(err.text, "cannot tell where"));
	}
}

/* The first mapping of a file, and its bias from that. */
static uint64_t bias_of(const char *path)
{
	struct mapping_list list = {0};
	struct error err = {0};
	uint64_t bias = 0;
	char *maps;
	size_t i = 0;

	cr_assert(io_read_file("/proc/self/maps", &maps, NULL) == 0);
	cr_assert(mapping_list_parse(&list, maps, &err) == 0);
	while (i < list.count && strcmp(list.items[i].name, path) != 0)
		i++;
	cr_assert(i < list.count, "%s", path);
	cr_assert(location_load_bias(path, list.items[i].start,
				     list.items[i].offset, &bias, &err) == 0,
		  "%s", err.text);
	mapping_list_deinit(&list);
	return bias;
}

Test(location, bias_is_what_the_loader_added)
{
	char path[PATH_MAX];
	Dl_info info;

	cr_assert(io_read_link(self, path, sizeof(path)) == 0);
	cr_expect(bias_of(path) == own_bias());
	cr_assert(dladdr((void *)(uintptr_t)qsort, &info) != 0);
	cr_assert(realpath(info.dli_fname, path) != NULL);
	cr_expect(bias_of(path) == (uint64_t)info.dli_fbase);
}

/* Of a file without debug information, which a server might have. */
Test(location, no_server_is_asked)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr =
					      htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	const int server = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	char url[64];

	cr_assert(bind(server, (struct sockaddr *)&address, size) == 0 &&
		  listen(server, 1) == 0 &&
		  getsockname(server, (struct sockaddr *)&address, &size) == 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d",
		 ntohs(address.sin_port));
	setenv("DEBUGINFOD_URLS", url, 1);
	expect_count(find_symbol("/bin/true", "no_such_symbol"), 0);
	cr_expect(accept(server, NULL, NULL) < 0 && errno == EAGAIN);
	cr_expect(strcmp(getenv("DEBUGINFOD_URLS"), url) == 0);
	close(server);
}
