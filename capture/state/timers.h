/*
 * timers.h - timers that will send a signal: setitimer(2), timer_create(2)
 */
#ifndef STATE_TIMERS_H
#define STATE_TIMERS_H

#include "capture/tracee/inferior.h"
#include "pending.h"
#include "threads.h"

/* In the order of the core: by kind, then by id. */
struct timers {
	struct core_timer *items;
	size_t count;
	size_t capacity;
};

/*
 * What /proc/PID/timers says, since Linux 3.10 (CONFIG_CHECKPOINT_RESTORE,
 * which distributions set), one paragraph of four lines for each; the times
 * are not in it.  Refusals are added for those that cannot be made again.
 */
int timers_parse(struct timers *timers, const char *text,
		 const struct threads *threads, pid_t pid, struct audit *audit,
		 struct error *err);

/* Adds all timers of the service; thread @tid is asked for their times. */
int timers_read(struct timers *ret_timers, const struct inferior *inferior,
		pid_t tid, const struct threads *threads, struct audit *audit,
		struct error *err);
/*
 * Notes those whose signal waits to be taken: how often they have expired
 * meanwhile the kernel tells only when it is (timer_getoverrun(2)).
 */
void timers_note_missed(const struct timers *timers,
			const struct pending *pending, struct audit *audit);
void timers_deinit(struct timers *timers);

enum {
	TIMERS_AT_ONCE = 64,
};

/* What inferior_open() has to make room for. */
size_t timers_data_size(void);

#endif
