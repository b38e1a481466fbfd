/*
 * test_sources_restore.c - files that are the same, or other ones, by all that
 * can be told
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file_digest.h"
#include "restore/build_id.h"
#include "restore/sources.h"
#include "tests/expect.h"
#include "tests/made_files.h"

TestSuite(sources, .init = made_files_begin, .fini = made_files_end);

enum {
	SIZE = 5000,
};

/* A core of which nothing but its one source is looked at. */
struct made {
	char names[2 * MADE_PATH_MAX];
	struct core_source source;
	struct core core;
	struct source_places places;
};

/* As it is now. */
static void identify(struct made *made, const char *name)
{
	struct build_id id;
	struct stat status;
	int fd = open(name, O_RDONLY | O_CLOEXEC);

	cr_assert(fd >= 0 && fstat(fd, &status) == 0);
	build_id_read(&id, fd);
	made->source.contents = file_digest(fd);
	close(fd);
	made->source = (struct core_source){
		.contents = made->source.contents,
		.size = (uint64_t)status.st_size,
		.device = status.st_dev,
		.inode = status.st_ino,
		.seconds = status.st_mtim.tv_sec,
		.nanoseconds = (uint32_t)status.st_mtim.tv_nsec,
		.status_ns = core_source_status(&status.st_ctim),
		.name = 1,
		.id_size = id.size,
	};
	memcpy(made->source.id, id.bytes, id.size);
}

static void make(struct made *made, const char *name)
{
	*made = (struct made){0};
	made_files_path(made->names + 1, name);
	made->core = (struct core){
		.fd = -1,
		.names = made->names,
		.names_size = sizeof(made->names),
		.sources = &made->source,
		.source_count = 1,
	};
}

/* Of bytes without a build ID. */
static void make_data(struct made *made)
{
	make(made, "data");
	made_files_write("data", "abc", 3);
	made_files_write("data", NULL, SIZE);
	identify(made, "data");
}

/* This program, which has one. */
static void make_program(struct made *made)
{
	make(made, "program");
	cr_assert(system("cp /proc/$PPID/exe program") == 0);
	identify(made, "program");
	cr_assert(made->source.id_size > 0, "this program has no build ID");
}

static void expect_taken(const struct made *made)
{
	struct error err = {0};
	int *fds = NULL;

	cr_assert(sources_open(&made->core, "core", &made->places, &fds,
			       &err) == 0,
		  "%s", err.text);
	cr_expect(err.fault == FAULT_NONE && fds && fds[0] >= 0);
	close(fds[0]);
	free(fds);
}

static struct error refuse(const struct made *made)
{
	struct error err = {0};
	int *fds = NULL;

	cr_assert(sources_open(&made->core, "core", &made->places, &fds, &err) <
			  0,
		  "it was taken");
	cr_expect(!fds && err.fault != FAULT_NONE && err.hint[0]);
	return err;
}

#define expect_refused(made, message)                       \
	do {                                                \
		const struct error refused_ = refuse(made); \
		expect_contains(refused_.text, message);    \
	} while (0)

static void set_date(const char *name, time_t seconds)
{
	const struct timespec times[2] = {{seconds, 7}, {seconds, 7}};

	cr_assert(utimensat(AT_FDCWD, name, times, 0) == 0);
}

Test(sources, core_without_any_needs_none)
{
	const struct core core = {.fd = -1};
	struct error err = {0};
	int *fds = NULL;

	cr_expect(sources_open(&core, "core", &(struct source_places){0}, &fds,
			       &err) == 0);
	cr_expect(!fds);
}

Test(sources, unchanged_file_is_taken)
{
	struct made made;

	make_data(&made);
	expect_taken(&made);
	make_program(&made);
	expect_taken(&made);
}

Test(sources, file_with_another_date_is_refused)
{
	struct made made;
	struct error err;

	make_data(&made);
	set_date("data", 1234567890);
	err = refuse(&made);
	expect_contains(err.text, "cannot map '/tmp/");
	expect_contains(err.text, "then: 5000 bytes, changed at ");
	expect_contains(err.text, "now: 5000 bytes, changed at 1234567890");
	expect_contains(err.hint, "--file /tmp/");
	cr_expect(err.fault == FAULT_UNSUPPORTED);

	/* Of which nanoseconds are a part. */
	identify(&made, "data");
	expect_taken(&made);
	made.source.nanoseconds++;
	expect_refused(&made, "changed at 1234567890; now: ");
}

Test(sources, file_of_another_size_is_refused)
{
	struct made made;

	make_data(&made);
	set_date("data", 1234567890);
	identify(&made, "data");
	made_files_write("data", NULL, SIZE - 1);
	set_date("data", 1234567890);
	expect_refused(&made, "now: 4999 bytes, changed at 1234567890");
}

