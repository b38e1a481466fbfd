/*
 * progress.c - how far a copy is, on a terminal, and whether to go on
 */
#include "progress.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"

enum {
	FIRST_MS = 1000, /* who waits less does not ask how long */
	STEP_MS = 200,
};

struct progress progress_start(const char *path, bool is_quiet)
{
	return (struct progress){
		.path = path,
		.is_terminal = !is_quiet && isatty(STDERR_FILENO),
		.shown_ms = clock_now_ms() + FIRST_MS - STEP_MS,
	};
}

/* They are blocked since the service was started, so they wait for us here. */
static int pending_end(void)
{
	static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	sigset_t set;

	sigpending(&set);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (sigismember(&set, ends[i]))
			return ends[i];
	return 0;
}

bool progress_tick(void *context, uint64_t done, uint64_t total)
{
	struct progress *progress = context;
	uint64_t now = clock_now_ms();

	progress->signal = pending_end();
	if (progress->is_terminal && now >= progress->shown_ms + STEP_MS) {
		fprintf(stderr, "\r%s: %llu of %llu MiB", progress->path,
			(unsigned long long)done >> 20,
			(unsigned long long)total >> 20);
		progress->is_shown = true;
		progress->shown_ms = now;
	}
	return progress->signal != 0;
}

void progress_end(struct progress *progress)
{
	if (progress->is_shown)
		fputs("\r\033[K", stderr);
}
