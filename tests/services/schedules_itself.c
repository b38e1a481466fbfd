/*
 * When and where a process wants to run: policy, affinity, priority of its
 * input and output, the node of its memory, and its personality.
 */
#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "service.h"

enum {
	BEST_EFFORT_6 = IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 6),
	NODES = 1024,
};

static int last_cpu(void)
{
	cpu_set_t allowed;
	int last = 0;

	sched_getaffinity(0, sizeof(allowed), &allowed);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed))
			last = cpu;
	return last;
}

/* Policy and first node, or -1 where they cannot be asked. */
static int memory_policy(unsigned long *node)
{
	unsigned long nodes[NODES / (8 * sizeof(long))] = {0};
	int policy = -1;

	if (syscall(SYS_get_mempolicy, &policy, nodes, NODES, 0, 0) < 0)
		return -1;
	*node = nodes[0];
	return policy;
}

int main(void)
{
	const struct sched_param nothing = {0};
	unsigned long first = 1, node = 0;
	int cpu = last_cpu(), has_node;
	cpu_set_t one, now;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	service_check(sched_setaffinity(0, sizeof(one), &one) == 0);
	setpriority(PRIO_PROCESS, 0, 7);
	service_check(sched_setscheduler(0, SCHED_BATCH | SCHED_RESET_ON_FORK,
					 &nothing) == 0);
	service_check(syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
			      BEST_EFFORT_6) == 0);
	personality(ADDR_NO_RANDOMIZE);
	has_node = syscall(SYS_set_mempolicy, MPOL_PREFERRED, &first, 64) == 0;

	service_ready();

	service_check(sched_getaffinity(0, sizeof(now), &now) == 0);
	service_check(CPU_EQUAL(&now, &one));
	service_check(sched_getcpu() == cpu);
	service_check(sched_getscheduler(0) ==
		      (SCHED_BATCH | SCHED_RESET_ON_FORK));
	service_check(getpriority(PRIO_PROCESS, 0) == 7);
	service_check(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0) ==
		      BEST_EFFORT_6);
	service_check(personality(0xffffffff) == ADDR_NO_RANDOMIZE);
	if (has_node) {
		service_check(memory_policy(&node) == MPOL_PREFERRED);
		service_check(node == first);
	}
	return service_end();
}
