/*
 * capture_look.h - what is found out about the service on the way to its core
 *
 * Included by capture*.c only.
 */
#ifndef CAPTURE_CAPTURE_LOOK_H
#define CAPTURE_CAPTURE_LOOK_H

#include "capture.h"
#include "capture/blame/blame.h"
#include "capture/core/image.h"
#include "capture/core/output.h"
#include "capture/memory/remap.h"
#include "capture/ready/notify_socket.h"
#include "capture/ready/repeats.h"
#include "capture/start/base.h"
#include "capture/start/launch.h"
#include "capture/state/terminal.h"
#include "capture/state/witness.h"
#include "capture/tracee/stand_in.h"
#include "report_file.h"

enum {
	DROPPER_NAME = 128,
};

/*
 * Everything that is found out on the way; capture_deinit() lets go of it.
 * @base: what it was restored from, or zeros; @repeats: what it does again
 * @launch: of a service library, else zeros; @additions: what that has brought
 * @level: of CPUs, for which it was made to choose its code
 * @stopped_ms: when the service was stopped; @stood_ms: for how long, if it has
 *	been let go
 * @is_shown: it has hidden itself (hidden_show()), with the flag @dumpable
 */
struct capture {
	const struct options *options;
	struct report_file report_file;
	const char *service;
	struct tracee tracee;
	struct base base;
	struct repeats repeats;
	struct launch launch;
	struct additions additions;
	enum cpu_level level;
	struct notify_socket notify;
	struct terminal terminal;
	struct terminal terminal_at_exec;
	struct process_state at_exec;
	struct process_state at_ready;
	struct changes changes;
	struct threads threads;
	struct pending pending;
	struct timers timers;
	struct witness witness;
	struct origins origins;
	struct core_process process;
	struct core_range handover;
	struct mapping_list mappings;
	struct contents contents;
	struct carried carried;
	struct audit audit;
	struct stand_in stand_in;
	struct remapping remapping;
	uint64_t stopped_ms;
	uint64_t stood_ms;
	struct blame **story;
	size_t story_count;
	bool is_shown;
	int64_t dumpable;
	enum core_ready ready;
	pid_t tid;
	char *auxv;
	size_t auxv_size;
	char dropper[DROPPER_NAME];
};

/* The vector that the kernel has handed it. */
int capture_read_auxv(struct capture *c, struct error *err);
/* When it has executed a program: what it inherits. */
int capture_look_at_exec(void *context, struct tracee *t, struct error *err);
/* When it is ready: its memory, its threads, and what it says about itself. */
int capture_look(struct capture *c, struct error *err);
/* Where its vdso is. */
uint64_t capture_vdso(const struct capture *c);
/* Its mappings alone, of a service that must not be asked. */
int capture_read_mappings(struct capture *c, struct error *err);
/* Lets a service go that lives on. */
void capture_go_on(struct capture *c);
/* Of a core that is complete; with --remap, the service is mapped onto it. */
int capture_name_core(struct capture *c, struct output *output,
		      struct error *err);
#endif
