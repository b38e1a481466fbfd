/*
 * backtrace.c - the calls that a thread is in, as addresses
 */
#include "backtrace.h"

#include <errno.h>
#include <libunwind-ptrace.h>

/*
 * A signal handler returns to "mov $15,%rax; syscall", which is how gdb knows
 * it, too.  unw_is_signal_frame() is no help: libunwind 1.6 says it of the
 * frame behind.
 */
static bool is_trampoline(unw_addr_space_t space, void *context,
			  unw_word_t address)
{
	unw_accessors_t *accessors = unw_get_accessors(space);
	unw_word_t move, call;

	return accessors->access_mem(space, address, &move, 0, context) == 0 &&
	       accessors->access_mem(space, address + sizeof(move), &call, 0,
				     context) == 0 &&
	       move == 0x0f0000000fc0c748 && (call & 0xff) == 0x05;
}

static void walk(struct backtrace *backtrace, unw_cursor_t *cursor,
		 unw_addr_space_t space, void *context)
{
	bool is_interrupted = true;

	do {
		unw_word_t address;
		bool is_signal;

		if (unw_get_reg(cursor, UNW_REG_IP, &address) < 0 || !address)
			return;
		is_signal = is_trampoline(space, context, address);
		backtrace->frames[backtrace->count++] =
			(struct backtrace_frame){address,
						 is_interrupted || is_signal};
		is_interrupted = is_signal;
	} while (backtrace->count < BACKTRACE_MAX && unw_step(cursor) > 0);
}

static int take(struct backtrace *ret_backtrace, unw_addr_space_t space,
		void *context, pid_t tid, struct error *err)
{
	struct backtrace backtrace = {0};
	unw_cursor_t cursor;

	if (!space || !context)
		return error_system(err, ENOMEM, "cannot unwind thread %d",
				    tid);
	unw_set_caching_policy(space, UNW_CACHE_GLOBAL);
	if (unw_init_remote(&cursor, space, context) != 0)
		return error_system(err, ESRCH, "cannot unwind thread %d", tid);
	walk(&backtrace, &cursor, space, context);
	*ret_backtrace = backtrace;
	return 0;
}

int backtrace_take(struct backtrace *ret_backtrace, pid_t tid,
		   struct error *err)
{
	unw_addr_space_t space = unw_create_addr_space(&_UPT_accessors, 0);
	void *context = _UPT_create(tid);
	int r = take(ret_backtrace, space, context, tid, err);

	if (context)
		_UPT_destroy(context);
	if (space)
		unw_destroy_addr_space(space);
	return r;
}
