/*
 * sharer.c - the service that is mapped onto its core, and what is seen of it
 */
#include "sharer.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	LINE = 512,
};

/* Has it do something, and look at all that it has. */
void sharer_ask(struct running service, const char *what)
{
	char answer[LINE] = "";
	size_t size = 0;

	cr_assert(write(service.in, what, strlen(what)) > 0);
	while (size < LINE - 1 && !strstr(answer, "ok\n") &&
	       !strstr(answer, "bad\n") &&
	       read(service.out, answer + size, 1) == 1)
		size++;
	cr_expect(strcmp(answer, "ok\n") == 0, "%.5s: %s", what, answer);
}

void sharer_ask_all(struct running service)
{
	sharer_ask(service, "check\n");
	sharer_ask(service, "write\n");
	sharer_ask(service, "free\n");
	sharer_ask(service, "check\n");
}

void sharer_end(struct running service)
{
	struct outcome outcome = finish(service, "", 20);

	expect_status(outcome, 0);
	outcome_free(&outcome);
}

void sharer_check_restores(const char *core)
{
	for (int i = 0; i < 2; i++) {
		struct running restored = start(WORDS(tool_restore(), core));

		sharer_ask_all(restored);
		sharer_end(restored);
	}
}

/* How many of its mappings are of a core. */
size_t sharer_mappings(pid_t pid, const char *core)
{
	char path[64], line[LINE];
	size_t count = 0;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "r");
	cr_assert(maps != NULL);
	while (fgets(line, sizeof(line), maps))
		count += strstr(line, core) != NULL;
	fclose(maps);
	return count;
}

void sharer_expect_no_descriptors(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd/3", pid);
	cr_expect(faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0);
}

struct running sharer_start(const char *argument)
{
	struct running service =
		start(WORDS(service_path("shares_core"), argument));

	sharer_ask(service, "check\n");
	await_input(service.pid);
	return service;
}

struct outcome sharer_capture(pid_t pid, const char *core)
{
	char option[32];

	snprintf(option, sizeof(option), "--pid=%d", pid);
	return run(NULL, WORDS(tool_capture(), "--remap", "--carry=all", "-o",
			       core, option));
}
