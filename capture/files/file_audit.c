/*
 * file_audit.c - a verdict on every descriptor of the service
 *
 * First all numbers are listed, because a pipe or socket can only be described
 * with a view of the others; then each is read, described and judged; at last
 * it is looked at what those that are carried need of each other.
 */
#include "file_audit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "carry.h"
#include "carry_check.h"
#include "common/cleanup.h"
#include "open_file.h"
#include "open_file_list.h"
#include "same_files.h"

enum {
	FLAG_ASYNC = 020000, /* O_ASYNC, in the kernel's words FASYNC */
	STREAMS = 3,
};

/*
 * @subject: "fd 5"
 * @prefix: what is said before the description
 * @fdinfo: allocated
 */
struct judged {
	struct open_file file;
	char subject[16];
	const char *prefix;
	char *fdinfo;
};

/* What the looking at one process needs. */
struct auditor {
	const struct file_audit *request;
	const struct open_file_list *all;
	struct same_files *same;
	int pidfd;
	bool is_rebound[STREAMS];
};

static const char *const stream_names[] = {"standard input", "standard output",
					   "standard error"};

static const struct open_file_entry *find_entry(const struct auditor *auditor,
						int fd)
{
	return open_file_list_find(auditor->all, fd);
}

/*
 * Whether ours of the same number is the same open file.  Without kcmp(2),
 * which not every kernel has, two openings of a file look like one.
 */
static bool is_ours(pid_t pid, const struct open_file_entry *theirs)
{
	int fd = theirs->fd;
	struct stat ours;
	long order;

	if (fstat(fd, &ours) < 0)
		return false;
	order = syscall(SYS_kcmp, pid, getpid(), KCMP_FILE, fd, fd);
	return order < 0 ? ours.st_dev == theirs->device &&
				   ours.st_ino == theirs->inode
			 : order == 0;
}

/* Whether two descriptors of the service are one open file; negative: unknown. */
static long compare(const struct auditor *auditor, int a, int b)
{
	const struct open_file_entry *first = find_entry(auditor, a);
	const struct open_file_entry *second = find_entry(auditor, b);
	const pid_t pid = auditor->request->pid;

	if (!first || !second || first->device != second->device ||
	    first->inode != second->inode)
		return 1;
	return syscall(SYS_kcmp, pid, pid, KCMP_FILE, a, b);
}

static void judged_deinit(struct judged *judged)
{
	cleanup_close(&judged->file.copy);
	free(judged->fdinfo);
}

/* Everything that can be said of it; false when it cannot be looked at. */
static bool look(const struct auditor *auditor, struct judged *judged)
{
	struct open_file *file = &judged->file;
	int r = open_file_read(file, &judged->fdinfo);

	open_file_say(file, "%s", judged->prefix);
	if (r < 0) {
		open_file_say(file, "something that cannot be looked at (%s)",
			      strerrorname_np(-r));
		file->remedy = "Close it before the ready point.";
		return false;
	}
	if (open_file_asks_copy(file) && auditor->pidfd >= 0)
		file->copy = pidfd_getfd(auditor->pidfd, file->fd, 0);
	file->all = auditor->all;
	open_file_describe(file);
	return true;
}

static void add_finding(const struct auditor *auditor,
			const struct judged *judged, enum verdict verdict,
			const char *suffix)
{
	audit_add(auditor->request->audit, verdict, judged->subject, "%s%s",
		  judged->file.what, suffix);
	audit_identify(auditor->request->audit, RESOURCE_DESCRIPTOR,
		       judged->file.fd);
	if (judged->file.is_locked)
		audit_identify(auditor->request->audit, RESOURCE_LOCK,
			       judged->file.fd);
}

/* Whom it would send a signal, and which, if only O_ASYNC were set. */
static bool has_owner(const struct auditor *auditor,
		      const struct open_file *file)
{
	cleanup_fd int copy =
		file->copy >= 0 || auditor->pidfd < 0
			? -1
			: pidfd_getfd(auditor->pidfd, file->fd, 0);
	const int fd = file->copy >= 0 ? file->copy : copy;
	struct f_owner_ex owner = {0};

	return fd >= 0 &&
	       (fcntl(fd, F_GETSIG) > 0 ||
		(fcntl(fd, F_GETOWN_EX, &owner) == 0 && owner.pid != 0));
}

