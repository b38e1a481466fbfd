/*
 * symbol.h - what stands at an address of a process: function, file, line
 *
 * The only module that knows libdw's view of a process (libdwfl).
 */
#ifndef CAPTURE_SYMBOL_H
#define CAPTURE_SYMBOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "backtrace.h"
#include "common/error.h"
#include "saved_stack.h"

enum {
	SYMBOL_TEXT_MAX = 256,	 /* bytes, with the final NUL */
	SYMBOL_INLINED_MAX = 16, /* functions that may be inlined in a frame */
};

struct symbols;

/*
 * What the process has mapped now, so to be opened again after a dlopen().
 * Files are opened when an address in them is asked for; separate debug files
 * are found, but no server is asked: until the close, $DEBUGINFOD_URLS of this
 * process is empty.
 */
int symbols_open(struct symbols **ret_symbols, pid_t pid, struct error *err);
/* Safe on NULL. */
void symbols_close(struct symbols *symbols);

/*
 * The calls that a saved stack is of.  What is not in the copy is read from the
 * tracee, which stands still now; its stack is not, as that has gone on.
 */
void symbols_unwind(struct symbols *symbols, const struct tracee *t,
		    const struct saved_stack *stack,
		    struct backtrace *ret_backtrace);

/*
 * "parse_config at config.c:88", "read in libc.so.6", "libc.so.6+0x1234" or
 * "0x7f0000001234": the best that can be had.  @is_exact as in a frame.  Of
 * inlined functions it is the innermost.
 */
void symbols_describe(struct symbols *symbols, uint64_t address, bool is_exact,
		      char *ret_text, size_t size);

/*
 * The same for each of the functions that the compiler has put into one frame,
 * innermost first; the last is the one that the others are in.  Returns how
 * many there are, at least one.
 */
size_t
symbols_describe_frame(struct symbols *symbols,
		       const struct backtrace_frame *frame,
		       char ret_texts[SYMBOL_INLINED_MAX][SYMBOL_TEXT_MAX]);

/*
 * One line for each, "\n  parse_config at config.c:88", innermost first, up to
 * main(), twelve frames, or as many lines as fit.
 */
void symbols_describe_backtrace(struct symbols *symbols,
				const struct backtrace *backtrace,
				char *ret_text, size_t size);

#endif
