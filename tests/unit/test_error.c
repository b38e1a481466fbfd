/*
 * test_error.c - a failure keeps its words on the way to whoever prints it
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/error.h"
#include "tests/expect.h"

Test(error, refusal_of_the_kernel_ends_in_its_words)
{
	struct error err = {0};

	cr_expect(error_system(&err, ENOSPC, "cannot write '%s'", "a.core") ==
		  -ENOSPC);

	expect_text(err.text, "cannot write 'a.core': No space left on device");
	cr_expect(err.fault == FAULT_SYSTEM && err.code == ENOSPC);
	expect_text(err.hint, "");
}

Test(error, refusal_of_ours_is_einval)
{
	struct error err = {0};

	cr_expect(error_set(&err, FAULT_CORRUPT, "mapping %d", 7) == -EINVAL);

	expect_text(err.text, "mapping 7");
	cr_expect(err.fault == FAULT_CORRUPT && err.code == EINVAL);
}

Test(error, context_stands_before_the_text_and_keeps_the_rest)
{
	struct error err = {0};

	error_system(&err, ENOENT, "cannot open '%s'", "a");
	error_hint(&err, "Look elsewhere.");

	cr_expect(error_context(&err, "cannot use '%s'", "b") == -ENOENT);

	expect_text(
		err.text,
		"cannot use 'b': cannot open 'a': No such file or directory");
	expect_text(err.hint, "Look elsewhere.");
	cr_expect(err.fault == FAULT_SYSTEM && err.code == ENOENT);
}

Test(error, first_hint_wins)
{
	struct error err = {0};

	error_hint(&err, "nearest to the %s", "cause");
	error_hint(&err, "far away");

	expect_text(err.hint, "nearest to the cause");
}

Test(error, text_that_is_too_long_is_cut_and_ends)
{
	char longer[2 * ERROR_TEXT_MAX];
	struct error err = {0};

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';

	error_set(&err, FAULT_USAGE, "%s", longer);
	cr_expect(strlen(err.text) == ERROR_TEXT_MAX - 1);
	error_system(&err, ENOENT, "%s", longer);
	cr_expect(strlen(err.text) == ERROR_TEXT_MAX - 1);
	error_context(&err, "%s", longer);
	cr_expect(strlen(err.text) == ERROR_TEXT_MAX - 1);
	error_hint(&err, "%s", longer);
	cr_expect(strlen(err.hint) == ERROR_TEXT_MAX - 1);
}

/* What error_print() writes on standard error. */
static void print(const struct error *err, char *ret_text, size_t size)
{
	int file = memfd_create("stderr", MFD_CLOEXEC);
	int before = dup(STDERR_FILENO);
	ssize_t got;

	cr_assert(file >= 0 && before >= 0);
	fflush(stderr);
	dup2(file, STDERR_FILENO);
	error_print(err, "subctx-x");
	fflush(stderr);
	dup2(before, STDERR_FILENO);
	got = pread(file, ret_text, size - 1, 0);
	cr_assert(got >= 0);
	ret_text[got] = '\0';
	close(before);
	close(file);
}

Test(error, print_shows_tool_text_and_hint)
{
	struct error err = {0};
	char text[256];

	error_set(&err, FAULT_USAGE, "there is no core");
	print(&err, text, sizeof(text));
	expect_text(text, "subctx-x: there is no core\n");

	error_hint(&err, "Name one.");
	print(&err, text, sizeof(text));
	expect_text(text, "subctx-x: there is no core\n  hint: Name one.\n");
}