static bool take(const struct auditor *auditor, const struct judged *judged,
		 enum policy_action action, struct core_file *to)
{
	const struct open_file *file = &judged->file;
	struct carried *carried = auditor->request->carried;

	*to = (struct core_file){
		.flags = file->flags & ~(unsigned)O_CLOEXEC,
		.rules = action == POLICY_CARRY_ANY ? CORE_FILE_ANY : 0,
		.peer = (uint32_t)carried->file_count,
	};
	if (!file->carrier || !file->carrier->take)
		return carried_refuse(carried, "%s", file->remedy);
	if (file->is_locked)
		return carried_refuse(carried,
				      "Take the lock after the ready point.");
	if (file->flags & FLAG_ASYNC || has_owner(auditor, file))
		return carried_refuse(carried, "Have it send signals (O_ASYNC) "
					       "after the ready point.");
	return file->carrier->take(carried, file, to);
}

/* Strict: it is not in the policy.  Whether it might be is tried. */
static void refuse(const struct auditor *auditor, const struct judged *judged)
{
	struct carried *carried = auditor->request->carried;
	const struct carried_mark mark = carried_mark(carried);
	struct core_file ignored;

	add_finding(auditor, judged, VERDICT_REFUSED, "");
	audit_remedy(auditor->request->audit, "%s", judged->file.remedy);
	if (take(auditor, judged, POLICY_CARRY, &ignored))
		audit_offer(auditor->request->audit,
			    judged->file.carrier->kind);
	carried_return(carried, mark);
}

