/*
 * terminal.h - the settings of the terminal on which the service runs
 *
 * They belong to the terminal, which we have, too; but a service that has
 * changed them counts on that in its second life, on the terminal of its
 * restorer.
 */
#ifndef STATE_TERMINAL_H
#define STATE_TERMINAL_H

#include <stdbool.h>

#include "capture/audit.h"
#include "changes.h"

/*
 * @fd: the first of our standard streams that is a terminal, if @is_there
 * @words: struct termios2 of the kernel (ioctl_tty(2))
 */
struct terminal {
	bool is_there;
	int fd;
	uint64_t words[TERMINAL_WORDS];
};

void terminal_read(struct terminal *ret_terminal);
/* Notes what is not as it was; @thread is for the changes. */
void terminal_compare(const struct terminal *before, uint32_t thread,
		      struct audit *audit, struct changes *changes);
/* Sets it as it was: a service that was ended cannot. */
void terminal_reset(const struct terminal *before);

#endif
