/*
 * backtrace.c - the calls that a stopped thread is in, as addresses
 */
#include "backtrace.h"

#include <errno.h>
#include <libunwind-ptrace.h>

static void walk(struct backtrace *backtrace, unw_cursor_t *cursor)
{
	bool is_exact = true;

	do {
		unw_word_t address;

		if (unw_get_reg(cursor, UNW_REG_IP, &address) < 0 || !address)
			return;
		is_exact = is_exact || unw_is_signal_frame(cursor) > 0;
		backtrace->frames[backtrace->count++] =
			(struct backtrace_frame){address, is_exact};
		/* What a handler has interrupted stands behind its frame. */
		is_exact = unw_is_signal_frame(cursor) > 0;
	} while (backtrace->count < BACKTRACE_MAX && unw_step(cursor) > 0);
}

int backtrace_take(struct backtrace *ret_backtrace, pid_t tid,
		   struct error *err)
{
	unw_addr_space_t space = unw_create_addr_space(&_UPT_accessors, 0);
	void *context = _UPT_create(tid);
	unw_cursor_t cursor;

	if (!space || !context)
		return error_system(err, ENOMEM, "cannot unwind thread %d",
				    tid);
	/* Without a cache it is seventy times slower (the default). */
	unw_set_caching_policy(space, UNW_CACHE_GLOBAL);
	*ret_backtrace = (struct backtrace){0};
	if (unw_init_remote(&cursor, space, context) == 0)
		walk(ret_backtrace, &cursor);
	_UPT_destroy(context);
	unw_destroy_addr_space(space);
	return 0;
}