/* With a place of its own, so that nobody notices where we read. */
static int open_again(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static void carry(const struct auditor *auditor, const struct judged *judged,
		  enum policy_action action)
{
	const struct open_file *file = &judged->file;
	struct carried *carried = auditor->request->carried;
	const struct carried_mark mark = carried_mark(carried);
	struct core_file core;
	const char *caveat;
	uint32_t index;

	if (!take(auditor, judged, action, &core)) {
		carried_return(carried, mark);
		add_finding(auditor, judged, VERDICT_REFUSED, "");
		audit_remedy(auditor->request->audit, "%s", carried->why);
		return;
	}
	index = carried_add_file(
		carried, &core, file->fd,
		core.kind == CORE_FILE_MEMFD ? open_again(file->copy) : -1);
	carried_add_descriptor(carried, file->fd, index, file->close_on_exec);
	caveat = carry_caveat(&core);
	add_finding(auditor, judged,
		    caveat[0] ? VERDICT_NOTED : VERDICT_CARRIED, "");
	if (caveat[0])
		audit_remedy(auditor->request->audit, "%s", caveat);
}

/* The restorer's descriptor of that number, or nothing at all. */
static void carry_as(const struct auditor *auditor, const struct judged *judged,
		     enum core_file_kind kind, int number)
{
	struct carried *carried = auditor->request->carried;
	const struct core_file core = {
		.kind = kind,
		.peer = (uint32_t)carried->file_count,
		.values = {(uint64_t)number},
	};

	carried_add_descriptor(
		carried, judged->file.fd,
		carried_add_file(carried, &core, judged->file.fd, -1),
		judged->file.close_on_exec);
}

/* One of a group that shares an open file, which is carried already. */
static void share(const struct auditor *auditor, const struct judged *judged,
		  const struct same_file *same, bool is_known)
{
	struct carried *carried = auditor->request->carried;
	char suffix[48];

	snprintf(suffix, sizeof(suffix),
		 is_known ? ", the same open file as fd %d"
			  : ", perhaps the same open file as fd %d",
		 same->entry.fd);
	add_finding(auditor, judged,
		    is_known ? VERDICT_CARRIED : VERDICT_REFUSED, suffix);
	carried_add_descriptor(carried, judged->file.fd, same->file,
			       judged->file.close_on_exec);
}

/* An open file may have several descriptors; it is carried once. */
static void carry_once(const struct auditor *auditor,
		       const struct judged *judged, enum policy_action action)
{
	const struct open_file_entry *entry =
		find_entry(auditor, judged->file.fd);
	struct carried *carried = auditor->request->carried;
	const uint32_t index = (uint32_t)carried->file_count;
	enum same_answer answer;
	size_t at;

	answer = same_files_find(auditor->same, entry, &at);
	if (answer != SAME_NONE) {
		share(auditor, judged, &auditor->same->items[at],
		      answer == SAME_FOUND);
		return;
	}
	carry(auditor, judged, action);
	if (carried->file_count > index &&
	    !same_files_add(auditor->same, at, entry, index))
		carried->failed = true;
}

/*
 * Which of the standard streams it is once more, or -1; STREAMS if they are one
 * open file themselves, as on a terminal.
 */
static int find_stream(const struct auditor *auditor, int fd)
{
	int found = -1;

	for (int i = 0; i < STREAMS; i++) {
		if (!auditor->is_rebound[i] || compare(auditor, fd, i) != 0)
			continue;
		if (found >= 0)
			return STREAMS;
		found = i;
	}
	return found;
}

static void judge_stream_again(const struct auditor *auditor,
			       struct judged *judged, int stream)
{
	const struct policy *policy = auditor->request->policy;
	char suffix[48];

	judged->file.carrier = &carrier_stream;
	if (stream == STREAMS) {
		add_finding(auditor, judged, VERDICT_REFUSED,
			    ", which is several of the standard streams");
		audit_remedy(auditor->request->audit,
			     "Capture it on streams that are files apart.");
		return;
	}
	snprintf(suffix, sizeof(suffix), ", which is %s", stream_names[stream]);
	if (policy_decide(policy, judged->file.fd, carrier_stream.kind,
			  judged->file.what) == POLICY_CARRY) {
		carry_as(auditor, judged, CORE_FILE_INHERITED, stream);
		add_finding(auditor, judged, VERDICT_REBOUND, suffix);
		return;
	}
	add_finding(auditor, judged, VERDICT_REFUSED, suffix);
	audit_remedy(auditor->request->audit,
		     "Close it before the ready point.");
	audit_offer(auditor->request->audit, carrier_stream.kind);
}

static void judge_by_policy(const struct auditor *auditor,
			    const struct judged *judged,
			    enum policy_action action)
{
	switch (action) {
	case POLICY_DROP:
		if (judged->file.fd < STREAMS)
			carry_as(auditor, judged, CORE_FILE_CLOSED, 0);
		add_finding(auditor, judged, VERDICT_DROPPED, "");
		break;
	case POLICY_INHERIT:
		carry_as(auditor, judged, CORE_FILE_INHERITED, judged->file.fd);
		add_finding(auditor, judged, VERDICT_REBOUND,
			    ": the restorer's own");
		break;
	case POLICY_CARRY:
	case POLICY_CARRY_ANY:
		carry_once(auditor, judged, action);
		break;
	case POLICY_REFUSE:
		refuse(auditor, judged);
		break;
	}
}

static enum policy_action ask_policy(const struct auditor *auditor,
				     const struct open_file *file)
{
	const struct carrier *carrier = file->carrier;

	return policy_decide(auditor->request->policy, file->fd,
			     carrier ? carrier->kind : NULL,
			     carrier && carrier->has_path ? file->link
							  : file->what);
}

static void audit_file(const struct auditor *auditor,
		       const struct open_file_entry *entry)
{
	const bool is_replaced = entry->fd < STREAMS;
	cleanup(judged_deinit) struct judged judged = {
		.file = {.pid = auditor->request->pid,
			 .fd = entry->fd,
			 .copy = -1},
		.prefix = "",
	};
	enum policy_action action;
	char prefix[64];
	int stream;

	snprintf(judged.subject, sizeof(judged.subject), "fd %d", entry->fd);
	if (is_replaced) {
		snprintf(prefix, sizeof(prefix), "%s was replaced by ",
			 stream_names[entry->fd]);
		judged.prefix = prefix;
	}
	look(auditor, &judged);
	if (is_replaced)
		judged.file.remedy = "Leave it as it is until the ready point.";
	stream = find_stream(auditor, entry->fd);
	action = ask_policy(auditor, &judged.file);
	if (stream >= 0 && action != POLICY_DROP && action != POLICY_INHERIT)
		judge_stream_again(auditor, &judged, stream);
	else
		judge_by_policy(auditor, &judged, action);
}

/* Its own, as exec would leave it, unless the user wants it closed. */
static void audit_stream(const struct auditor *auditor,
			 const struct open_file_entry *entry)
{
	struct audit *audit = auditor->request->audit;
	cleanup(judged_deinit) struct judged judged = {
		.file = {.pid = auditor->request->pid,
			 .fd = entry->fd,
			 .copy = -1},
	};
	char prefix[64];

	snprintf(judged.subject, sizeof(judged.subject), "fd %d", entry->fd);
	snprintf(prefix, sizeof(prefix), "%s: ", stream_names[entry->fd]);
	judged.prefix = prefix;
	look(auditor, &judged);
	if (policy_decide(auditor->request->policy, entry->fd, NULL, "") ==
	    POLICY_DROP) {
		judge_by_policy(auditor, &judged, POLICY_DROP);
		return;
	}
	add_finding(auditor, &judged,
		    judged.file.is_locked ? VERDICT_REFUSED : VERDICT_REBOUND,
		    "");
	if (judged.file.is_locked)
		audit_remedy(audit, "Take the lock after the ready point.");
}

/* A restorer has all three, so a service that lacks one would gain it. */
static void audit_closed(const struct auditor *auditor, int fd)
{
	const struct file_audit *request = auditor->request;
	struct judged judged = {.file = {.fd = fd}};
	enum policy_action action;

	if (fcntl(fd, F_GETFD) < 0)
		return;
	action = policy_decide(request->policy, fd, carrier_stream.kind, "");
	snprintf(judged.subject, sizeof(judged.subject), "fd %d", fd);
	open_file_say(&judged.file, "%s is closed", stream_names[fd]);
	if (action == POLICY_CARRY || action == POLICY_DROP) {
		carry_as(auditor, &judged, CORE_FILE_CLOSED, 0);
		audit_add(request->audit, VERDICT_CARRIED, judged.subject, "%s",
			  judged.file.what);
		return;
	}
	audit_add(request->audit,
		  request->is_started ? VERDICT_REFUSED : VERDICT_NOTED,
		  judged.subject, "%s", judged.file.what);
	if (!request->is_started)
		return;
	audit_remedy(request->audit, "Close it after the ready point.");
	audit_offer(request->audit, carrier_stream.kind);
}

int file_audit_make(const struct file_audit *request, struct error *err)
{
	cleanup(open_file_list_deinit) struct open_file_list all = {0};
	cleanup_fd int pidfd = pidfd_open(request->pid, 0);
	cleanup(same_files_deinit) struct same_files same = {
		.pid = request->pid};
	struct auditor auditor = {
		.request = request, .all = &all, .same = &same, .pidfd = pidfd};
	int r = open_file_list_read(&all, request->pid, err);

	if (r < 0)
		return r;
	for (int fd = 0; fd < STREAMS; fd++) {
		const struct open_file_entry *entry = find_entry(&auditor, fd);

		auditor.is_rebound[fd] =
			entry &&
			(!request->is_started || is_ours(request->pid, entry));
		if (!entry)
			audit_closed(&auditor, fd);
	}
	for (size_t i = 0; i < all.count; i++) {
		const struct open_file_entry *entry = &all.items[i];

		if (entry->fd < STREAMS && auditor.is_rebound[entry->fd])
			audit_stream(&auditor, entry);
		else
			audit_file(&auditor, entry);
	}
	carry_check(request->carried, request->pid, request->is_started,
		    request->audit);
	if (request->carried->failed)
		return error_system(err, ENOMEM, "cannot keep the open files");
	return 0;
}
