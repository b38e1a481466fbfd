/*
 * test_inspect.c - what is in a core is shown, to people and as JSON
 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/core_reader.h"
#include "tests/change_core.h"
#include "tests/harness.h"

TestSuite(inspect, .init = harness_begin, .fini = harness_end, .timeout = 120);

static void expect_ran(const char *const words[])
{
	struct outcome outcome = run("", words);

	expect_status(outcome, 0);
	outcome_free(&outcome);
}

static void capture(const char *service)
{
	expect_ran(WORDS(tool_capture(), "-q", "--carry=all", "-o", "svc.core",
			 service_path(service)));
}

static char *inspect(void)
{
	struct outcome outcome = run(NULL, WORDS(tool_inspect(), "svc.core"));

	expect_status(outcome, 0);
	cr_expect(outcome.err[0] == '\0', "%s", outcome.err);
	free(outcome.err);
	return outcome.out;
}

static json_t *inspect_json(const char *option)
{
	struct outcome outcome =
		run(NULL,
		    option ? WORDS(tool_inspect(), "--json", option, "svc.core")
			   : WORDS(tool_inspect(), "--json", "svc.core"));
	json_error_t error;
	json_t *object =
		json_loads(outcome.out, JSON_REJECT_DUPLICATES, &error);

	cr_assert(object, "%s in %s", error.text, outcome.out);
	outcome_free(&outcome);
	return object;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "(none)";
}

static json_int_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* The item of a list whose @key is @value. */
static json_t *find(const json_t *list, const char *key, const char *value)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *item = json_array_get(list, i);

		if (strcmp(text_of(item, key), value) == 0)
			return item;
	}
	return NULL;
}

Test(inspect, real_program_is_shown)
{
	char *text;

	if (!has_program("bc"))
		return;
	expect_ran(WORDS(tool_capture(), "-q", "-o", "svc.core", "bc", "-lq"));

	text = inspect();
	expect_in(text, "svc.core: bc -lq\n");
	expect_in(text, "bc, process ");
	expect_in(text, ", before it waited for standard input\n");
	expect_in(text, "; format 6\n");
	expect_in(text, "  recorded   no pages for a first request");
	expect_in(text, "  here       can be restored\n");
	expect_in(text, " bc, the main thread, was ready\n");
	expect_in(text, "read at read.c:");
	expect_in(text, "  rebound   fd 0: standard input: ");
	expect_in(text, "  stack      rw-  [stack]\n");
	expect_in(text, "[heap]  (heap)\n");
	free(text);
}

Test(inspect, json_has_all_of_a_real_program)
{
	json_t *object, *mappings, *thread;
	json_int_t stored = 0;
	struct stat status;

	if (!has_program("python3"))
		return;
	expect_ran(WORDS(tool_capture(), "-q", "-o", "svc.core", "python3",
			 "-c", "import json; input()", "\xc3\xbc\xff"));

	object = inspect_json(NULL);
	cr_assert(stat("svc.core", &status) == 0);
	mappings = json_object_get(object, "mappings");
	thread = json_array_get(json_object_get(object, "threads"), 0);
	cr_expect(strstr(text_of(object, "program"), "python3"));
	cr_expect(strcmp(json_string_value(json_array_get(
				 json_object_get(object, "arguments"), 3)),
			 "\\xc3\\xbc\\xff") == 0);
	cr_expect(number_of(object, "size") == status.st_size);
	cr_expect(number_of(object, "stored") == status.st_blocks * 512);
	cr_expect(strlen(text_of(object, "captured")) == 20);
	cr_expect(json_is_null(json_object_get(object, "working_set")));
	cr_expect(json_array_size(json_object_get(object, "lacks")) == 0);
	cr_expect(number_of(thread, "id") == number_of(object, "pid"));
	cr_expect(find(json_object_get(thread, "frames"), "function",
		       "Py_BytesMain"));
	cr_expect(json_array_size(json_object_get(object, "findings")) > 3);
	for (size_t i = 0; i < json_array_size(mappings); i++) {
		const json_t *m = json_array_get(mappings, i);

		cr_expect(number_of(m, "stored") <= number_of(m, "size"));
		stored += number_of(m, "stored");
	}
	cr_expect(stored > 1 << 20 && stored <= number_of(object, "stored"));
	json_decref(object);
}

Test(inspect, threads_have_names_and_backtraces)
{
	char *text;

	capture("threads_on_files");

	text = inspect();
	expect_in(text, "6 threads\n");
	expect_in(text, "    service_ready at service.h:");
	expect_in(text, "    reads at threads_on_files.c:");
	expect_in(text, "    waits_for_events at threads_on_files.c:");
	expect_in(text, "    polls at threads_on_files.c:");
	expect_in(text, "    accepts at threads_on_files.c:");
	expect_in(text, "    main at threads_on_files.c:");
	expect_in(text, "  carried   fd 7: epoll, watches: 1\n");
	free(text);
}

