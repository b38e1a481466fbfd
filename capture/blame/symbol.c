/*
 * symbol.c - what stands at an address of a process: function, file, line
 *
 * The line table knows the place in the innermost of inlined functions; each
 * of them then says from where it was called:
 *
 *	  innermost at <row of the line table>
 *	  middle    at <call file and line of innermost>
 *	  outermost at <call file and line of middle>
 */
#include "symbol.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

enum {
	FRAMES_SHOWN = 12,
};

/* A place in the source. */
struct place {
	const char *file;
	int line;
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool place_of(Dwfl_Module *module, uint64_t address,
		     struct place *ret_place)
{
	Dwfl_Line *row = dwfl_module_getsrc(module, address);
	int line;
	const char *file =
		row ? dwfl_lineinfo(row, NULL, &line, NULL, NULL, NULL) : NULL;

	if (file)
		*ret_place = (struct place){file, line};
	return file != NULL;
}

/* From where @inlined was called; the line is 0 when that is not known. */
static struct place place_of_call(Dwarf_Die *inlined)
{
	Dwarf_Attribute attribute;
	Dwarf_Word number = 0;
	Dwarf_Word line = 0;
	Dwarf_Files *files;
	size_t count;
	Dwarf_Die unit;
	const char *file = NULL;

	dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attribute),
			&number);
	dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attribute),
			&line);
	if (dwarf_diecu(inlined, &unit, NULL, NULL) &&
	    dwarf_getsrcfiles(&unit, &files, &count) == 0)
		file = dwarf_filesrc(files, number, NULL, NULL);
	return (struct place){file ? file : "", (int)line};
}

/*
 * The scopes around an address, innermost first.  dwarf_getscopes() goes on
 * from an inlined function to where that was declared; only when asked again,
 * for the scope itself, libdw goes on to where it was put.
 */
static int find_scopes(Dwfl_Module *module, uint64_t address,
		       Dwarf_Die **ret_scopes)
{
	cleanup_heap Dwarf_Die *scopes = NULL;
	Dwarf_Addr bias = 0;
	Dwarf_Die *unit = dwfl_module_addrdie(module, address, &bias);

	if (!unit || dwarf_getscopes(unit, address - bias, &scopes) <= 0)
		return 0;
	return dwarf_getscopes_die(&scopes[0], ret_scopes);
}

static void take_place(struct symbol *symbol, const char *function,
		       const struct place *place)
{
	/* A name of the symbol table may have a version behind "@". */
	snprintf(symbol->function, sizeof(symbol->function), "%.*s",
		 (int)strcspn(function, "@"), function);
	snprintf(symbol->file, sizeof(symbol->file), "%s", place->file);
	symbol->line = place->line;
}

/* The functions of a frame by its debug information, or 0. */
static size_t find_functions(Dwfl_Module *module, uint64_t address,
			     struct symbol symbols[SYMBOL_INLINED_MAX])
{
	cleanup_heap Dwarf_Die *scopes = NULL;
	struct place place;
	size_t used = 0;
	int count;

	if (!place_of(module, address, &place))
		return 0;
	count = find_scopes(module, address, &scopes);
	for (int i = 0; i < count && used < SYMBOL_INLINED_MAX; i++) {
		const int tag = dwarf_tag(&scopes[i]);
		const char *name = dwarf_diename(&scopes[i]);

		if (tag != DW_TAG_inlined_subroutine &&
		    tag != DW_TAG_subprogram)
			continue;
		take_place(&symbols[used], name ? name : "??", &place);
		symbols[used++].is_inlined = tag == DW_TAG_inlined_subroutine;
		if (tag == DW_TAG_subprogram)
			break;
		place = place_of_call(&scopes[i]);
	}
	return used;
}

/* By the symbol table alone. */
static void find_function(Dwfl_Module *module, uint64_t address,
			  struct symbol *symbol)
{
	GElf_Off offset;
	GElf_Sym found;
	const char *function = dwfl_module_addrinfo(module, address, &offset,
						    &found, NULL, NULL, NULL);
	struct place place = {""};

	if (!function)
		return;
	place_of(module, address, &place);
	take_place(symbol, function, &place);
}

/* "[vdso: 4711]" is what libdwfl calls it, with the pid. */
static void take_module(struct symbol *symbol, Dwfl_Module *module)
{
	GElf_Addr start = 0;
	const char *path = dwfl_module_info(module, NULL, &start, NULL, NULL,
					    NULL, NULL, NULL);

	snprintf(symbol->module, sizeof(symbol->module), "%s",
		 strncmp(path, "[vdso", 5) == 0 ? "[vdso]" : base_name(path));
	symbol->offset = symbol->address - start;
}

size_t symbols_find(struct symbols *symbols,
		    const struct backtrace_frame *frame,
		    struct symbol ret_symbols[SYMBOL_INLINED_MAX])
{
	/* A return address may be the first of the next function. */
	const uint64_t inside = frame->address - !frame->is_exact;
	Dwfl_Module *module = dwfl_addrmodule(symbols->dwfl, inside);
	size_t count;

	memset(ret_symbols, 0, SYMBOL_INLINED_MAX * sizeof(*ret_symbols));
	count = module ? find_functions(module, inside, ret_symbols) : 0;
	if (count == 0 && module)
		find_function(module, inside, ret_symbols);
	if (count == 0)
		count = 1;
	for (size_t i = 0; i < count; i++) {
		ret_symbols[i].address = frame->address;
		ret_symbols[i].offset = frame->address;
		if (module)
			take_module(&ret_symbols[i], module);
	}
	return count;
}

bool symbol_is_main(const struct symbol *symbol)
{
	return strcmp(symbol->function, "main") == 0;
}

void symbol_describe(const struct symbol *symbol, char text[SYMBOL_TEXT_MAX])
{
	if (symbol->function[0] && symbol->line)
		snprintf(text, SYMBOL_TEXT_MAX, "%s at %s:%d", symbol->function,
			 base_name(symbol->file), symbol->line);
	else if (symbol->function[0])
		snprintf(text, SYMBOL_TEXT_MAX, "%s in %s", symbol->function,
			 symbol->module);
	else
		snprintf(text, SYMBOL_TEXT_MAX, "%s%s0x%" PRIx64,
			 symbol->module, symbol->module[0] ? "+" : "",
			 symbol->offset);
}

static bool append_line(char *text, size_t size, const char *line)
{
	const size_t used = strlen(text);

	if (used + strlen("\n  ") + strlen(line) >= size)
		return false;
	snprintf(text + used, size - used, "\n  %s", line);
	return true;
}

void symbols_describe_backtrace(struct symbols *symbols,
				const struct backtrace *backtrace,
				char *ret_text, size_t size)
{
	struct symbol found[SYMBOL_INLINED_MAX];
	char text[SYMBOL_TEXT_MAX];

	ret_text[0] = '\0';
	for (size_t i = 0; i < backtrace->count && i < FRAMES_SHOWN; i++) {
		const size_t count =
			symbols_find(symbols, &backtrace->frames[i], found);

		for (size_t j = 0; j < count; j++) {
			symbol_describe(&found[j], text);
			if (!append_line(ret_text, size, text))
				return;
		}
		if (symbol_is_main(&found[count - 1]))
			return;
	}
}