Test(sources, copy_with_its_date_is_taken)
{
	struct made made;

	make_data(&made);
	cr_assert(system("cp -p data copy && mv copy data") == 0);
	expect_taken(&made);
}

Test(sources, same_build_id_is_proof_whatever_the_date)
{
	struct made made;

	make_program(&made);
	set_date("program", 1234567890);
	expect_taken(&made);
	cr_assert(system("cp program copy && mv copy program") == 0);
	expect_taken(&made);
}

/* The date is that of a commit, say, or of no time at all. */
Test(sources, copy_with_other_bytes_is_refused_whatever_its_date)
{
	struct made made;
	struct error err;

	make_data(&made);
	cr_assert(system("cp data copy && printf x | "
			 "dd of=copy conv=notrunc bs=1 seek=4999 status=none "
			 "&& touch -r data copy && mv copy data") == 0);
	err = refuse(&made);
	expect_contains(err.text, "cannot map '/tmp/");
	expect_contains(err.text, "its bytes are others than at the capture, "
				  "although size and date are the same");
	expect_contains(err.hint, "--file /tmp/");
	cr_expect(err.fault == FAULT_UNSUPPORTED);
}

/* What is written in place keeps its inode, and its date when that is set. */
Test(sources, date_that_was_set_back_is_no_proof)
{
	struct made made;

	make_data(&made);
	cr_assert(system("touch -r data date && printf x | "
			 "dd of=data conv=notrunc status=none && "
			 "touch -r date data") == 0);
	expect_refused(&made, "its bytes are others than at the capture");
}

/* Whose tail has been cut, or grown, say. */
Test(sources, same_build_id_with_another_size_is_none)
{
	struct made made;

	make_program(&made);
	cr_assert(system("echo >>program") == 0);
	expect_refused(&made, "it is not the file of the capture; then: build "
			      "ID ");
}

Test(sources, other_build_id_is_refused)
{
	struct made made;
	struct error err;

	make_program(&made);
	set_date("program", 1234567890);
	made.source.id[0] ^= 0xff;
	err = refuse(&made);
	expect_contains(err.text, "; then: build ID ");
	expect_contains(err.text, "; now: build ID ");
	made.source.id[0] ^= 0xff;
	made.source.id_size--;
	expect_refused(&made, "it is not the file of the capture");
	made.source.id_size = 0;
	expect_refused(&made, "; now: build ID ");
}

Test(sources, missing_file_is_named)
{
	struct made made;
	struct error err;

	make_data(&made);
	unlink("data");
	err = refuse(&made);
	expect_contains(err.text, "/data', which it has no copy of: No such "
				  "file or directory");
	expect_contains(err.hint, "/data=NEW says so");
	cr_expect(err.fault == FAULT_SYSTEM);
}

Test(sources, moved_file_is_looked_for_there_and_nowhere_else)
{
	struct made made;
	char option[2 * MADE_PATH_MAX];

	make_data(&made);
	strcat(strcpy(option, made.names + 1), "=elsewhere");
	made.places.moved[0] = "/nonexistent=data";
	made.places.moved[1] = option;
	made.places.moved_count = 1;
	expect_taken(&made);
	made.places.moved_count = 2;
	expect_refused(&made, "cannot map 'elsewhere'");
	cr_assert(rename("data", "elsewhere") == 0);
	expect_taken(&made);
	made.places.moved_count = 1;
	expect_refused(&made, "/data'");
}

/* Not where a name only begins with that. */
Test(sources, moved_file_is_known_by_its_whole_name)
{
	struct made made;
	char option[2 * MADE_PATH_MAX];

	make_data(&made);
	strcat(strcpy(option, made.names + 1), ".old=elsewhere");
	made.places.moved[0] = option;
	made.places.moved_count = 1;
	expect_taken(&made);
}

Test(sources, pipe_is_no_file_and_does_not_block)
{
	struct made made;

	make_data(&made);
	unlink("data");
	cr_assert(mkfifo("data", 0600) == 0);
	expect_refused(&made, "it is not the file of the capture");
}

/* A core "base" whose digest is recorded. */
static void make_base(struct made *made, struct made_core *from)
{
	struct error err = {0};
	struct core base;

	make(made, "base");
	made_core_init(from);
	made_files_write_core("base", from);
	cr_assert(core_open(&base, "base", &err) == 0, "%s", err.text);
	made->source =
		(struct core_source){.name = 1, .digest = base.image->digest};
	core_close(&base);
}

Test(sources, base_with_its_digest_is_taken_whatever_its_date)
{
	struct made_core from;
	struct made made;

	make_base(&made, &from);
	set_date("base", 1234567890);
	expect_taken(&made);
}

