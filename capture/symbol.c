/*
 * symbol.c - what stands at an address of a process: function, file, line
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

enum {
	FRAMES_SHOWN = 12,
	LINE_SIZE = 256,
};

struct symbols {
	Dwfl *dwfl;
};

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_linux_proc_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
};

int symbols_open(struct symbols **ret_symbols, pid_t pid, struct error *err)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));

	/* Nobody waits for a debuginfo server to learn where a crash was. */
	setenv("DEBUGINFOD_URLS", "", 1);
	if (!symbols)
		return error_system(err, ENOMEM, "cannot look up symbols");
	symbols->dwfl = dwfl_begin(&callbacks);
	if (!symbols->dwfl || dwfl_linux_proc_report(symbols->dwfl, pid) != 0 ||
	    dwfl_report_end(symbols->dwfl, NULL, NULL) != 0) {
		symbols_close(symbols);
		return error_set(err, FAULT_SYSTEM,
				 "cannot look up symbols of pid %d: %s", pid,
				 dwfl_errmsg(-1));
	}
	*ret_symbols = symbols;
	return 0;
}

void symbols_close(struct symbols *symbols)
{
	if (symbols->dwfl)
		dwfl_end(symbols->dwfl);
	free(symbols);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool describe_line(Dwfl_Module *module, uint64_t address,
			  const char *function, char *text, size_t size)
{
	Dwfl_Line *line = dwfl_module_getsrc(module, address);
	const char *file;
	int number;

	file = line ? dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL)
		    : NULL;
	if (!file)
		return false;
	snprintf(text, size, "%s at %s:%d", function, base_name(file), number);
	return true;
}

void symbols_describe(struct symbols *symbols, uint64_t address, bool is_exact,
		      char *ret_text, size_t size)
{
	/* A return address may be the first of the next function. */
	uint64_t inside = address - !is_exact;
	Dwfl_Module *module = dwfl_addrmodule(symbols->dwfl, inside);
	const char *function;
	const char *path;
	GElf_Addr start = 0;

	snprintf(ret_text, size, "0x%" PRIx64, address);
	if (!module)
		return;
	path = base_name(dwfl_module_info(module, NULL, &start, NULL, NULL,
					  NULL, NULL, NULL));
	function = dwfl_module_addrname(module, inside);
	if (!function)
		snprintf(ret_text, size, "%s+0x%" PRIx64, path,
			 address - start);
	else if (!describe_line(module, inside, function, ret_text, size))
		snprintf(ret_text, size, "%s in %s", function, path);
}

/* The functions that the compiler has put into this one, innermost first. */
static int find_inlined(Dwfl_Module *module, uint64_t address,
			Dwarf_Die **ret_scopes)
{
	Dwarf_Addr bias = 0;
	Dwarf_Die *unit = dwfl_module_addrdie(module, address, &bias);

	return unit ? dwarf_getscopes(unit, address - bias, ret_scopes) : 0;
}

static bool append_line(char *text, size_t size, const char *line)
{
	size_t used = strlen(text);

	if (used + strlen(line) + 4 > size)
		return false;
	snprintf(text + used, size - used, "\n  %s", line);
	return true;
}

/*
 * The line table gives the place in the innermost of inlined functions; each
 * of them then says from where it was called.
 */
static bool append_inlined(struct symbols *symbols, uint64_t inside, char *text,
			   size_t size)
{
	Dwfl_Module *module = dwfl_addrmodule(symbols->dwfl, inside);
	Dwarf_Die *scopes = NULL;
	int count = module ? find_inlined(module, inside, &scopes) : 0;
	Dwfl_Line *source = module ? dwfl_module_getsrc(module, inside) : NULL;
	const char *file = NULL;
	bool is_any = false;
	int number = 0;

	if (source)
		file = dwfl_lineinfo(source, NULL, &number, NULL, NULL, NULL);
	for (int i = 0; file && i < count; i++) {
		char line[LINE_SIZE];
		Dwarf_Attribute attribute;
		Dwarf_Word word;
		int tag = dwarf_tag(&scopes[i]);

		if (tag != DW_TAG_inlined_subroutine &&
		    (tag != DW_TAG_subprogram || !is_any))
			continue;
		snprintf(line, sizeof(line), "%s at %s:%d",
			 dwarf_diename(&scopes[i]), base_name(file), number);
		if (!append_line(text, size, line))
			break;
		is_any = true;
		if (tag == DW_TAG_subprogram)
			break;
		if (dwarf_attr(&scopes[i], DW_AT_call_line, &attribute) &&
		    dwarf_formudata(&attribute, &word) == 0)
			number = (int)word;
	}
	free(scopes);
	return is_any;
}

void symbols_describe_backtrace(struct symbols *symbols,
				const struct backtrace *backtrace,
				char *ret_text, size_t size)
{
	ret_text[0] = '\0';
	for (size_t i = 0; i < backtrace->count && i < FRAMES_SHOWN; i++) {
		const struct backtrace_frame *frame = &backtrace->frames[i];
		uint64_t inside = frame->address - !frame->is_exact;
		char line[LINE_SIZE];

		symbols_describe(symbols, frame->address, frame->is_exact, line,
				 sizeof(line));
		if (!append_inlined(symbols, inside, ret_text, size) &&
		    !append_line(ret_text, size, line))
			return;
		if (strncmp(line, "main ", 5) == 0)
			return;
	}
}
