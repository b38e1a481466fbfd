/*
 * record.c - a restore that finds out which pages a service needs
 *
 * Input that comes from a file or a pipe goes through a pipe of ours, which
 * stays open until the service sleeps: what it does at the end of its input is
 * not what the next request needs.
 */
#include "record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/text.h"
#include "touched.h"
#include "working_set.h"

enum {
	STATUS_FAILED = 125,
	STATUS_SIGNALLED = 128,
	OPTIONS = PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL,
	LOOK_MS = 20,
	LOOKS = 5, /* asleep so often in a row, it has answered */
};

/*
 * @signals: what is to be heard of, as a descriptor
 * @buffer: input that is on its way, from @sent to @filled
 * @is_fed: the service has got some
 * @asleep: how often in a row it was
 * @has_read: what was touched by then is kept
 */
struct watch {
	const struct record *record;
	const struct core *core;
	const struct plan *plan;
	int signals;
	int input;
	char buffer[4096];
	size_t sent;
	size_t filled;
	bool is_fed;
	bool at_end;
	int asleep;
	bool has_read;
	bool has_ended;
	struct recorded recorded;
};

/* A terminal is shared, and a socket is more than input. */
static bool is_relayed(void)
{
	struct stat status;

	return fstat(STDIN_FILENO, &status) == 0 &&
	       (S_ISREG(status.st_mode) || S_ISFIFO(status.st_mode));
}

/* Sockets that are meant for us are the service's (sd_listen_fds(3)). */
static void hand_on_listeners(void)
{
	const char *text = getenv("LISTEN_PID");
	char pid[16];
	uint64_t value;

	if (!text || !take_decimal(&text, &value) || *text ||
	    value != (uint64_t)getppid())
		return;
	snprintf(pid, sizeof(pid), "%d", getpid());
	setenv("LISTEN_PID", pid, 1);
}

static void be_child(int go[2], int input[2])
{
	char word;

	hand_on_listeners();
	close(go[1]);
	if (read(go[0], &word, 1) != 1)
		_exit(STATUS_FAILED);
	close(go[0]);
	if (input[0] < 0)
		return;
	dup2(input[0], STDIN_FILENO);
	close(input[0]);
	close(input[1]);
}

int record_start(struct record *ret_record, const struct core *core,
		 const char *path, struct error *err)
{
	int go[2], input[2] = {-1, -1};
	struct record record = {.core_fd = open(path, O_RDWR | O_CLOEXEC)};

	if (record.core_fd < 0)
		return error_system(err, errno, "cannot record in '%s'", path);
	if (core->image->working_set == 0)
		return error_set(err, FAULT_UNSUPPORTED,
				 "cannot record in '%s': it has no room for "
				 "that",
				 path);
	if (pipe2(go, O_CLOEXEC) < 0 ||
	    (is_relayed() && pipe2(input, O_CLOEXEC) < 0))
		return error_system(err, errno, "cannot make a pipe");
	record.child = fork();
	if (record.child < 0)
		return error_system(err, errno, "cannot start the service");
	if (record.child == 0) {
		close(record.core_fd);
		be_child(go, input);
	} else {
		close(go[0]);
		cleanup_close(&input[0]);
		record.go = go[1];
		record.input = input[1];
	}
	*ret_record = record;
	return 0;
}

static int listen_for_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int begin(struct watch *watch, const struct record *record,
		 struct error *err)
{
	signal(SIGPIPE, SIG_IGN); /* a service may leave its input unread */
	watch->signals = listen_for_signals();
	if (watch->signals < 0)
		return error_system(err, errno, "cannot wait for signals");
	if (record->input >= 0)
		fcntl(record->input, F_SETFL, O_NONBLOCK);
	if (ptrace(PTRACE_SEIZE, record->child, NULL, (void *)OPTIONS) < 0) {
		error_system(err, errno, "cannot watch the service");
		error_hint(err, "Without --record it can be restored.");
		return -err->code;
	}
	/* It may have been killed meanwhile, which is seen later. */
	if (write(record->go, "", 1) != 1)
		watch->at_end = true;
	close(record->go);
	return 0;
}

/* The first time counts, and is kept at once: nobody knows how it goes on. */
static int take(struct watch *watch, struct error *err)
{
	struct touched touched = {0};
	int r;

	if (watch->has_read)
		return 0;
	watch->has_read = true;
	r = touched_read(&touched, watch->record->child, watch->core,
			 watch->plan, err);
	watch->recorded.pages = touched_pages(&touched);
	touched_shorten(&touched, watch->core, WORKING_SET_MAX);
	watch->recorded.ranges = touched.count;
	/* None, where it was not restored. */
	if (r == 0 && touched.count > 0)
		r = working_set_write(watch->record->core_fd, watch->core,
				      touched.items, touched.count, err);
	touched_deinit(&touched);
	return r;
}

