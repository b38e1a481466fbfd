/*
 * test_print.c - an inspection as JSON in, what people read out
 */
#include <stdlib.h>

#include "tests/expect.h"
#include "tools/inspect/print.h"
#include "tools/inspect/print_parts.h"

/* With ' for ", which C would want escaped. */
static json_t *parse(const char *quoted)
{
	char *json = strdup(quoted);
	json_error_t error;
	json_t *object;

	for (char *at = json; *at; at++)
		if (*at == '\'')
			*at = '"';
	object = json_loads(json, JSON_DECODE_ANY, &error);
	cr_assert(object, "%s in %s", error.text, json);
	free(json);
	return object;
}

/* One of the print_*() functions, and what it has to print of that. */
static void expect_printed(void (*print)(const struct paper *, const json_t *),
			   const char *quoted, const char *wanted)
{
	json_t *object = parse(quoted);
	char *text = NULL;
	size_t size = 0;
	struct paper paper = {open_memstream(&text, &size), 80};

	print(&paper, object);
	fclose(paper.out);
	expect_text(text, wanted);
	free(text);
	json_decref(object);
}

static void expect_frame(const char *quoted, const char *wanted)
{
	json_t *frame = parse(quoted);
	char *text = print_frame(frame);

	expect_text(text, wanted);
	free(text);
	json_decref(frame);
}

static void expect_size(uint64_t size, const char *wanted)
{
	char text[PRINT_SIZE_MAX];

	expect_text(print_size(text, size), wanted);
}

Test(print, sizes_have_units)
{
	expect_size(0, "-");
	expect_size(1, "1 KiB");
	expect_size(1 << 20, "1.0 MiB");
	expect_size((1 << 20) - 1, "1024 KiB");
	expect_size(3ULL << 29, "1.5 GiB");
}

Test(print, frames_say_the_best_that_is_known)
{
	expect_frame("{'function': 'f', 'file': '/src/a.c', 'line': 7}",
		     "f at a.c:7");
	expect_frame("{'function': 'f', 'module': 'libc.so.6'}",
		     "f in libc.so.6");
	expect_frame("{'module': 'svc', 'offset': 4711, 'address': '0x1'}",
		     "svc+0x1267");
	expect_frame("{'address': '0x7f00'}", "0x7f00");
}

Test(print, whole_inspection_is_read_from_above)
{
	expect_printed(
		print_inspection,
		"{'core': 'svc.core', 'arguments': ['./svc', '-x'],"
		" 'program': '/bin/svc', 'pid': 4711, 'captured': 'today',"
		" 'ready': 'as it was', 'kernel': '6.1', 'processor': 'CPU',"
		" 'size': 2097152, 'stored': 1048576, 'format': 6,"
		" 'working_set': {'pages': 40, 'ranges': 3}, 'lacks': [],"
		" 'copied_because_of': 'madvise',"
		" 'threads': [{'id': 4711, 'name': 'svc', 'main': true,"
		"              'ready': false, 'frames': [{'address': '0x1'}]},"
		"             {'id': 4712, 'name': 'work', 'ready': true}],"
		" 'findings': [],"
		" 'mappings': [{'start': '0x1000', 'size': 8192, 'stored': 0,"
		"               'kind': 'anonymous', 'protection': 'rw-',"
		"               'name': '[heap]', 'flags': ['heap', 'locked'],"
		"               'advice': ['hugepage']}]}",
		"svc.core: ./svc -x\n"
		"  program    /bin/svc, process 4711\n"
		"  captured   today, as it was\n"
		"  kernel     Linux 6.1\n"
		"  processor  CPU\n"
		"  memory     copied at a restore, because of madvise\n"
		"  file       2.0 MiB, of which 1.0 MiB are stored; format 6\n"
		"  recorded   40 pages in 3 ranges for a first request\n"
		"  here       can be restored\n"
		"\n"
		"2 threads\n"
		"  4711 svc, the main thread\n"
		"    0x1\n"
		"  4712 work, was ready\n"
		"\n"
		"0 findings\n"
		"\n"
		"1 mappings, 8 KiB, of which - are stored\n"
		"  start               size    stored  kind       may  name\n"
		"  0x1000             8 KiB         -  anonymous  rw-  [heap]  "
		"(heap, locked, hugepage)\n");
}

Test(print, all_that_is_lacking_is_listed)
{
	json_t *object = parse("{'lacks': [{'what': 'no AVX'},"
			       "{'what': 'no seals', 'hint': 'Buy one.'}]}");
	char *text = NULL;
	size_t size = 0;
	struct paper paper = {open_memstream(&text, &size), 80};

	print_inspection(&paper, object);
	fclose(paper.out);
	expect_contains(text, "  here       cannot be restored: no AVX\n"
			      "             cannot be restored: no seals\n"
			      "             Buy one.\n");
	free(text);
	json_decref(object);
}

