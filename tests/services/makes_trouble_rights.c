/*
 * What a process may do and where it belongs, changed by itself.
 */
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sched.h>
#include <sys/io.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "makes_trouble.h"

enum {
	SOME_PORT = 0x80,
};

int filter_calls(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {1, code};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

int confine(void)
{
	const struct landlock_ruleset_attr rules = {
		.handled_access_fs = LANDLOCK_ACCESS_FS_MAKE_SOCK,
	};
	int fd = (int)syscall(SYS_landlock_create_ruleset, &rules,
			      sizeof(rules), 0);

	if (fd < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		return -1;
	return close(fd);
}

/* All calls may be made, from everywhere. */
static int make_user_dispatch(void)
{
	static char selector = SYSCALL_DISPATCH_FILTER_ALLOW;

	return prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0,
		     1UL << 47, &selector);
}

static int make_user(void)
{
	return getuid() == NOBODY ? -1 : setresuid(NOBODY, NOBODY, NOBODY);
}

static int make_groups(void)
{
	const gid_t group = NOBODY;

	return setgroups(1, &group);
}

static int make_fewer_capabilities(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3,
						  0};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0 ||
	    !(data[0].permitted & 1U << CAP_CHOWN))
		return -1;
	data[0].permitted &= ~(1U << CAP_CHOWN);
	data[0].effective &= ~(1U << CAP_CHOWN);
	return (int)syscall(SYS_capset, &header, data);
}

static int make_narrower_bound(void)
{
	return prctl(PR_CAPBSET_DROP, CAP_CHOWN, 0, 0, 0);
}

static int make_secure_bits(void)
{
	return prctl(PR_SET_SECUREBITS, SECBIT_NOROOT, 0, 0, 0);
}

static int make_group_leader(void)
{
	return getpgrp() == getpid() ? -1 : setpgid(0, 0);
}

static int make_session_leader(void)
{
	return setsid() < 0 ? -1 : 0;
}

/* Who may not have a namespace of another kind may have one of users. */
static int unshare_namespace(int flag)
{
	return unshare(flag) == 0 ? 0 : unshare(CLONE_NEWUSER | flag);
}

static int make_own_name(void)
{
	return unshare_namespace(CLONE_NEWUTS);
}

/* Only its children would be in it. */
static int make_own_pids(void)
{
	return unshare_namespace(CLONE_NEWPID);
}

static int make_own_root(void)
{
	return chroot(".");
}

static int make_session_keys(void)
{
	return (int)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
}

static int make_process_keys(void)
{
	return (int)syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID,
			    KEY_SPEC_PROCESS_KEYRING, 1);
}

static int make_thread_keys(void)
{
	return (int)syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID,
			    KEY_SPEC_THREAD_KEYRING, 1);
}

/* Of SELinux, where the policy lets it; of others there is none like it. */
static int make_label(void)
{
	static const char label[] = "system_u:system_r:initrc_t:s0";
	int fd = open("/proc/self/attr/current", O_WRONLY | O_CLOEXEC);

	return fd < 0 || write(fd, label, sizeof(label)) < 0 ? -1 : close(fd);
}

static int make_io_level(void)
{
	return iopl(3);
}

static int make_io_permission(void)
{
	return ioperm(SOME_PORT, 1, 1);
}

static const struct trouble items[] = {
	{"seccomp", filter_calls},
	{"landlock", confine},
	{"user-dispatch", make_user_dispatch},
	{"setuid", make_user},
	{"setgroups", make_groups},
	{"drop-caps", make_fewer_capabilities},
	{"drop-bounding", make_narrower_bound},
	{"securebits", make_secure_bits},
	{"setpgid", make_group_leader},
	{"setsid", make_session_leader},
	{"unshare-uts", make_own_name},
	{"unshare-pid", make_own_pids},
	{"chroot", make_own_root},
	{"session-keyring", make_session_keys},
	{"process-keyring", make_process_keys},
	{"thread-keyring", make_thread_keys},
	{"label", make_label},
	{"iopl", make_io_level},
	{"ioperm", make_io_permission},
};

const struct troubles right_troubles = {items, sizeof(items) / sizeof(*items)};