Test(sources, another_base_is_refused)
{
	struct made_core from;
	struct made made;
	struct error err;

	make_base(&made, &from);
	from.image.seconds = 77;
	made_files_write_core("base", &from);
	err = refuse(&made);
	expect_contains(err.text, "/base' is another core than its base; "
				  "then: digest ");
	expect_contains(err.text, ", now: ");
	expect_text(err.hint,
		    "Name the right one with --base FILE, or capture again.");
	cr_expect(err.fault == FAULT_UNSUPPORTED);
}

Test(sources, missing_base_is_named)
{
	struct made_core from;
	struct made made;
	struct error err;

	make_base(&made, &from);
	unlink("base");
	err = refuse(&made);
	expect_contains(err.text, "its base cannot be had: cannot open '/tmp/");
	expect_contains(err.text, "/base': No such file or directory");
	expect_text(err.hint,
		    "If it is elsewhere now, --base FILE says where.");
	/* A folder on the way that is none. */
	strcat(made.names + 1, "/gone");
	made_files_write("base", "nothing", 7);
	err = refuse(&made);
	expect_contains(err.text, "/base/gone': Not a directory");
	expect_text(err.hint,
		    "If it is elsewhere now, --base FILE says where.");
}

static void expect_hint(const struct made *made, const char *message,
			const char *hint)
{
	const struct error err = refuse(made);

	expect_contains(err.text, message);
	expect_text(err.hint, hint);
}

/* That it may be elsewhere is said only of one that is not there. */
Test(sources, damaged_base_is_refused)
{
	static const char hint[] =
		"Name the right one with --base FILE, or capture again.";
	struct made_core from;
	struct made made;

	make_base(&made, &from);
	from.image.version++;
	made_files_write_core("base", &from);
	expect_hint(&made, "it has version ", hint);
	from.image.version--;
	made_files_write_core("base", &from);
	expect_taken(&made);
	cr_assert(truncate("base", MADE_DATA + 4096) == 0);
	expect_refused(&made, "/base': it is cut short");
	made_files_write("base", "nothing", 7);
	expect_hint(&made, "/base': it is not an ELF file", hint);
	made_files_write("base", "", 0);
	expect_hint(&made, "/base': it is not an ELF file", hint);
	unlink("base");
	cr_assert(mkdir("base", 0700) == 0);
	expect_refused(&made, "/base': it is not a regular file");
}

/* That would be read for ever. */
Test(sources, core_is_not_its_own_base)
{
	struct made_core from;
	struct made made;
	struct error err;

	make_base(&made, &from);
	made.core.fd = open("base", O_RDONLY | O_CLOEXEC);
	err = refuse(&made);
	expect_contains(err.text, "/base' is its own base");
	cr_expect(err.fault == FAULT_CORRUPT);
	close(made.core.fd);
}

static int open_from(const struct made *made, const char *core_path)
{
	struct error err = {0};
	int *fds = NULL;
	int r = sources_open(&made->core, core_path, &made->places, &fds, &err);

	if (fds)
		close(fds[0]);
	free(fds);
	return r;
}

Test(sources, base_is_looked_for_beside_its_core)
{
	struct made_core from;
	struct made made;

	make_base(&made, &from);
	cr_assert(mkdir("other", 0700) == 0);
	cr_assert(rename("base", "other/base") == 0);
	cr_expect(open_from(&made, "other/core") == 0);
	cr_expect(open_from(&made, "other/") == 0);
	cr_expect(open_from(&made, "core") < 0);
	cr_assert(chdir("other") == 0);
	cr_expect(open_from(&made, "core") == 0);
	cr_expect(open_from(&made, "./core") == 0);
	cr_expect(open_from(&made, "../core") < 0);
}

Test(sources, base_is_where_the_caller_says)
{
	struct made_core from;
	struct made made;

	make_base(&made, &from);
	cr_assert(rename("base", "elsewhere") == 0);
	from.image.seconds = 77;
	made_files_write_core("wrong", &from);
	made.places.bases[0] = "nowhere";
	made.places.bases[1] = "wrong";
	made.places.bases[2] = "elsewhere";
	made.places.base_count = 3;
	expect_taken(&made);
	/* What is there but another one tells more than what is not there. */
	made.places.base_count = 2;
	expect_refused(&made, "'wrong' is another core than its base");
	made.places.bases[0] = "wrong";
	made.places.bases[1] = "nowhere";
	expect_refused(&made, "'wrong' is another core than its base");
	made.places.bases[0] = "nowhere";
	made.places.base_count = 1;
	expect_refused(&made, "/base': No such file or directory");
}
