/*
 * launch.c - a service library in the hands of the launcher that loads it
 */
#include "launch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/memory/address_space.h"
#include "capture/ready/location.h"
#include "library.h"
#include "neighbour.h"

static const char launcher_name[] = "subctx-launch";
static const char failure_name[] = "subctx_launch_failed";

static int make_argv(struct launch *launch, char *const *argv,
		     struct error *err)
{
	size_t count = 0;

	while (argv[count])
		count++;
	launch->argv = calloc(count + 2, sizeof(*launch->argv));
	if (!launch->argv)
		return error_system(err, ENOMEM, "cannot keep the arguments");
	launch->argv[0] = (char *)(uintptr_t)launcher_name;
	memcpy(launch->argv + 1, argv, count * sizeof(*argv));
	return 0;
}

int launch_find(struct launch *ret_launch, char *const *argv, struct error *err)
{
	struct launch launch = {0};
	bool is_library;
	int r = library_find(argv[0], &is_library, err);

	if (r < 0 || !is_library)
		return r;
	r = neighbour_find(launch.path, launcher_name, ".", err);
	if (r == 0)
		r = make_argv(&launch, argv, err);
	if (r == 0)
		*ret_launch = launch;
	else
		error_context(err, "cannot load '%s'", argv[0]);
	return r;
}

/* The first mapping of the file that @m is of. */
static const struct mapping *first_of_file(const struct mapping_list *list,
					   const struct mapping *m)
{
	while (m > list->items && strcmp(m[-1].name, m->name) == 0)
		m--;
	return m;
}

/* In the file whose code is at @address, if that is a launcher. */
static int find_failure(struct launch *launch, uint64_t address,
			struct error *err)
{
	const struct mapping *m = mapping_list_find(&launch->before, address);
	struct location_list locations = {0};
	uint64_t bias;
	int r;

	if (!m || m->name[0] != '/')
		return 0;
	m = first_of_file(&launch->before, m);
	r = location_find_symbol(m->name, failure_name, &locations, err);
	if (r == 0 && locations.count == 1) {
		r = location_load_bias(m->name, m->start, m->offset, &bias,
				       err);
		if (r == 0)
			launch->failed = bias + locations.addresses[0];
	}
	location_list_deinit(&locations);
	return r;
}

static int find_launcher(struct launch *launch, const struct tracee *t,
			 pid_t tid, struct error *err)
{
	struct core_range handover;
	struct user_regs_struct regs;
	int r = address_space_read(&launch->before, &handover, t, err);

	if (r == 0)
		r = tracee_registers(t, tid, &regs, err);
	if (r == 0)
		r = find_failure(launch, regs.rip, err);
	return r;
}

int launch_watch(struct launch *launch, struct tracee *t, pid_t tid,
		 struct error *err)
{
	int r = find_launcher(launch, t, tid, err);

	if (r == 0 && launch->failed)
		r = tracee_watch(t, launch->failed, err);
	return r;
}

/* What is kept is without the breakpoint. */
int launch_look(struct launch *launch, struct tracee *t, pid_t tid,
		const struct recorder *recorder, struct error *err)
{
	int r = find_launcher(launch, t, tid, err);

	if (r < 0 || !launch->failed)
		return r;
	launch->loads = true;
	recorder_hide(recorder, &launch->before);
	r = kept_pages_take(&launch->kept, &launch->before, t, err);
	if (r == 0)
		r = tracee_watch(t, launch->failed, err);
	return r;
}

bool launch_fails(const struct launch *launch, const struct stop *stop)
{
	return launch->failed && stop->kind == STOP_WATCH &&
	       stop->address == launch->failed;
}

static void read_text(const struct tracee *t, uint64_t address,
		      char text[ERROR_TEXT_MAX])
{
	size_t size = tracee_read_part(t, address, text, ERROR_TEXT_MAX - 1);

	text[size] = '\0';
}

int launch_explain(const struct tracee *t, const struct stop *stop,
		   struct error *err)
{
	struct user_regs_struct regs;
	char text[ERROR_TEXT_MAX], hint[ERROR_TEXT_MAX];
	int r = tracee_registers(t, stop->tid, &regs, err);

	if (r < 0)
		return r;
	read_text(t, regs.rdi, text);
	read_text(t, regs.rsi, hint);
	error_set(err, FAULT_SERVICE, "%s", text);
	error_hint(err, "%s", hint);
	return -err->code;
}

void launch_deinit(struct launch *launch)
{
	free(launch->argv);
	mapping_list_deinit(&launch->before);
	kept_pages_deinit(&launch->kept);
	*launch = (struct launch){0};
}
