/*
 * surroundings.c - what the kernel shows of a process besides its memory
 */
#include "surroundings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/text.h"
#include "stat_line.h"

/*
 * @source: a key of /proc/PID/status with its colon, or a file or link below
 *	/proc/PID
 */
static const struct {
	const char *name;
	const char *source;
} rows[SURROUNDING_COUNT] = {
	[SURROUNDING_USERS] = {"user ids", "Uid:"},
	[SURROUNDING_GROUPS] = {"group ids", "Gid:"},
	[SURROUNDING_MORE_GROUPS] = {"supplementary groups", "Groups:"},
	[SURROUNDING_INHERITABLE] = {"inheritable capabilities", "CapInh:"},
	[SURROUNDING_PERMITTED] = {"permitted capabilities", "CapPrm:"},
	[SURROUNDING_EFFECTIVE] = {"effective capabilities", "CapEff:"},
	[SURROUNDING_BOUNDING] = {"capability bounding set", "CapBnd:"},
	[SURROUNDING_AMBIENT] = {"ambient capabilities", "CapAmb:"},
	[SURROUNDING_SECCOMP] = {"seccomp mode", "Seccomp:"},
	[SURROUNDING_FILTERS] = {"seccomp filters", "Seccomp_filters:"},
	[SURROUNDING_NODES] = {"memory nodes", "Mems_allowed_list:"},
	[SURROUNDING_SESSION] = {"process group and session", "stat"},
	[SURROUNDING_ROOT] = {"root folder", "root"},
	[SURROUNDING_CORE_FILTER] = {"core dump filter", "coredump_filter"},
	[SURROUNDING_OOM_ADJUST] = {"OOM score", "oom_score_adj"},
	[SURROUNDING_LABEL] = {"security label", "attr/current"},
	[SURROUNDING_NAMESPACES] = {"cgroup namespace", "ns/cgroup"},
	{"IPC namespace", "ns/ipc"},
	{"mount namespace", "ns/mnt"},
	{"network namespace", "ns/net"},
	{"pid namespace", "ns/pid"},
	{"pid namespace for children", "ns/pid_for_children"},
	{"time namespace", "ns/time"},
	{"time namespace for children", "ns/time_for_children"},
	[SURROUNDING_USER_NAMESPACE] = {"user namespace", "ns/user"},
	{"UTS namespace", "ns/uts"},
};

const char *surrounding_name(enum surrounding which)
{
	return rows[which].name;
}

static void keep(char text[SURROUNDING_SIZE], const char *from, size_t length)
{
	if (length >= SURROUNDING_SIZE)
		length = SURROUNDING_SIZE - 1;
	memcpy(text, from, length);
	text[length] = '\0';
}

/* The value behind "\nKey:" with its blanks folded into one each. */
static void take_status(const char *status, const char *key,
			char text[SURROUNDING_SIZE])
{
	const char *at = status;
	size_t used;

	while (strncmp(at, key, strlen(key)) != 0) {
		at = strchr(at, '\n');
		if (!at)
			return;
		at++;
	}
	at += strlen(key);
	skip_blanks(&at);
	keep(text, at, strcspn(at, "\n"));
	for (char *tab = text; (tab = strchr(tab, '\t')); tab++)
		*tab = ' ';
	for (used = strlen(text); used > 0 && text[used - 1] == ' '; used--)
		text[used - 1] = '\0';
}

/* Group, session and terminal. */
static void take_session(const char *stat, char text[SURROUNDING_SIZE])
{
	const char *at = stat_field(stat, STAT_GROUP);
	const char *end = stat_field(stat, STAT_TERMINAL + 1);

	if (at && end)
		keep(text, at, (size_t)(end - at - 1));
}

/* @task: what comes behind /proc/ */
static void read_row(enum surrounding which, const char *task,
		     const char *status, char text[SURROUNDING_SIZE])
{
	const char *source = rows[which].source;
	cleanup_heap char *file = NULL;
	char path[128];

	snprintf(path, sizeof(path), "/proc/%s/%s", task, source);
	if (strchr(source, ':')) {
		take_status(status, source, text);
	} else if (which >= SURROUNDING_NAMESPACES ||
		   which == SURROUNDING_ROOT) {
		if (io_read_link(path, text, SURROUNDING_SIZE) < 0)
			text[0] = '\0';
	} else if (io_read_file(path, &file, NULL) == 0) {
		if (which == SURROUNDING_SESSION)
			take_session(file, text);
		else
			keep(text, file, strcspn(file, "\n"));
	}
}