static int take_signals(struct watch *watch, struct error *err)
{
	struct signalfd_siginfo info;
	int r = 0;

	while (r == 0 && read(watch->signals, &info, sizeof(info)) ==
				 (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			continue;
		r = take(watch, err);
		/* A terminal has sent it to the service, too. */
		if (info.ssi_code != SI_KERNEL)
			kill(watch->record->child, (int)info.ssi_signo);
	}
	return r;
}

static int take_stops(struct watch *watch, struct error *err)
{
	const pid_t child = watch->record->child;
	int status;
	int r = 0;

	while (!watch->has_ended &&
	       waitpid(child, &status, WNOHANG | __WALL) == child) {
		const int event = status >> 16;

		if (!WIFSTOPPED(status)) {
			watch->has_ended = true;
			watch->recorded.status =
				WIFSIGNALED(status)
					? STATUS_SIGNALLED + WTERMSIG(status)
					: WEXITSTATUS(status);
			break;
		}
		if (event == PTRACE_EVENT_EXIT && r == 0)
			r = take(watch, err);
		if (event == PTRACE_EVENT_STOP && WSTOPSIG(status) != SIGTRAP)
			ptrace(PTRACE_LISTEN, child, NULL, NULL);
		else
			ptrace(PTRACE_CONT, child, NULL,
			       (void *)(uintptr_t)(event ? 0
							 : WSTOPSIG(status)));
	}
	return r;
}

static void end_input(struct watch *watch)
{
	cleanup_close(&watch->input);
}

/* From our input to our pipe; what the service has closed is at its end. */
static void relay(struct watch *watch)
{
	ssize_t count;

	if (watch->sent == watch->filled) {
		count = read(STDIN_FILENO, watch->buffer,
			     sizeof(watch->buffer));
		watch->sent = 0;
		watch->filled = count > 0 ? (size_t)count : 0;
		watch->at_end = count == 0 || (count < 0 && errno != EINTR);
		if (watch->at_end && !watch->is_fed)
			end_input(watch);
		return;
	}
	count = write(watch->input, watch->buffer + watch->sent,
		      watch->filled - watch->sent);
	if (count > 0) {
		watch->sent += (size_t)count;
		watch->is_fed = true;
	} else if (errno != EAGAIN && errno != EINTR) {
		end_input(watch);
	}
}

/* The letter behind the name, which may hold anything (proc_pid_stat(5)). */
static bool sleeps(const char *stat)
{
	const char *end = strrchr(stat, ')');

	return end && end[1] == ' ' && end[2] == 'S';
}

static bool all_sleep(pid_t pid)
{
	char path[32];
	cleanup_dir DIR *folder = NULL;
	const struct dirent *entry;
	bool do_all = true;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	folder = opendir(path);
	while (do_all && folder && (entry = readdir(folder))) {
		cleanup_heap char *stat = NULL;

		if (entry->d_name[0] != '.' &&
		    io_read_filef(&stat, NULL, "%s/%s/stat", path,
				  entry->d_name) == 0)
			do_all = sleeps(stat);
	}
	return folder && do_all;
}

/* Whether it has read all of its input and waits for more. */
static int look(struct watch *watch, struct error *err)
{
	int left = 0;
	int r = 0;

	ioctl(watch->input, FIONREAD, &left);
	watch->asleep = left == 0 && all_sleep(watch->record->child)
				? watch->asleep + 1
				: 0;
	if (watch->asleep >= LOOKS) {
		r = take(watch, err);
		end_input(watch);
	}
	return r;
}

static bool is_waiting_for_sleep(const struct watch *watch)
{
	return watch->input >= 0 && watch->at_end &&
	       watch->sent == watch->filled;
}

/* Until something happens. */
static int go_on(struct watch *watch, struct error *err)
{
	const bool waits = is_waiting_for_sleep(watch);
	const bool is_full = watch->sent < watch->filled;
	struct pollfd fds[] = {
		{.fd = watch->signals, .events = POLLIN},
		{.fd = waits	 ? -1
		       : is_full ? watch->input
				 : STDIN_FILENO,
		 .events = is_full ? POLLOUT : POLLIN},
	};
	int r = 0;

	if (watch->input < 0)
		fds[1].fd = -1;
	if (poll(fds, 2, waits ? LOOK_MS : -1) == 0)
		r = look(watch, err);
	if (r == 0)
		r = take_signals(watch, err);
	if (fds[1].revents)
		relay(watch);
	return r;
}

int record_watch(const struct record *record, const struct core *core,
		 const struct plan *plan, struct recorded *ret_recorded,
		 struct error *err)
{
	struct watch watch = {
		.record = record,
		.core = core,
		.plan = plan,
		.input = record->input,
	};
	int r = begin(&watch, record, err);

	/* Stops first, as what was before we listened is not heard of. */
	while (r == 0 && !watch.has_ended) {
		r = take_stops(&watch, err);
		if (r == 0 && !watch.has_ended)
			r = go_on(&watch, err);
	}
	end_input(&watch);
	if (r == 0)
		*ret_recorded = watch.recorded;
	return r;
}
