/*
 * test_sources_capture.c - mappings in, the files that are behind them out
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "capture/memory/sources.h"
#include "common/core_reader.h"
#include "tests/expect.h"
#include "tests/made_files.h"

TestSuite(sources, .init = made_files_begin, .fini = made_files_end);

static struct mapping mapping_of(const char *path)
{
	struct stat status = {0};

	stat(path, &status);
	return (struct mapping){
		.backing = path,
		.inode = status.st_ino,
		.device_major = major(status.st_dev),
		.device_minor = minor(status.st_dev),
	};
}

static void set_age(const char *path, time_t seconds)
{
	const struct timespec date = {time(NULL) - seconds, 123456789};

	cr_assert(utimensat(AT_FDCWD, path,
			    (const struct timespec[]){date, date}, 0) == 0);
}

static uint32_t find(struct sources *sources, const struct mapping *m)
{
	struct error err = {0};
	uint32_t index = 99;

	cr_assert(sources_find(sources, m, &index, &err) == 0, "%s", err.text);
	return index;
}

Test(sources, each_file_is_one_source)
{
	struct sources sources = {0};
	struct mapping first, second;
	struct stat status;

	made_files_write("first", "abc", 3);
	made_files_write("second", "abcd", 4);
	set_age("first", 60);
	set_age("second", 70);
	first = mapping_of("first");
	second = mapping_of("second");

	cr_expect(find(&sources, &first) == 0);
	cr_expect(find(&sources, &second) == 1);
	cr_expect(find(&sources, &first) == 0);
	cr_assert(sources.count == 2 && stat("second", &status) == 0);
	expect_text(sources.items[1].path, "second");
	cr_expect(sources.items[1].known.size == 4);
	cr_expect(sources.items[1].known.inode == status.st_ino &&
		  sources.items[1].known.device == status.st_dev);
	cr_expect(sources.items[1].known.seconds == status.st_mtim.tv_sec &&
		  sources.items[1].known.nanoseconds ==
			  (uint32_t)status.st_mtim.tv_nsec);
	cr_expect(sources.items[1].known.id_size == 0 &&
		  sources.items[1].known.digest == 0);
	cr_expect(sources.items[1].known.status_ns ==
		  core_source_status(&status.st_ctim));
	cr_expect(sources.items[0].known.contents !=
		  sources.items[1].known.contents);
	sources_deinit(&sources);
	cr_expect(sources.count == 0 && !sources.items);
}

/* A file that another is mounted over goes by the name of that. */
Test(sources, file_is_known_by_more_than_its_name)
{
	struct sources sources = {0};
	struct mapping shown, hidden;

	made_files_write("file", "abc", 3);
	set_age("file", 60);
	shown = hidden = mapping_of("file");
	hidden.inode++;

	cr_expect(find(&sources, &hidden) == SOURCES_NONE);
	cr_expect(find(&sources, &shown) == 0);
	cr_expect(find(&sources, &hidden) == SOURCES_NONE);
	hidden = shown;
	hidden.device_minor++;
	cr_expect(find(&sources, &hidden) == SOURCES_NONE);
	sources_deinit(&sources);
}

Test(sources, program_has_its_build_id)
{
	struct sources sources = {0};
	const struct mapping m = mapping_of("/proc/self/exe");

	cr_assert(find(&sources, &m) == 0);
	cr_expect(sources.items[0].known.id_size > 0);
	sources_deinit(&sources);
}

Test(sources, core_has_its_digest)
{
	struct sources sources = {0};
	struct error err = {0};
	struct made_core from;
	struct mapping m;
	struct core core;

	made_core_init(&from);
	made_files_write_core("a.core", &from);
	m = mapping_of("a.core");
	cr_assert(find(&sources, &m) == 0);
	cr_assert(core_open(&core, "a.core", &err) == 0);
	cr_expect(sources.items[0].known.digest == core.image->digest &&
		  sources.items[0].known.digest != 0);
	core_close(&core);
	sources_deinit(&sources);
}

/* Its date would be the same if it were written once more. */
Test(sources, file_that_was_written_just_now_is_none)
{
	struct sources sources = {0};
	struct mapping m;

	made_files_write("file", "abc", 3);
	m = mapping_of("file");
	cr_expect(find(&sources, &m) == SOURCES_NONE);
	set_age("file", -60);
	cr_expect(find(&sources, &m) == 0);
	set_age("file", 60);
	cr_expect(find(&sources, &m) == 0);
	sources_deinit(&sources);
}

Test(sources, what_is_no_file_that_stays_is_none)
{
	const struct mapping anonymous = {.name = ""};
	struct sources sources = {0};
	struct mapping m;

	cr_expect(find(&sources, &anonymous) == SOURCES_NONE);
	made_files_write("file", "abc", 3);
	set_age("file", 60);
	m = mapping_of("file");
	m.inode++;
	cr_expect(find(&sources, &m) == SOURCES_NONE, "it was replaced");
	m = mapping_of("file");
	m.device_minor++;
	cr_expect(find(&sources, &m) == SOURCES_NONE, "it lies elsewhere");
	m = mapping_of("file");
	unlink("file");
	cr_expect(find(&sources, &m) == SOURCES_NONE, "it is gone");
	m = mapping_of("/dev/zero");
	cr_expect(find(&sources, &m) == SOURCES_NONE, "it is a device");
	cr_expect(sources.count == 0);
	sources_deinit(&sources);
}

Test(sources, those_that_nothing_is_of_are_forgotten)
{
	static const char *const names[] = {"a", "b", "c", "d"};
	struct core_outside outside[] = {
		{.source = 3}, {.source = 1}, {.source = 3}};
	struct sources sources = {0};
	struct error err = {0};

	for (size_t i = 0; i < 4; i++) {
		struct mapping m;

		made_files_write(names[i], names[i], 1);
		set_age(names[i], 60);
		m = mapping_of(names[i]);
		cr_assert(find(&sources, &m) == i);
	}
	cr_assert(sources_keep_used(&sources, outside, 3, &err) == 0);

	cr_assert(sources.count == 2);
	expect_text(sources.items[0].path, "b");
	expect_text(sources.items[1].path, "d");
	cr_expect(outside[0].source == 1 && outside[1].source == 0 &&
		  outside[2].source == 1);
	sources_deinit(&sources);
}
