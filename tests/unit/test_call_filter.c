/*
 * test_call_filter.c - the filter in the kernel and the list in here agree
 *
 * The program that the kernel would run is run here, on calls of all kinds.
 */
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "capture/blame/resource_calls.h"
#include "capture/ready/call_filter.h"
#include "tests/expect.h"

TestSuite(call_filter, .timeout = 60);

static uint32_t load(const struct seccomp_data *data, uint32_t offset)
{
	uint32_t word;

	cr_assert(offset % 4 == 0 && offset + 4 <= sizeof(*data));
	memcpy(&word, (const char *)data + offset, sizeof(word));
	return word;
}

static bool jumps(uint16_t code, uint32_t a, uint32_t k)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return a == k;
	case BPF_JGT:
		return a > k;
	case BPF_JGE:
		return a >= k;
	case BPF_JSET:
		return a & k;
	default:
		cr_assert_fail("jump %#x", code);
		return false;
	}
}

/* As much of classic BPF as seccomp(2) allows and libseccomp writes. */
static uint32_t run(const struct sock_fprog *program,
		    const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < program->len; pc++) {
		const struct sock_filter *f = &program->filter[pc];

		if (f->code == (BPF_LD | BPF_W | BPF_ABS))
			a = load(data, f->k);
		else if (f->code == (BPF_ALU | BPF_AND | BPF_K))
			a &= f->k;
		else if (f->code == (BPF_RET | BPF_K))
			return f->k;
		else if (f->code == (BPF_JMP | BPF_JA))
			pc += f->k;
		else if (BPF_CLASS(f->code) == BPF_JMP)
			pc += jumps(f->code, a, f->k) ? f->jt : f->jf;
		else
			cr_assert_fail("instruction %#x", f->code);
	}
	cr_assert_fail("it runs over its end");
	return 0;
}

static uint64_t state = 88172645463325252;

static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Numbers that matter more often than not, and halves that must not matter. */
static uint64_t any_argument(void)
{
	static const uint64_t likely[] = {0, 1, 2, 3, 5, 7, UINT64_MAX};
	uint64_t value = likely[next() % (sizeof(likely) / sizeof(*likely))];

	switch (next() % 4) {
	case 0:
		return next();
	case 1:
		return value | next() << 32;
	default:
		return value;
	}
}

static int any_number(const struct ready *ready)
{
	static const int likely[] = {
		SYS_read,	  SYS_readv,	SYS_pread64,  SYS_preadv,
		SYS_preadv2,	  SYS_recvfrom, SYS_recvmsg,  SYS_splice,
		SYS_accept,	  SYS_accept4,	SYS_sendfile, SYS_poll,
		SYS_ppoll,	  SYS_select,	SYS_pselect6, SYS_epoll_wait,
		SYS_epoll_pwait,  SYS_sendto,	SYS_sendmsg,  SYS_sendmmsg,
		SYS_epoll_pwait2, SYS_mmap,	SYS_write,    SYS_writev,
		SYS_exit_group,	  SYS_exit,	SYS_mprotect, SYS_pwrite64,
	};
	const size_t count = sizeof(likely) / sizeof(*likely);

	switch (next() % 6) {
	case 0:
		return (int)(next() % 512);
	case 1:
		return (int)next();
	case 2:
		return (int)ready->call;
	default:
		return likely[next() % count];
	}
}

static void expect_agreement(const struct ready *ready, const char *name)
{
	struct sock_fprog program = {0};
	struct error err = {0};

	cr_assert(call_filter_make(ready, -1, &program, &err) == 0, "%s",
		  err.text);
	for (int i = 0; i < 50000; i++) {
		struct seccomp_data data = {.arch = AUDIT_ARCH_X86_64,
					    .nr = any_number(ready)};
		uint64_t arguments[6];
		bool is_used, is_stopped;
		uint32_t action;

		for (int j = 0; j < 6; j++)
			data.args[j] = arguments[j] = any_argument();
		is_used = call_filter_use(ready, data.nr, arguments) !=
				  CALL_USE_NONE ||
			  resource_call_find(data.nr, arguments);
		action = run(&program, &data);
		is_stopped = action == SECCOMP_RET_TRACE;

		cr_assert(is_stopped || action == SECCOMP_RET_ALLOW,
			  "it would do %#x", action);
		cr_assert(is_used == is_stopped,
			  "%s: call %d (%#llx, %#llx, %#llx) is %s", name,
			  data.nr, data.args[0], data.args[1], data.args[2],
			  is_used ? "not stopped" : "stopped for nothing");
	}
	call_filter_free(&program);
	cr_expect(!program.filter && !program.len);
}

static struct ready parse(const char *text)
{
	struct ready ready = {0};
	struct error err = {0};

	cr_assert(ready_parse(&ready, text, &err) == 0, "%s", err.text);
	return ready;
}

