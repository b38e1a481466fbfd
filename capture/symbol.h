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

struct symbols;

/* Looks up what the process has mapped now; separate debug files included. */
int symbols_open(struct symbols **ret_symbols, pid_t pid, struct error *err);
void symbols_close(struct symbols *symbols);

/*
 * "parse_config at config.c:88", "read in libc.so.6", "libc.so.6+0x1234" or
 * "0x7f0000001234": the best that can be had.  @is_exact as in a frame.
 */
void symbols_describe(struct symbols *symbols, uint64_t address, bool is_exact,
		      char *ret_text, size_t size);

/*
 * One line for each frame, "\n  parse_config at config.c:88", up to main() or
 * as many as fit.
 */
void symbols_describe_backtrace(struct symbols *symbols,
				const struct backtrace *backtrace,
				char *ret_text, size_t size);

#endif
