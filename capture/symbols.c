/*
 * symbols.c - where the names of a process's code are looked up
 */
#include "symbols.h"

#include <elfutils/libdwfl.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"

/* Where a file says that its debug information is in one of that name. */
static bool is_beside(const char *file, const char *link)
{
	static const char *const places[][2] = {
		{"", "/.debug"}, {"", ""}, {"/usr/lib/debug", ""}};
	const char *slash = strrchr(file, '/');

	for (size_t i = 0; slash && i < sizeof(places) / sizeof(*places); i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%s%.*s%s/%s", places[i][0],
			 (int)(slash - file), file, places[i][1], link);
		if (access(path, R_OK) == 0)
			return true;
	}
	return false;
}

/*
 * The standard search ends with loading the client of debuginfod, which takes
 * longer than all of the rest, so it is made only where it will find something.
 */
static int find_debuginfo(Dwfl_Module *module, void **data, const char *name,
			  Dwarf_Addr base, const char *file, const char *link,
			  GElf_Word crc, char **ret_path)
{
	int fd = dwfl_build_id_find_debuginfo(module, data, name, base, file,
					      link, crc, ret_path);

	if (fd >= 0 || !file || !link || !is_beside(file, link))
		return fd;
	return dwfl_standard_find_debuginfo(module, data, name, base, file,
					    link, crc, ret_path);
}

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_linux_proc_find_elf,
	.find_debuginfo = find_debuginfo,
};

static int begin(struct symbols **ret_symbols, struct error *err)
{
	const char *servers = getenv("DEBUGINFOD_URLS");
	struct symbols *symbols = calloc(1, sizeof(*symbols));

	if (symbols)
		symbols->dwfl = dwfl_begin(&callbacks);
	if (!symbols || !symbols->dwfl) {
		free(symbols);
		return error_system(err, ENOMEM, "cannot look up symbols");
	}
	/* Nobody waits for a debuginfo server to learn where a crash was. */
	symbols->servers = servers ? strdup(servers) : NULL;
	unsetenv("DEBUGINFOD_URLS");
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

int symbols_open(struct symbols **ret_symbols, pid_t pid, struct error *err)
{
	struct symbols *symbols;
	int r = begin(&symbols, err);

	return r < 0 ? r
		     : end(symbols, dwfl_linux_proc_report(symbols->dwfl, pid),
			   pid, ret_symbols, err);
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
	struct symbols *symbols;
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

void symbols_close(struct symbols *symbols)
{
	if (!symbols)
		return;
	dwfl_end(symbols->dwfl);
	if (symbols->servers)
		setenv("DEBUGINFOD_URLS", symbols->servers, 1);
	free(symbols->servers);
	free(symbols);
}
