/*
 * test_witness.c - calls that leave no trace are understood when they are made
 *
 * The "tracee" is this process.
 */
#include <linux/membarrier.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capture/state/witness.h"
#include "tests/expect.h"

static struct witness see(int64_t number, uint64_t first, uint64_t second,
			  uint64_t third)
{
	const struct tracee self = {.pid = getpid()};
	const struct stop stop = {.number = number,
				  .arguments = {first, second, third}};
	struct witness witness = {0};

	witness_see(&witness, &self, &stop);
	return witness;
}

Test(witness, wants_only_what_it_understands)
{
	cr_expect(witness_wants(SYS_semop, (uint64_t[6]){0}));
	cr_expect(witness_wants(SYS_getpid, (uint64_t[6]){0}));
	cr_expect(!witness_wants(SYS_read, (uint64_t[6]){0}));
	cr_expect(witness_wants(SYS_prctl, (uint64_t[6]){PR_SET_NO_NEW_PRIVS}));
	cr_expect(!witness_wants(SYS_prctl, (uint64_t[6]){PR_SET_NAME}));
}

Test(witness, undo_is_read_from_the_operations)
{
	const struct sembuf plain[2] = {{.sem_op = 1}, {.sem_op = 1}};
	const struct sembuf undo[2] = {{.sem_op = 1},
				       {.sem_op = 1, .sem_flg = SEM_UNDO}};

	cr_expect(!see(SYS_semop, 0, (uintptr_t)plain, 2).semaphore_undo);
	cr_expect(see(SYS_semop, 0, (uintptr_t)undo, 2).semaphore_undo);
	cr_expect(see(SYS_semtimedop, 0, (uintptr_t)undo, 2).semaphore_undo);
	cr_expect(!see(SYS_semop, 0, (uintptr_t)undo, 1).semaphore_undo);
	cr_expect(!see(SYS_semop, 0, 8, 2).semaphore_undo, "EFAULT");
	cr_expect(!see(SYS_semop, 0, (uintptr_t)undo, 5000).semaphore_undo);
}

Test(witness, randomness_is_counted_but_for_the_allocators)
{
	cr_expect(see(SYS_getrandom, 0, 24, 1).random_bytes == 24);
	cr_expect(see(SYS_getrandom, 0, 8, 1).random_bytes == 0);
	cr_expect(see(SYS_getrandom, 0, 8, 0).random_bytes == 8);
}

Test(witness, barriers_of_others_are_wanted_when_registered_for)
{
	const uint64_t wants = MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED;
	const uint64_t own = MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED;

	cr_expect(see(SYS_membarrier, wants, 0, 0).wants_barriers);
	cr_expect(!witness_wants(SYS_membarrier, (uint64_t[6]){own}));
}

/* As rt_sigaction(2) of the kernel takes it. */
static uint64_t ignoring[4] = {1, 0, 0, 7};

Test(witness, action_of_sigtrap_is_mended_where_it_was_reset)
{
	struct witness witness =
		see(SYS_rt_sigaction, SIGTRAP, (uintptr_t)ignoring, 0);
	struct core_signal signals[CORE_SIGNALS] = {0};

	witness_mend(&witness, signals);
	cr_expect(signals[SIGTRAP - 1].handler == 1);
	cr_expect(signals[SIGTRAP - 1].mask == 7);
	signals[SIGTRAP - 1].handler = 4711;
	witness_mend(&witness, signals);
	cr_expect(signals[SIGTRAP - 1].handler == 4711, "it was not reset");
	cr_expect(!see(SYS_rt_sigaction, SIGTRAP, 0, 0).has_trap, "a question");
}

Test(witness, findings_say_what_was_seen)
{
	const struct witness all = {.semaphore_undo = true,
				    .port_level = true,
				    .random_bytes = 5,
				    .pid_asked = 2};
	const struct tracee self = {.pid = getpid()};
	struct audit audit = {0};

	witness_report(&all, true, &self, &audit);

	cr_assert(audit.count == 4 && audit_refused(&audit) == 2);
	expect_text(audit.items[0].subject, "semaphore");
	expect_text(audit.items[1].subject, "I/O ports");
	expect_text(audit.items[2].subject, "process id");
	expect_text(audit.items[3].subject, "randomness");
	audit_deinit(&audit);
	witness_report(&(struct witness){0}, true, &self, &audit);
	cr_expect(audit.count == 0);
}
