/*
 * symbols.c - where the names of a process's code are looked up
 */
#include "symbols.h"

#include <elfutils/libdwfl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "debug_file.h"

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_linux_proc_find_elf,
	.find_debuginfo = debug_file_find,
};

static int begin(struct symbols **ret_symbols, struct error *err)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));

	if (symbols)
		symbols->dwfl = dwfl_begin(&callbacks);
	if (!symbols || !symbols->dwfl) {
		free(symbols);
		return error_system(err, ENOMEM, "cannot look up symbols");
	}
	*ret_symbols = symbols;
	return 0;
}

/* @code: of libdwfl's report: an errno, or negative */
static int end(struct symbols *symbols, int code, pid_t pid,
	       struct symbols **ret_symbols, struct error *err)
{
	int r = 0;

	if (code > 0)
		r = error_system(err, code, "cannot look up symbols of pid %d",
				 pid);
	else if (code < 0 || dwfl_report_end(symbols->dwfl, NULL, NULL) != 0)
		r = error_set(err, FAULT_SYSTEM,
			      "cannot look up symbols of pid %d: %s", pid,
			      dwfl_errmsg(-1));
	if (r < 0)
		symbols_close(symbols);
	else
		*ret_symbols = symbols;
	return r;
}

/* By its name libdwfl finds the file, or the vdso of a process. */
static bool report(Dwfl *dwfl, const struct code_module *module, pid_t pid)
{
	cleanup_heap char *name = NULL;
	int length;

	if (strcmp(module->path, CODE_MODULE_VDSO) == 0)
		length = asprintf(&name, "[vdso: %d]", pid);
	else
		length = asprintf(
			&name, "%s%s", module->path,
			code_module_is_deleted(module) ? SYMBOLS_DELETED : "");
	if (length < 0) {
		name = NULL;
		return false;
	}
	return dwfl_report_module(dwfl, name, module->start, module->end);
}

int symbols_open_era(struct symbols **ret_symbols,
		     const struct code_history *history, size_t era, pid_t pid,
		     struct error *err)
{
	struct symbols *symbols = NULL;
	int r = begin(&symbols, err);
	int code = history->is_lost ? ENOMEM : 0;

	for (size_t i = 0; r == 0 && code == 0 && i < history->count; i++) {
		const struct code_entry *entry = &history->entries[i];

		if (entry->module.path[0] && entry->first <= era &&
		    entry->last >= era &&
		    !report(symbols->dwfl, &entry->module, pid))
			code = -1;
	}
	return r < 0 ? r : end(symbols, code, pid, ret_symbols, err);
}

int symbols_open(struct symbols **ret_symbols, pid_t pid, struct error *err)
{
	struct code_history now = {0};
	int r;

	code_history_restart(&now, pid);
	r = symbols_open_era(ret_symbols, &now, 0, pid, err);
	code_history_deinit(&now);
	return r;
}

void symbols_close(struct symbols *symbols)
{
	if (!symbols)
		return;
	dwfl_end(symbols->dwfl);
	free(symbols);
}
