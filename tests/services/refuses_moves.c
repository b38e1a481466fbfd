/*
 * refuses_moves aside|place PROGRAM [ARGUMENT]...: the kernel does not move the
 * memory at 0x20000000000 away, or moves nothing there, as if it had no memory
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	HIGH_HALF = 0x200,
	FROM = offsetof(struct seccomp_data, args[0]),
	TO = offsetof(struct seccomp_data, args[4]),
};

#define LOAD(at)       BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (at))
#define UNLESS(is, by) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (is), 0, (by))

int main(int argc, char *argv[])
{
	const unsigned int at =
		argc > 1 && strcmp(argv[1], "aside") == 0 ? FROM : TO;
	struct sock_filter code[] = {
		LOAD(offsetof(struct seccomp_data, nr)),
		UNLESS(SYS_mremap, 5),
		LOAD(at),
		UNLESS(0, 3),
		LOAD(at + 4),
		UNLESS(HIGH_HALF, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOMEM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog filter = {8, code};

	if (argc < 3 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0)
		return 77;
	execv(argv[2], argv + 2);
	return EXIT_FAILURE;
}
