/*
 * test_output.c - a file appears complete or not at all
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/core/output.h"
#include "common/io.h"
#include "tests/expect.h"
#include "tests/harness.h"

TestSuite(output, .init = harness_begin, .fini = harness_end, .timeout = 30);

/* How many names the working folder holds. */
static size_t count_names(void)
{
	DIR *folder = opendir(".");
	size_t count = 0;

	while (readdir(folder))
		count++;
	closedir(folder);
	return count - 2;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	cr_assert(file && fputs(text, file) >= 0);
	fclose(file);
}

static void expect_file(const char *path, const char *wanted)
{
	char *text;

	cr_assert(io_read_file(path, &text, NULL) == 0, "no %s", path);
	expect_text(text, wanted);
	free(text);
}

static void open_with(struct output *output, const char *path, const char *text)
{
	struct error err = {0};

	cr_assert(output_open(output, path, &err) == 0, "%s", err.text);
	cr_assert(io_pwrite_all(output->fd, text, strlen(text), 0) == 0);
}

Test(output, file_appears_with_the_commit)
{
	struct output output;
	struct error err = {0};

	open_with(&output, "a.core", "new");
	cr_expect(access("a.core", F_OK) < 0, "it is there before");
	cr_expect(output_commit(&output, &err) == 0, "%s", err.text);
	output_close(&output);

	expect_file("a.core", "new");
	cr_expect(count_names() == 1);
}

/* By that name others find it, and the older one by its own. */
Test(output, it_may_have_a_first_name)
{
	struct output output;
	struct error err = {0};

	write_file("file", "old");
	cr_assert(output_open(&output, "file", &err) == 0);
	cr_assert(io_pwrite_all(output.fd, "new", 3, 0) == 0);
	cr_expect(output_name(&output, &err) == 0, "%s", err.text);
	cr_expect(output_name(&output, &err) == 0, "%s", err.text);
	expect_file(output.temporary, "new");
	expect_file("file", "old");
	cr_expect(output_commit(&output, &err) == 0, "%s", err.text);
	output_close(&output);

	expect_file("file", "new");
	cr_expect(count_names() == 1);
}

Test(output, a_first_name_is_gone_without_a_commit)
{
	struct output output;
	struct error err = {0};

	cr_assert(output_open(&output, "file", &err) == 0);
	cr_expect(output_name(&output, &err) == 0, "%s", err.text);
	cr_expect(count_names() == 1);
	output_close(&output);

	cr_expect(count_names() == 0);
}

Test(output, commit_replaces_what_was_there)
{
	struct output output;
	struct error err = {0};

	write_file("a.core", "old and longer");
	open_with(&output, "a.core", "new");
	expect_file("a.core", "old and longer");
	cr_expect(output_commit(&output, &err) == 0, "%s", err.text);
	output_close(&output);

	expect_file("a.core", "new");
	cr_expect(count_names() == 1);
}

Test(output, nothing_is_left_without_a_commit)
{
	struct output output;

	open_with(&output, "a.core", "new");
	output_close(&output);
	cr_expect(count_names() == 0);

	write_file("a.core", "old");
	open_with(&output, "a.core", "new");
	output_close(&output);
	expect_file("a.core", "old");
	cr_expect(count_names() == 1);
}

Test(output, it_may_be_closed_twice)
{
	struct output output;
	struct error err = {0};

	open_with(&output, "a.core", "new");
	cr_expect(output_commit(&output, &err) == 0);
	output_close(&output);
	cr_expect(output.fd == -1);
	output_close(&output);

	expect_file("a.core", "new");
}

Test(output, nobody_else_may_read_it)
{
	struct output output;
	struct error err = {0};
	struct stat status;

	umask(0);
	write_file("a.core", "old");
	cr_assert(chmod("a.core", 0666) == 0);
	open_with(&output, "a.core", "new");
	cr_expect(fcntl(output.fd, F_GETFD) == FD_CLOEXEC);
	cr_expect(output_commit(&output, &err) == 0);
	output_close(&output);

	cr_assert(stat("a.core", &status) == 0);
	cr_expect((status.st_mode & 0777) == 0600, "%o", status.st_mode);
}

Test(output, file_with_a_temporary_name_is_handled_the_same)
{
	struct output output = {.path = "a.core", .temporary = "a.core.tmp"};
	struct error err = {0};

	output.fd = open("a.core.tmp", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	cr_assert(output.fd >= 0);
	output_close(&output);
	cr_expect(count_names() == 0);

	output = (struct output){.path = "a.core", .temporary = "a.core.tmp"};
	output.fd = open("a.core.tmp", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	cr_expect(output_commit(&output, &err) == 0, "%s", err.text);
	output_close(&output);
	cr_expect(access("a.core", F_OK) == 0 && count_names() == 1);
}

Test(output, file_in_another_folder_is_written_there)
{
	struct output output;
	struct error err = {0};

	cr_assert(mkdir("folder", 0755) == 0);
	open_with(&output, "folder/a.core", "new");
	cr_expect(output_commit(&output, &err) == 0, "%s", err.text);
	output_close(&output);

	expect_file("folder/a.core", "new");
	cr_expect(count_names() == 1);
}

static void expect_refused(const char *path, const char *message)
{
	struct output output = {.fd = -7};
	struct error err = {0};

	cr_expect(output_open(&output, path, &err) < 0, "taken: %s", path);
	expect_contains(err.text, message);
	cr_expect(output.fd == -7);
}

Test(output, what_can_not_be_replaced_is_refused)
{
	char longest[PATH_MAX + 1];

	cr_assert(mkdir("folder", 0755) == 0 && mkfifo("pipe", 0600) == 0);
	memset(longest, 'x', PATH_MAX);
	longest[PATH_MAX] = '\0';

	expect_refused("folder",
		       "cannot write 'folder': it is not a regular file");
	expect_refused("pipe", "cannot write 'pipe': it is not a regular file");
	expect_refused("/dev/null",
		       "cannot write '/dev/null': it is not a regular file");
	expect_refused(longest, "cannot write 'xxx");
}

Test(output, folder_that_is_not_there_is_told)
{
	expect_refused("none/a.core",
		       "cannot write 'none/a.core': No such file or directory");
	write_file("file", "");
	expect_refused("file/a.core",
		       "cannot write 'file/a.core': Not a directory");
}

/* By a child that is nobody, as root may write anywhere. */
Test(output, folder_that_is_not_writable_is_told)
{
	pid_t child;
	int status;

	cr_assert(mkdir("folder", 0555) == 0 && chmod(".", 0755) == 0);
	child = fork();
	if (child == 0) {
		struct output output;
		struct error err = {0};
		const char *wanted =
			"cannot write 'folder/a.core': Permission denied";

		if (getuid() == 0 && setuid(65534) < 0)
			_exit(1);
		if (output_open(&output, "folder/a.core", &err) == 0)
			_exit(2);
		_exit(strcmp(err.text, wanted) == 0 ? 0 : 3);
	}
	cr_assert(waitpid(child, &status, 0) == child);

	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		  "wait status %#x", (unsigned)status);
}

Test(output, folder_that_goes_away_is_told_at_the_commit)
{
	struct output output;
	struct error err = {0};

	cr_assert(mkdir("folder", 0755) == 0);
	open_with(&output, "folder/a.core", "new");
	cr_assert(rmdir("folder") == 0);

	cr_expect(output_commit(&output, &err) == -ENOENT);

	expect_text(err.text,
		    "cannot write 'folder/a.core': No such file or directory");
	output_close(&output);
	cr_expect(count_names() == 0);
}
