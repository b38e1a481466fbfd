/*
 * continued_call_x86_64.c - which call restart_syscall(2) continues
 *
 *	b8 07 00 00 00	mov $7,%eax
 *	0f 05		syscall
 *	                <- the thread is here
 */
#include "continued_call.h"

#include <string.h>
#include <sys/syscall.h>

enum {
	MOVE = 0xb8,
	SIZE = 7,
};

/* Those that leave a restart_block with their arguments (kernel/time, fs). */
static bool is_continued(uint32_t number)
{
	return number == SYS_nanosleep || number == SYS_clock_nanosleep ||
	       number == SYS_poll || number == SYS_futex;
}

bool continued_call_find(const struct tracee *t,
			 const struct user_regs_struct *regs,
			 uint64_t *ret_number)
{
	static const unsigned char call[] = {0x0f, 0x05};
	unsigned char code[SIZE];
	struct error ignored = {0};
	uint32_t number;

	if (tracee_read(t, regs->rip - SIZE, code, SIZE, &ignored) < 0 ||
	    code[0] != MOVE || memcmp(code + 5, call, sizeof(call)) != 0)
		return false;
	memcpy(&number, code + 1, sizeof(number));
	*ret_number = number;
	return is_continued(number);
}
