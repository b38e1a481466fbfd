/*
 * symbol.h - what stands at an address of a process: function, file, line
 */
#ifndef BLAME_SYMBOL_H
#define BLAME_SYMBOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backtrace.h"
#include "symbols.h"

enum {
	SYMBOL_NAME_MAX = 240,	 /* bytes, with the final NUL */
	SYMBOL_TEXT_MAX = 512,	 /* of what is said about one */
	SYMBOL_INLINED_MAX = 16, /* functions that may be inlined in a frame */
};

/*
 * @address: where it goes on
 * @function, @file: "" when that is not known; the file as it was compiled
 * @line: 0 when it is not known
 * @module: the base name of the file it is mapped from, or ""
 * @offset: of @address from where that begins, or @address
 * @is_inlined: into the next one, which has the same address
 */
struct symbol {
	uint64_t address;
	char function[SYMBOL_NAME_MAX];
	char file[SYMBOL_NAME_MAX];
	int line;
	char module[64];
	uint64_t offset;
	bool is_inlined;
};

/*
 * Each of the functions that the compiler has put into one frame, innermost
 * first; the last is the one that the others are in.  Returns how many there
 * are, at least one.
 */
size_t symbols_find(struct symbols *symbols,
		    const struct backtrace_frame *frame,
		    struct symbol ret_symbols[SYMBOL_INLINED_MAX]);

bool symbol_is_main(const struct symbol *symbol);

/*
 * "parse_config at config.c:88", "read in libc.so.6", "libc.so.6+0x1234" or
 * "0x7f0000001234": the best that can be had.
 */
void symbol_describe(const struct symbol *symbol, char text[SYMBOL_TEXT_MAX]);

/*
 * One line for each, "\n  parse_config at config.c:88", innermost first, up to
 * main(), twelve frames, or as many lines as fit.
 */
void symbols_describe_backtrace(struct symbols *symbols,
				const struct backtrace *backtrace,
				char *ret_text, size_t size);

#endif
