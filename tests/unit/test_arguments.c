/*
 * test_arguments.c - the stack in a core in, a command line out
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/expect.h"
#include "tests/make_core.h"
#include "tools/inspect/arguments.h"

static struct made_core made;
static struct core core;
static char *front;

/* The stack is the last mapping, and these are its last bytes. */
static json_t *read_words(const char *bytes, size_t size)
{
	const struct core_mapping *stack = &made.mappings[5];
	struct error err = {0};
	size_t front_size;
	int fd = memfd_create("core", 0);

	front = made_core_front(&made, &front_size);
	cr_assert(core_parse(&core, front, front_size, made.image.file_size,
			     &err) == 0,
		  "%s", err.text);
	core.fd = fd;
	cr_assert(ftruncate(fd, (off_t)made.image.file_size) == 0);
	cr_assert(pwrite(fd, bytes, size,
			 (off_t)(stack->offset + stack->end - stack->start -
				 size)) == (ssize_t)size);
	return arguments_json(&(struct memory){.core = &core});
}

static void place(size_t size)
{
	made_core_init(&made);
	made.process.arg_end = made.mappings[5].end;
	made.process.arg_start = made.process.arg_end - size;
}

static void expect_words(json_t *words, const char *wanted)
{
	char *text = json_dumps(words, JSON_COMPACT);

	expect_text(text, wanted);
	free(text);
	json_decref(words);
	close(core.fd);
	free(front);
}

#define WORDS_OF(bytes) read_words(bytes, sizeof(bytes))

Test(arguments, words_come_one_by_one)
{
	place(12);
	expect_words(WORDS_OF("./svc\0-x\0\0y"),
		     "[\"./svc\",\"-x\",\"\",\"y\"]");
}

Test(arguments, last_word_may_lack_its_end)
{
	place(3);
	made.process.arg_end--;
	made.process.arg_start--;
	expect_words(WORDS_OF("svc"), "[\"svc\"]");
}

Test(arguments, bytes_that_are_no_text_are_shown)
{
	place(6);
	expect_words(WORDS_OF("a\xff\xc3\xa4\x80"),
		     "[\"a\\\\xff\\\\xc3\\\\xa4\\\\x80\"]");
}

Test(arguments, place_that_is_not_stored_has_none)
{
	place(4);
	made.process.arg_start = 0x1000;
	expect_words(WORDS_OF("svc"), "[]");
	place(4);
	made.process.arg_end = 0;
	expect_words(WORDS_OF("svc"), "[]");
	/* The reservation. */
	place(4);
	made.process.arg_start = made.mappings[4].start;
	made.process.arg_end = made.mappings[4].start + 4;
	expect_words(WORDS_OF("svc"), "[]");
	place(4);
	made.process.arg_end = UINT64_MAX;
	expect_words(WORDS_OF("svc"), "[\"svc\"]");
}
