/*
 * registers_barriers COMMAND...: registers with membarrier(2) for barriers of the
 * kinds in question, and for no others
 */
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "service.h"

enum {
	GET_REGISTRATIONS = 1 << 9, /* since Linux 6.3 */
};

static const struct {
	int command;
	int registration;
} kinds[] = {
	{MEMBARRIER_CMD_PRIVATE_EXPEDITED,
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED},
	{MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE,
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE},
	{MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ,
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ},
};

static int membarrier(int command)
{
	return (int)syscall(SYS_membarrier, command, 0, 0);
}

/* Of the first kind the kernel also tells when it is any other. */
static int is_told(int registered)
{
	const int first = MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED;
	int told = membarrier(GET_REGISTRATIONS);

	return told < 0 || (told & ~first) == (registered & ~first);
}

/* In its second life the kernel may tell what it did not in the first. */
int main(int argc, char *argv[])
{
	char line[16];
	int registered = 0;

	for (int i = 1; i < argc; i++)
		registered |= atoi(argv[i]);
	for (int command = 1; command <= registered; command <<= 1)
		if (command & registered)
			service_check(membarrier(command) == 0);

	if (!fgets(line, sizeof(line), stdin))
		return EXIT_FAILURE;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		service_check((membarrier(kinds[i].command) == 0) ==
			      ((registered & kinds[i].registration) != 0));
	service_check(is_told(registered));
	return service_end();
}
