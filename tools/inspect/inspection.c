/*
 * inspection.c - all that can be said of a core, as one JSON object
 */
#include "inspection.h"

#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "arguments.h"
#include "lacks.h"
#include "mappings.h"
#include "needs.h"
#include "restore/working_set.h"
#include "text_json.h"
#include "threads.h"

enum {
	BLOCK = 512, /* st_blocks counts these, whatever the file system has */
};

static void set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

/* Of a field that is full when there is no NUL. */
static json_t *field_json(const char *text, size_t size)
{
	return text_json(text, strnlen(text, size));
}

static void add_service(json_t *object, const struct memory *memory)
{
	const struct core *core = memory->core;
	const char *program = mapping_name_at(core, core->process->start_code);

	set(object, "program", text_json(program, strlen(program)));
	set(object, "arguments", arguments_json(memory));
	set(object, "pid", json_integer(core->image->pid));
}

static void add_capture(json_t *object, const struct core *core)
{
	const struct core_machine *machine = core->machine;
	const time_t seconds = core->image->seconds;
	char when[64] = "";
	struct tm utc;

	if (gmtime_r(&seconds, &utc))
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &utc);
	set(object, "captured", json_string(when));
	set(object, "kernel",
	    field_json(machine->kernel, sizeof(machine->kernel)));
	set(object, "processor",
	    field_json(machine->cpu, sizeof(machine->cpu)));
}

static void add_file(json_t *object, const struct core *core)
{
	struct stat status = {0};

	fstat(core->fd, &status);
	set(object, "format", json_integer(core->image->version));
	set(object, "size", json_integer(status.st_size));
	set(object, "stored",
	    json_integer((json_int_t)status.st_blocks * BLOCK));
}

/* What is null was not recorded. */
static json_t *working_set_json(const struct core *core)
{
	struct working_set working_set;
	json_int_t pages = 0;
	json_t *object;

	working_set_read(&working_set, core);
	for (size_t i = 0; i < working_set.count; i++)
		pages += working_set.items[i].pages;
	object = working_set.count == 0
			 ? json_null()
			 : json_pack("{s:I, s:I}", "pages", pages, "ranges",
				     (json_int_t)working_set.count);
	working_set_deinit(&working_set);
	return object;
}

/* The report of the capture: what it says of more than is here already. */
static void add_report(json_t *object, const struct core *core)
{
	json_t *report = json_loadb(core->audit, core->audit_size, 0, NULL);
	json_t *findings = json_object_get(report, "findings");
	json_t *ready = json_object_get(report, "ready");
	json_t *copied = json_object_get(report, "copied_because_of");

	set(object, "ready", ready ? json_incref(ready) : json_null());
	set(object, "findings",
	    json_is_array(findings) ? json_incref(findings) : json_array());
	if (copied)
		set(object, "copied_because_of", json_incref(copied));
	json_decref(report);
}

json_t *inspection_json(const struct core *core, const char *path,
			const struct source_places *places)
{
	json_t *object = json_object();
	struct memory memory;

	memory_open(&memory, core, path, places);
	set(object, "core", text_json(path, strlen(path)));
	add_service(object, &memory);
	add_capture(object, core);
	add_file(object, core);
	add_report(object, core);
	set(object, "working_set", working_set_json(core));
	set(object, "needs", needs_json(core));
	set(object, "lacks", lacks_json(core, path, places));
	set(object, "mappings", mappings_json(core));
	set(object, "threads", threads_json(&memory));
	memory_close(&memory);
	return object;
}