Test(call_filter, every_form_of_ready_stops_what_it_uses)
{
	static const char *const forms[] = {
		"default",
		"marker",
		"stop",
		"notify",
		"stdin",
		"symbol:main",
		"line:a.c:1",
		"syscall:read",
		"syscall:read:0",
		"syscall:mmap",
		"syscall:mmap:0",
		"syscall:exit_group",
		"syscall:exit_group:3",
		"output:x",
		"after:1",
		"signal:USR1",
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct ready ready = parse(forms[i]);

		expect_agreement(&ready, forms[i]);
	}
}

/* No option says so today, but each kind is a bit, and bits add up. */
Test(call_filter, every_two_kinds_together_stop_what_they_use)
{
	for (uint32_t i = CORE_READY_NOW; i <= CORE_READY_SIGNAL; i++)
		for (uint32_t j = i + 1; j <= CORE_READY_SIGNAL; j++) {
			struct ready ready = {
				.kinds = 1u << i | 1u << j,
				.call = SYS_sendto,
				.fd = (int)(next() % 4) - 1,
			};

			expect_agreement(&ready, "two");
		}
}

Test(call_filter, use_is_what_the_call_is_for)
{
	static const struct {
		const char *form;
		int number;
		uint64_t arguments[6];
		enum call_use use;
	} rows[] = {
		{"stdin", SYS_read, {0}, CALL_USE_STDIN},
		{"stdin", SYS_read, {1ULL << 32}, CALL_USE_STDIN},
		{"stdin", SYS_read, {3}, CALL_USE_NONE},
		{"stdin", SYS_sendfile, {5, 0}, CALL_USE_STDIN},
		{"stdin", SYS_sendfile, {0, 5}, CALL_USE_NONE},
		{"stdin", SYS_poll, {0}, CALL_USE_WAIT},
		{"stdin", SYS_write, {1}, CALL_USE_NONE},
		{"notify", SYS_sendmsg, {7}, CALL_USE_SEND},
		{"output:x", SYS_write, {1}, CALL_USE_OUTPUT},
		{"output:x", SYS_writev, {2}, CALL_USE_OUTPUT},
		{"output:x", SYS_write, {3}, CALL_USE_NONE},
		{"marker", SYS_mmap, {0, 0, PROT_EXEC}, CALL_USE_CODE},
		{"marker", SYS_mmap, {0, 0, PROT_READ}, CALL_USE_NONE},
		{"stop", SYS_mmap, {0, 0, PROT_EXEC}, CALL_USE_CODE},
		{"stop", SYS_mprotect, {0, 0, PROT_EXEC}, CALL_USE_CODE},
		{"stop", SYS_mprotect, {0, 0, PROT_WRITE}, CALL_USE_NONE},
		{"syscall:read:3", SYS_read, {3}, CALL_USE_NAMED},
		{"syscall:read:3", SYS_read, {4}, CALL_USE_NONE},
		{"syscall:read", SYS_read, {4}, CALL_USE_NAMED},
		{"syscall:exit_group", SYS_exit_group, {0}, CALL_USE_NAMED},
		{"stop", SYS_exit_group, {0}, CALL_USE_EXIT},
		{"stop", SYS_read, {0}, CALL_USE_NONE},
		{"stop", -1, {0}, CALL_USE_NONE},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct ready ready = parse(rows[i].form);

		cr_expect(call_filter_use(&ready, rows[i].number,
					  rows[i].arguments) == rows[i].use,
			  "row %zu: %s", i, rows[i].form);
	}
}

Test(call_filter, calls_of_another_mode_are_left_alone)
{
	struct ready ready = parse("default");
	struct sock_fprog program = {0};
	struct error err = {0};
	struct seccomp_data data = {.arch = AUDIT_ARCH_I386, .nr = SYS_read};

	cr_assert(call_filter_make(&ready, -1, &program, &err) == 0);

	cr_expect(run(&program, &data) == SECCOMP_RET_ALLOW);
	data.arch = AUDIT_ARCH_X86_64;
	cr_expect(run(&program, &data) == SECCOMP_RET_TRACE);
	data.nr |= 0x40000000; /* x32 */
	cr_expect(run(&program, &data) == SECCOMP_RET_ALLOW);
	call_filter_free(&program);
}

Test(call_filter, one_call_more_is_stopped_and_no_other)
{
	struct ready ready = parse("stop");
	struct sock_fprog program = {0};
	struct error err = {0};
	struct seccomp_data data = {.arch = AUDIT_ARCH_X86_64};

	cr_assert(call_filter_make(&ready, -1, &program, &err) == 0);
	cr_assert(call_filter_add(&program, SYS_rt_sigreturn, &err) == 0);

	data.nr = SYS_rt_sigreturn;
	cr_expect(run(&program, &data) == SECCOMP_RET_TRACE);
	data.nr = SYS_rt_sigprocmask;
	cr_expect(run(&program, &data) == SECCOMP_RET_ALLOW);
	data.nr = SYS_exit_group;
	cr_expect(run(&program, &data) == SECCOMP_RET_TRACE);
	data.arch = AUDIT_ARCH_I386;
	data.nr = SYS_rt_sigreturn;
	cr_expect(run(&program, &data) == SECCOMP_RET_ALLOW);
	call_filter_free(&program);
}
