/*
 * terminal.c - the settings of the terminal on which the service runs
 */
#include "terminal.h"

#include <asm/termbits.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static_assert(sizeof(struct termios2) <= TERMINAL_WORDS * sizeof(uint64_t),
	      "room for all of it");

void terminal_read(struct terminal *ret_terminal)
{
	struct termios2 settings;

	*ret_terminal = (struct terminal){0};
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (ioctl(fd, TCGETS2, &settings) < 0)
			continue;
		ret_terminal->is_there = true;
		ret_terminal->fd = fd;
		memcpy(ret_terminal->words, &settings, sizeof(settings));
		return;
	}
}

static bool is_as(const struct terminal *before)
{
	struct terminal now;

	terminal_read(&now);
	return !before->is_there || !now.is_there ||
	       memcmp(now.words, before->words, sizeof(now.words)) == 0;
}

void terminal_compare(const struct terminal *before, uint32_t thread,
		      struct audit *audit, struct changes *changes)
{
	struct terminal now;

	if (is_as(before))
		return;
	terminal_read(&now);
	audit_add(audit, VERDICT_RESTORED, attribute_name(ATTRIBUTE_TERMINAL),
		  "the service has changed them");
	for (uint32_t i = 0; i < TERMINAL_WORDS; i++)
		changes_add(changes, thread, ATTRIBUTE_TERMINAL + i,
			    now.words[i]);
}

/* Whoever runs in the background would be stopped for it. */
void terminal_reset(const struct terminal *before)
{
	struct termios2 settings;
	sigset_t stop, mask;

	if (is_as(before))
		return;
	memcpy(&settings, before->words, sizeof(settings));
	sigemptyset(&stop);
	sigaddset(&stop, SIGTTOU);
	sigprocmask(SIG_BLOCK, &stop, &mask);
	ioctl(before->fd, TCSETS2, &settings);
	sigprocmask(SIG_SETMASK, &mask, NULL);
}
