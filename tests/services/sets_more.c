/*
 * sets_more [mdwe]: what else a process sets about itself
 *
 * What this machine or this user does not allow stays as it is, and must be so
 * afterwards.  With mdwe, what is writable can never be made executable.
 */
#include <fcntl.h>
#include <linux/membarrier.h>
#include <linux/prctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "service.h"

enum {
	PAGE = 4096,
	GET_REGISTRATIONS = 1 << 9, /* of membarrier(), since Linux 6.3 */
	SET_MDWE = 65,		    /* PR_SET_MDWE, since Linux 6.3 */
	GET_MDWE = 66,
	REFUSE_EXEC_GAIN = 1,
	SET_MEMORY_MERGE = 67, /* PR_SET_MEMORY_MERGE, since Linux 6.4 */
	GET_MEMORY_MERGE = 68,
	EXCEPT_ADVISED = 2, /* PR_THP_DISABLE_EXCEPT_ADVISED, Linux 6.18 */
	SET_TIMER_IDS = 77, /* PR_TIMER_CREATE_RESTORE_IDS, Linux 6.15 */
	GET_TIMER_IDS = 2,
	REGISTERED = MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED |
		     MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED |
		     MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE |
		     MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ,
};

/* Set with prctl(set, first, second), asked with prctl(get, first). */
static const struct attribute {
	int set;
	unsigned long first, second;
	int get, expected;
} attributes[] = {
	{PR_SET_KEEPCAPS, 1, 0, PR_GET_KEEPCAPS, 1},
	{PR_SET_NO_NEW_PRIVS, 1, 0, PR_GET_NO_NEW_PRIVS, 1},
	{PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, PR_MCE_KILL_GET,
	 PR_MCE_KILL_EARLY},
	{SET_MEMORY_MERGE, 1, 0, GET_MEMORY_MERGE, 1},
	{PR_SET_IO_FLUSHER, 1, 0, PR_GET_IO_FLUSHER, 1},
	{PR_SET_THP_DISABLE, 1, EXCEPT_ADVISED, PR_GET_THP_DISABLE,
	 1 | EXCEPT_ADVISED},
	{SET_TIMER_IDS, 1, 0, SET_TIMER_IDS, 1},
	{PR_SET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, PR_SPEC_DISABLE,
	 PR_GET_SPECULATION_CTRL, PR_SPEC_PRCTL | PR_SPEC_DISABLE},
};

enum {
	ATTRIBUTES = sizeof(attributes) / sizeof(*attributes),
};

static int get(const struct attribute *a)
{
	unsigned long first = 0;

	if (a->get == PR_GET_SPECULATION_CTRL)
		first = a->first;
	if (a->get == SET_TIMER_IDS)
		first = GET_TIMER_IDS;
	return prctl(a->get, first, 0, 0, 0);
}

static int membarrier(int command)
{
	return (int)syscall(SYS_membarrier, command, 0, 0);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	service_check(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static int file_is(const char *path, const char *expected)
{
	char text[64] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = read(fd, text, sizeof(text) - 1);

	close(fd);
	return size > 0 && strcmp(text, expected) == 0;
}

int main(int argc, char *argv[])
{
	int is_mdwe = argc > 1 && strcmp(argv[1], "mdwe") == 0;
	int expected[ATTRIBUTES], registered;
	void *writable = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; i < ATTRIBUTES; i++) {
		const struct attribute *a = &attributes[i];
		int is_set = prctl(a->set, a->first, a->second, 0, 0) == 0;

		expected[i] = is_set ? a->expected : get(a);
	}
	for (int command = 1; command <= REGISTERED; command <<= 1)
		if (command & REGISTERED)
			service_check(membarrier(command) == 0);
	registered = membarrier(GET_REGISTRATIONS);
	service_check(registered == REGISTERED || registered < 0);
	write_file("/proc/self/coredump_filter", "0x7f");
	write_file("/proc/self/oom_score_adj", "789");
	fcntl(STDIN_FILENO, F_SETFD, FD_CLOEXEC);
	if (is_mdwe)
		is_mdwe = prctl(SET_MDWE, REFUSE_EXEC_GAIN, 0, 0, 0) == 0;

	service_ready();

	for (int i = 0; i < ATTRIBUTES; i++)
		if (get(&attributes[i]) != expected[i]) {
			printf("prctl(%d) is lost\n", attributes[i].set);
			service_failures++;
		}
	service_check(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0);
	service_check(membarrier(GET_REGISTRATIONS) == registered);
	service_check(file_is("/proc/self/coredump_filter", "0000007f\n"));
	service_check(file_is("/proc/self/oom_score_adj", "789\n"));
	service_check(fcntl(STDIN_FILENO, F_GETFD) == FD_CLOEXEC);
	service_check(fcntl(STDOUT_FILENO, F_GETFD) == 0);
	service_check(!is_mdwe ||
		      prctl(GET_MDWE, 0, 0, 0, 0) == REFUSE_EXEC_GAIN);
	service_check((mprotect(writable, PAGE, PROT_READ | PROT_EXEC) < 0) ==
		      is_mdwe);
	return service_end();
}