static json_t *reached(const json_t *object, const char *function)
{
	const json_t *thread =
		json_array_get(json_object_get(object, "threads"), 0);

	return find(json_object_get(thread, "frames"), "function", function);
}

/* Stacks are in the core, names are not: files must be those of the capture. */
Test(inspect, program_that_is_gone_or_another_gives_no_wrong_names)
{
	char copy[] = "./copy";
	char command[512];
	json_t *object;

	snprintf(command, sizeof(command), "cp '%s' %s && chmod 755 %s",
		 service_path("opens_in_helper"), copy, copy);
	cr_assert(system(command) == 0);
	expect_ran(WORDS(tool_capture(), "-q", "--carry=all", "-o", "svc.core",
			 copy));
	object = inspect_json(NULL);
	cr_expect(reached(object, "main"));
	json_decref(object);

	cr_assert(unlink(copy) == 0);
	object = inspect_json(NULL);
	cr_expect(!reached(object, "main"));
	cr_expect(reached(object, "__libc_start_call_main"));
	json_decref(object);

	snprintf(command, sizeof(command), "cp '%s' %s",
		 service_path("threads_on_files"), copy);
	cr_assert(system(command) == 0);
	object = inspect_json(NULL);
	cr_expect(!reached(object, "main"));
	cr_expect(reached(object, "__libc_start_call_main"));
	json_decref(object);
}

Test(inspect, findings_say_who_opened)
{
	char *text;

	expect_ran(WORDS(tool_capture(), "--json", "--carry=all", "-o",
			 "svc.core", service_path("opens_in_helper")));

	text = inspect();
	expect_in(text, "  carried   fd 3: file /etc/passwd, read-only, at 0\n"
			"            opened ");
	expect_in(text, "open_config at opens_in_helper.c:");
	expect_in(text, "load at opens_in_helper.c:");
	expect_in(text, "            inherited from the caller\n");
	free(text);
}

Test(inspect, words_of_mappings_and_the_reason_for_copies)
{
	json_t *object, *mappings;
	char *text;

	capture("static_program");
	text = inspect();
	expect_in(text, "  memory     copied at a restore, because of ");
	expect_in(text, "(copied");
	free(text);

	object = inspect_json(NULL);
	mappings = json_object_get(object, "mappings");
	cr_expect(find(mappings, "kind", "vdso"));
	cr_expect(find(mappings, "protection", "r-x"));
	cr_expect(strcmp(text_of(object, "copied_because_of"), "(none)") != 0);
	json_decref(object);
}

Test(inspect, recorded_pages_are_counted)
{
	json_t *object, *working_set;

	capture("waits_for_input");
	expect_ran(WORDS(tool_restore(), "--record", "svc.core"));

	object = inspect_json(NULL);
	working_set = json_object_get(object, "working_set");
	cr_expect(number_of(working_set, "pages") > 0);
	cr_expect(number_of(working_set, "ranges") > 0);
	json_decref(object);
}

static void want_everything(const struct core *core, char *front, size_t size)
{
	struct core_machine *machine =
		memmem(front, size, core->machine, sizeof(*machine));
	uint32_t all;

	memset(&all, 0xff, sizeof(all));
	cr_assert(machine);
	for (size_t i = 0; i < CORE_CPU_WORDS; i++)
		memcpy(&machine->features[i], &all, sizeof(all));
}

Test(inspect, what_this_machine_lacks_is_named)
{
	char *text;
	json_t *object, *lack;

	capture("waits_for_input");
	change_core("svc.core", want_everything);

	text = inspect();
	expect_in(text, "  here       cannot be restored: its libraries were "
			"chosen for a CPU with ");
	expect_in(text, "\n             Capture it with --cpu=LEVEL");
	free(text);
	object = inspect_json(NULL);
	lack = json_array_get(json_object_get(object, "lacks"), 0);
	cr_expect(strstr(text_of(lack, "what"), "this one has none"));
	cr_expect(strstr(text_of(lack, "hint"), "--cpu=LEVEL"));
	json_decref(object);
}

/* A command line can say anything to whoever looks at it in a terminal. */
Test(inspect, bytes_for_terminals_are_shown)
{
	char *text;

	expect_ran(WORDS(tool_capture(), "-q", "-o", "svc.core",
			 service_path("waits_for_input"), "\033[2J"));

	text = inspect();
	expect_in(text, "waits_for_input \\x1b[2J\n");
	cr_expect(!strchr(text, '\033'));
	free(text);
}
