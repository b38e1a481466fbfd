/*
 * call_filter.c - which system calls a ready point wants to see
 */
#include "call_filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capture/blame/resource_calls.h"
#include "capture/state/witness.h"
#include "common/cleanup.h"
#include "common/io.h"

/*
 * @kind: of the ready point, or 0 for any
 * @argument, @mask, @value: the argument with these bits decides, as
 *	descriptors are ints and the upper half of a register is undefined
 */
struct rule {
	enum core_ready kind;
	enum call_use use;
	int number;
	unsigned int argument;
	uint64_t mask;
	uint64_t value;
};

static const uint64_t int_bits = 0xffffffff;

/* clang-format off */
static const struct rule rules[] = {
	{0, CALL_USE_CODE, SYS_mmap, 2, PROT_EXEC, PROT_EXEC},
	{0, CALL_USE_CODE, SYS_mprotect, 2, PROT_EXEC, PROT_EXEC},
	{0, CALL_USE_CODE, SYS_pkey_mprotect, 2, PROT_EXEC, PROT_EXEC},
	{0, CALL_USE_LOCK, SYS_mlockall, 0, 0, 0},
	{0, CALL_USE_PORTS, SYS_iopl, 0, 0, 0},
	{CORE_READY_STDIN, CALL_USE_STDIN, SYS_read, 0, int_bits, 0},
	{CORE_READY_STDIN, CALL_USE_STDIN, SYS_readv, 0, int_bits, 0},
	{CORE_READY_STDIN, CALL_USE_STDIN, SYS_pread64, 0, int_bits, 0},
	{CORE_READY_STDIN, CALL_USE_STDIN, SYS_preadv, 0, int_bits, 0},
	{CORE_READY_STDIN, CALL_USE_STDIN, SYS_preadv2, 0, int_bits, 0},
	{CORE_READY_STDIN, CALL_USE_STDIN, SYS_recvfrom, 0, int_bits, 0},
	{CORE_READY_STDIN, CALL_USE_STDIN, SYS_recvmsg, 0, int_bits, 0},
	{CORE_READY_STDIN, CALL_USE_STDIN, SYS_splice, 0, int_bits, 0},
	{CORE_READY_STDIN, CALL_USE_STDIN, SYS_accept, 0, int_bits, 0},
	{CORE_READY_STDIN, CALL_USE_STDIN, SYS_accept4, 0, int_bits, 0},
	{CORE_READY_STDIN, CALL_USE_STDIN, SYS_sendfile, 1, int_bits, 0},
	{CORE_READY_STDIN, CALL_USE_WAIT, SYS_poll, 0, 0, 0},
	{CORE_READY_STDIN, CALL_USE_WAIT, SYS_ppoll, 0, 0, 0},
	{CORE_READY_STDIN, CALL_USE_WAIT, SYS_select, 0, 0, 0},
	{CORE_READY_STDIN, CALL_USE_WAIT, SYS_pselect6, 0, 0, 0},
	{CORE_READY_STDIN, CALL_USE_WAIT, SYS_epoll_wait, 0, 0, 0},
	{CORE_READY_STDIN, CALL_USE_WAIT, SYS_epoll_pwait, 0, 0, 0},
	{CORE_READY_STDIN, CALL_USE_WAIT, SYS_epoll_pwait2, 0, 0, 0},
	{CORE_READY_NOTIFY, CALL_USE_SEND, SYS_sendto, 0, 0, 0},
	{CORE_READY_NOTIFY, CALL_USE_SEND, SYS_sendmsg, 0, 0, 0},
	{CORE_READY_NOTIFY, CALL_USE_SEND, SYS_sendmmsg, 0, 0, 0},
	{CORE_READY_OUTPUT, CALL_USE_OUTPUT, SYS_write, 0, int_bits, 1},
	{CORE_READY_OUTPUT, CALL_USE_OUTPUT, SYS_write, 0, int_bits, 2},
	{CORE_READY_OUTPUT, CALL_USE_OUTPUT, SYS_writev, 0, int_bits, 1},
	{CORE_READY_OUTPUT, CALL_USE_OUTPUT, SYS_writev, 0, int_bits, 2},
	{CORE_READY_OUTPUT, CALL_USE_OUTPUT, SYS_sendto, 0, int_bits, 1},
};
/* clang-format on */

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