Test(print, findings_say_who_did_it)
{
	expect_printed(
		print_findings,
		"[{'verdict': 'carried', 'subject': 'fd 3', 'what': 'file x',"
		"  'origin': {'event': 'made', 'thread': 7, 'name': 'svc',"
		"   'call': 'openat', 'ms': 1230, 'frames': ["
		"    {'function': 'f', 'file': 'a.c', 'line': 1},"
		"    {'function': 'main', 'file': 'a.c', 'line': 2}]},"
		"  'lock': {'thread': 0, 'call': 'flock', 'ms': 5,"
		"   'frames': []}},"
		" {'verdict': 'noted', 'subject': 'randomness', 'what': 'y',"
		"  'origin': {'thread': 7, 'name': 'svc', 'call': '',"
		"   'ms': 10, 'frames': []}}]",
		"\n2 findings\n"
		"  carried   fd 3: file x\n"
		"            opened 1.23 s after the start by thread 7 (svc) in "
		"openat(2)\n"
		"              f at a.c:1, main at a.c:2\n"
		"            locked 0.00 s after the start by a thread that has "
		"ended in flock(2)\n"
		"  noted     randomness: y\n"
		"            taken 0.01 s after the start by thread 7 (svc)\n");
}

Test(print, copies_rivals_and_what_was_not_seen_are_said)
{
	expect_printed(
		print_findings,
		"[{'verdict': 'carried', 'subject': 'fd 5', 'what': 'x',"
		"  'origin': {'thread': 7, 'name': 'svc', 'call': 'dup',"
		"   'ms': 20, 'frames': [], 'copied_fd': 4,"
		"   'copied': {'unknown': 'too many'},"
		"   'or': {'inherited': true}, 'unless': 'io_uring'}}]",
		"\n1 finding\n"
		"  carried   fd 5: x\n"
		"            copied from fd 4 0.02 s after the start by thread 7 "
		"(svc) in dup(2)\n"
		"            or, at the same time, inherited from the caller\n"
		"            unless an io_uring has made it since\n"
		"            fd 4 was how it came to be was not seen: too "
		"many\n");
}

Test(print, long_stacks_are_cut_for_people)
{
	char quoted[4096] = "[{'id': 1, 'name': 'svc', 'frames': [";
	char *text = NULL;
	size_t size = 0;
	struct paper paper = {open_memstream(&text, &size), 80};
	json_t *threads;

	for (int i = 0; i < 40; i++)
		strcat(quoted,
		       i > 0 ? ", {'address': '0x1'}" : "{'address': '0x1'}");
	threads = parse(strcat(quoted, "]}]"));
	print_threads(&paper, threads);
	fclose(paper.out);
	expect_contains(text, "    and 16 more, see --json\n");
	free(text);
	json_decref(threads);
}

/* A report is JSON of someone else. */
Test(print, values_of_other_types_are_nothing)
{
	expect_printed(print_findings, "[7, {'verdict': [], 'subject': 3}]",
		       "\n2 findings\n"
		       "            :\n"
		       "            :\n");
}

static void print_whole(const struct paper *paper, const json_t *object)
{
	print_verification(paper, "svc.core", object);
}

Test(print, damage_has_a_place_and_a_name)
{
	expect_printed(
		print_whole, "{'checked': 3, 'bytes': 1048576, 'damaged': []}",
		"svc.core: 3 pieces of memory, 1.0 MiB, all as captured\n");
	expect_printed(
		print_whole,
		"{'checked': 3, 'bytes': 1048576, 'damaged': ["
		" {'start': '0x1000', 'end': '0x2000', 'name': '/bin/svc'},"
		" {'start': '0x3000', 'end': '0x4000', 'name': ''},"
		" {'memfd': 'ring'}]}",
		"svc.core: 3 pieces of memory, 1.0 MiB, some of them damaged\n"
		"  damaged    0x1000-0x2000 /bin/svc\n"
		"  damaged    0x3000-0x4000\n"
		"  damaged    memfd 'ring'\n");
}

Test(print, bases_and_what_was_not_read_stand_behind_a_layer)
{
	expect_printed(
		print_whole,
		"{'checked': 1, 'bytes': 4096, 'damaged': [], 'bases': ["
		" {'name': '/a.core', 'checked': 3, 'bytes': 1048576,"
		"  'damaged': []},"
		" {'name': '/b.core', 'checked': 2, 'bytes': 1048576,"
		"  'damaged': ["
		"   {'start': '0x1000', 'end': '0x2000', 'name': '[heap]'},"
		"   {'memfd': 'ring'}]}],"
		" 'unread': {'files': 1, 'bytes': 2097152}}",
		"svc.core: 1 pieces of memory, 4 KiB, all as captured\n"
		"  base       /a.core: 3 pieces of memory, 1.0 MiB, all as "
		"captured\n"
		"  base       /b.core: 2 pieces of memory, 1.0 MiB, some of "
		"them damaged\n"
		"  damaged    0x1000-0x2000 [heap] in /b.core\n"
		"  damaged    memfd 'ring' in /b.core\n"
		"  not read   2.0 MiB in 1 other file, known by build ID or "
		"date alone\n");
	expect_printed(
		print_whole,
		"{'checked': 2, 'bytes': 4096, 'damaged': [], 'bases': [],"
		" 'unread': {'files': 0, 'bytes': 0}}",
		"svc.core: 2 pieces of memory, 4 KiB, all as captured\n");
}