bool surrounding_is_of_thread(enum surrounding which)
{
	return strchr(rows[which].source, ':') != NULL ||
	       which == SURROUNDING_LABEL || which >= SURROUNDING_NAMESPACES;
}

int surroundings_read_thread(struct surroundings *ret_surroundings, pid_t pid,
			     pid_t tid, struct error *err)
{
	cleanup_heap char *status = NULL;
	char task[64];
	int r;

	*ret_surroundings = (struct surroundings){0};
	snprintf(task, sizeof(task), "%d/task/%d", pid, tid);
	r = io_read_filef(&status, NULL, "/proc/%s/status", task);
	if (r < 0)
		return error_system(err, -r, "cannot read '/proc/%s/status'",
				    task);
	for (int i = 0; i < SURROUNDING_COUNT; i++)
		if (surrounding_is_of_thread(i))
			read_row(i, task, status, ret_surroundings->texts[i]);
	return 0;
}

static int read_stream_flags(pid_t pid, int fd)
{
	cleanup_heap char *text = NULL;
	const char *at;
	uint64_t flags;

	if (io_read_filef(&text, NULL, "/proc/%d/fdinfo/%d", pid, fd) < 0)
		return -1;
	at = strstr(text, "flags:");
	if (!at || !take_word(&at, "flags:"))
		return -1;
	skip_blanks(&at);
	return take_octal(&at, &flags) ? (int)flags : -1;
}

/* What none of the files in /proc tells, of a copy; pidfd_getfd(2), Linux 5.6. */
static void read_stream_signals(pid_t pid, struct stream_signal signals[3])
{
	cleanup_fd int process = pidfd_open(pid, 0);

	for (int i = 0; process >= 0 && i < 3; i++) {
		cleanup_fd int fd = pidfd_getfd(process, i, 0);
		struct f_owner_ex owner = {0};
		int number;

		if (fd < 0 || fcntl(fd, F_GETOWN_EX, &owner) < 0)
			continue;
		number = fcntl(fd, F_GETSIG);
		signals[i] = (struct stream_signal){
			.owner_kind = owner.pid ? (int)owner.type : 0,
			.owner = owner.pid,
			.number = number > 0 ? number : 0,
		};
	}
}

static void read_umask(const char *status, uint32_t *ret_umask)
{
	char text[SURROUNDING_SIZE] = "";
	const char *at = text;
	uint64_t mask;

	take_status(status, "Umask:", text);
	if (take_octal(&at, &mask))
		*ret_umask = (uint32_t)mask;
}

int surroundings_read(struct surroundings *ret_surroundings, pid_t pid,
		      struct error *err)
{
	struct surroundings *s = ret_surroundings;
	cleanup_heap char *status = NULL;
	char path[64], task[16];
	int r;

	*s = (struct surroundings){0};
	snprintf(task, sizeof(task), "%d", pid);
	r = io_read_filef(&status, NULL, "/proc/%d/status", pid);
	if (r < 0)
		return error_system(err, -r, "cannot read '/proc/%d/status'",
				    pid);
	for (int i = 0; i < SURROUNDING_COUNT; i++)
		read_row(i, task, status, s->texts[i]);
	read_umask(status, &s->umask);
	for (int i = 0; i < 3; i++)
		s->stream_flags[i] = read_stream_flags(pid, i);
	read_stream_signals(pid, s->stream_signals);
	/* Not of one that has become another user, which is refused anyway. */
	for (int i = 0; i < (int)RLIM_NLIMITS; i++)
		if (prlimit(pid, i, NULL, &s->limits[i]) < 0 && errno != EPERM)
			return error_system(err, errno,
					    "cannot read the limits of pid %d",
					    pid);
	snprintf(path, sizeof(path), "/proc/%d/cwd", pid);
	r = io_read_link(path, s->working_folder, sizeof(s->working_folder));
	if (r < 0)
		return error_system(err, -r, "cannot read '%s'", path);
	return 0;
}