enum {
	RULE_COUNT = sizeof(rules) / sizeof(*rules),
};

static bool is_for(const struct rule *rule, const struct ready *ready)
{
	return rule->kind == 0 || ready_may_be(ready, rule->kind);
}

static bool matches(const struct rule *rule, const struct ready *ready,
		    int64_t number, const uint64_t arguments[6])
{
	return is_for(rule, ready) && rule->number == number &&
	       (arguments[rule->argument] & rule->mask) == rule->value;
}

enum call_use call_filter_use(const struct ready *ready, int64_t number,
			      const uint64_t arguments[6])
{
	if (ready_may_be(ready, CORE_READY_SYSCALL) && number == ready->call &&
	    (ready->fd < 0 || (int)arguments[0] == ready->fd))
		return CALL_USE_NAMED;
	if (number == SYS_exit_group)
		return CALL_USE_EXIT;
	if (number == SYS_execve || number == SYS_execveat)
		return CALL_USE_EXEC;
	for (size_t i = 0; i < RULE_COUNT; i++)
		if (matches(&rules[i], ready, number, arguments))
			return rules[i].use;
	return witness_wants(number, arguments) ? CALL_USE_WITNESS
						: CALL_USE_NONE;
}

static int add_witness(scmp_filter_ctx context, uint32_t action,
		       const struct witness_call *call)
{
	int r = call->argument < 0
			? seccomp_rule_add(context, action, call->number, 0)
			: seccomp_rule_add(context, action, call->number, 1,
					   SCMP_CMP((unsigned)call->argument,
						    SCMP_CMP_MASKED_EQ,
						    int_bits,
						    (uint64_t)call->value));

	return r == -EEXIST ? 0 : r;
}

static int add_resource_call(scmp_filter_ctx context, uint32_t action,
			     const struct resource_call *call)
{
	int r = call->mask == 0
			? seccomp_rule_add(context, action, call->number, 0)
			: seccomp_rule_add(context, action, call->number, 1,
					   SCMP_CMP(call->test,
						    SCMP_CMP_MASKED_EQ,
						    call->mask, call->value));

	return r == -EEXIST ? 0 : r;
}

/* What ends a descriptor matters only to its story. */
static int add_endings(scmp_filter_ctx context, uint32_t action, int fd)
{
	int r = seccomp_rule_add(
		context, action, SYS_close, 1,
		SCMP_A0(SCMP_CMP_MASKED_EQ, int_bits, (uint64_t)fd));

	if (r == 0)
		r = seccomp_rule_add(context, action, SYS_close_range, 0);
	return r == -EEXIST ? 0 : r;
}

static int add_rules(scmp_filter_ctx context, const struct ready *ready,
		     int explained)
{
	const uint32_t action = SCMP_ACT_TRACE(0);
	int r = seccomp_rule_add(context, action, SYS_exit_group, 0);

	if (r == 0)
		r = seccomp_rule_add(context, action, SYS_execve, 0);
	if (r == 0)
		r = seccomp_rule_add(context, action, SYS_execveat, 0);
	for (size_t i = 0; r == 0 && i < resource_call_count; i++)
		r = add_resource_call(context, action, &resource_calls[i]);
	if (r == 0 && explained >= 0)
		r = add_endings(context, action, explained);
	for (size_t i = 0; r == 0 && witness_calls[i].number >= 0; i++)
		r = add_witness(context, action, &witness_calls[i]);

	if (r == 0 && ready_may_be(ready, CORE_READY_SYSCALL)) {
		if (ready->fd < 0)
			r = seccomp_rule_add(context, action, (int)ready->call,
					     0);
		else
			r = seccomp_rule_add(
				context, action, (int)ready->call, 1,
				SCMP_A0(SCMP_CMP_MASKED_EQ, int_bits,
					(uint64_t)ready->fd));
		if (r == -EEXIST)
			r = 0;
	}
	for (size_t i = 0; r == 0 && i < RULE_COUNT; i++) {
		const struct rule *rule = &rules[i];

		if (!is_for(rule, ready))
			continue;
		if (rule->mask == 0)
			r = seccomp_rule_add(context, action, rule->number, 0);
		else
			r = seccomp_rule_add(context, action, rule->number, 1,
					     SCMP_CMP(rule->argument,
						      SCMP_CMP_MASKED_EQ,
						      rule->mask, rule->value));
		/* The same call may be wanted for two reasons. */
		if (r == -EEXIST)
			r = 0;
	}
	return r;
}

/* libseccomp hands a program out through a descriptor only. */
static int export(scmp_filter_ctx context, struct sock_fprog *ret_program)
{
	cleanup_fd int fd = memfd_create("filter", MFD_CLOEXEC);
	struct stat status;
	int r = fd < 0 ? -errno : seccomp_export_bpf(context, fd);

	if (r < 0 || fstat(fd, &status) < 0)
		return r < 0 ? r : -errno;
	ret_program->len = (unsigned short)((size_t)status.st_size /
					    sizeof(*ret_program->filter));
	ret_program->filter = malloc((size_t)status.st_size);
	if (!ret_program->filter)
		return -ENOMEM;
	return io_pread_all(fd, ret_program->filter, (size_t)status.st_size, 0);
}

int call_filter_make(const struct ready *ready, int explained,
		     struct sock_fprog *ret_program, struct error *err)
{
	scmp_filter_ctx context = seccomp_init(SCMP_ACT_ALLOW);
	int r = context ? 0 : -ENOMEM;

	/* Code of another mode is none of ours, not a reason to kill. */
	if (r == 0)
		r = seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH,
				     SCMP_ACT_ALLOW);
	if (r == 0)
		r = seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (r == 0)
		r = add_rules(context, ready, explained);
	if (r == 0)
		r = export(context, ret_program);
	seccomp_release(context);
	if (r < 0)
		return error_system(err, -r, "cannot make a seccomp filter");
	return 0;
}

#define LOAD(field) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define LOAD_UPPER(field)                  \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, \
		 offsetof(struct seccomp_data, field) + 4)
/* To the next instruction, or over @rest others. */
#define UNLESS(value, rest) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, rest)

/* Before what it has. */
static int put_before(struct sock_fprog *program,
		      const struct sock_filter *instructions, size_t count,
		      struct error *err)
{
	const size_t size = program->len * sizeof(*program->filter);
	struct sock_filter *filter =
		malloc(count * sizeof(*instructions) + size);

	if (!filter)
		return error_system(err, ENOMEM,
				    "cannot make a seccomp filter");
	memcpy(filter, instructions, count * sizeof(*instructions));
	memcpy(filter + count, program->filter, size);
	free(program->filter);
	program->filter = filter;
	program->len = (unsigned short)(program->len + count);
	return 0;
}

/* libseccomp has no rules about where a call is made from. */
int call_filter_except(struct sock_fprog *program, uint64_t place,
		       struct error *err)
{
	const struct sock_filter exception[] = {
		LOAD_UPPER(instruction_pointer),
		UNLESS((uint32_t)(place >> 32), 4),
		LOAD(instruction_pointer),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K,
			 ~(uint32_t)(CALL_FILTER_EXCEPTED - 1)),
		UNLESS((uint32_t)place, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	return put_before(program, exception, COUNT(exception), err);
}

int call_filter_add(struct sock_fprog *program, int number, struct error *err)
{
	const struct sock_filter addition[] = {
		LOAD(arch),
		UNLESS(seccomp_arch_native(), 3),
		LOAD(nr),
		UNLESS((uint32_t)number, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
	};

	return put_before(program, addition, COUNT(addition), err);
}

void call_filter_free(struct sock_fprog *program)
{
	free(program->filter);
	*program = (struct sock_fprog){0};
}
