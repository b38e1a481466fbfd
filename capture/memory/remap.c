/*
 * remap.c - a service that lives on, mapped onto its core
 *
 *	1  core   ---mmap---> slots    all of them, so that what is lacking is
 *	                               lacking before anything is moved
 *	2  place  --mremap--> aside    one after the other; undone backwards
 *	   slot   --mremap--> place
 *	3  aside  --munmap-->
 */
#include "remap.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include "capture/tracee/inferior.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "common/text.h"
#include "remap_choice.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000 /* since Linux 4.17 */
#endif

enum {
	CALLS_AT_ONCE = 512,
	PIECE = 256 << 10,
	/* The scratch mapping, and what the kernel keeps back in mremap(2). */
	SPARE_MAPPINGS = 16,
};

/*
 * @fd: of the core, in the service
 * @room: where the slots are; what is put aside is as far behind them
 */
struct remap {
	const struct remap_service *service;
	struct inferior inferior;
	struct core core;
	struct remap_choice choice;
	int64_t fd;
	uint64_t room;
	uint64_t room_size;
};

static uint64_t run_size(const struct remap_run *run)
{
	return run->end - run->start;
}

static uint64_t offset_of(const struct remap_run *run)
{
	return run->mapping->offset + (run->start - run->mapping->start);
}

static uint64_t slot_of(const struct remap *remap, const struct remap_run *run)
{
	return remap->room + run->slot;
}

static uint64_t aside_of(const struct remap *remap, const struct remap_run *run)
{
	return remap->room + remap->room_size + run->slot;
}

/* Until one fails: *ret_made is how many did not, unless an error is returned. */
static int make_calls(const struct remap *remap, struct call *calls,
		      size_t count, size_t *ret_made, struct error *err)
{
	size_t made = 0;

	while (made < count) {
		const size_t left = count - made;
		const size_t some = left < CALLS_AT_ONCE ? left : CALLS_AT_ONCE;
		size_t i = 0;
		int r = inferior_run(&remap->inferior, remap->service->tid,
				     calls + made, some, err);

		if (r < 0)
			return r;
		while (i < some && calls[made].result >= calls[made].lowest &&
		       calls[made].result <= calls[made].highest) {
			made++;
			i++;
		}
		if (i < some)
			break;
	}
	*ret_made = made;
	return 0;
}

/* All of them, or an error that says what was to be done. */
static int make_all(const struct remap *remap, struct call *calls, size_t count,
		    const char *what, struct error *err)
{
	size_t made;
	int r = make_calls(remap, calls, count, &made, err);

	if (r == 0 && made < count)
		r = error_system(err, (int)-calls[made].result, "it cannot %s",
				 what);
	return r;
}

/* What it finds by that name has to be the core. */
static int check_opened(const struct remap *remap, struct error *err)
{
	char link[64];
	struct stat ours, theirs;

	snprintf(link, sizeof(link), "/proc/%d/fd/%d",
		 remap->service->tracee->pid, (int)remap->fd);
	if (fstat(remap->core.fd, &ours) < 0 || stat(link, &theirs) < 0)
		return error_system(err, errno, "cannot look at '%s'", link);
	if (ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino)
		return 0;
	return error_set(err, FAULT_SERVICE,
			 "what it finds by the core's name is another file");
}

static int open_core(struct remap *remap, const char *path, struct error *err)
{
	const struct inferior *inferior = &remap->inferior;
	struct call call =
		CALL_MUST(SYS_openat, (uint64_t)AT_FDCWD, inferior->data,
			  O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int r = tracee_write(inferior->tracee, inferior->data, path,
			     strlen(path) + 1, err);

	if (r == 0)
		r = make_all(remap, &call, 1, "open the core", err);
	if (r < 0)
		return r;
	remap->fd = call.result;
	return check_opened(remap, err);
}

/* The core's memory, in its slots, with all that belongs to it. */
static int fill_slots(const struct remap *remap, struct call *calls,
		      struct error *err)
{
	size_t count = 0;

	for (size_t i = 0; i < remap->choice.count; i++) {
		const struct remap_run *run = &remap->choice.items[i];
		const struct core_mapping *m = run->mapping;
		const uint64_t slot = slot_of(remap, run);
		uint64_t flags = MAP_PRIVATE | MAP_FIXED_NOREPLACE;

		if (m->flags & CORE_MAP_NORESERVE)
			flags |= MAP_NORESERVE;
		calls[count++] = CALL_GIVES(
			slot, SYS_mmap, slot, run_size(run), m->protection,
			flags, (uint64_t)remap->fd, offset_of(run));
		for (uint64_t k = 0; k < 32; k++)
			if (m->advice >> k & 1)
				calls[count++] = CALL_GIVES(
					0, SYS_madvise, slot, run_size(run), k);
	}
	return make_all(remap, calls, count, "map the core", err);
}

static struct call move(uint64_t from, uint64_t to, uint64_t size)
{
	return CALL_GIVES(to, SYS_mremap, from, size, size,
			  MREMAP_MAYMOVE | MREMAP_FIXED, to);
}

/* Moves the first @count back to where they were, the last one first. */
static int move_back(const struct remap *remap, struct call *calls,
		     size_t count, struct error *err)
{
	for (size_t i = 0; i < count / 2; i++) {
		const struct call call = calls[i];

		calls[i] = calls[count - 1 - i];
		calls[count - 1 - i] = call;
	}
	for (size_t i = 0; i < count; i++)
		calls[i] = move(calls[i].arguments[4], calls[i].arguments[0],
				calls[i].arguments[1]);
	return make_all(remap, calls, count, "move its memory back", err);
}

/*
 * *ret_lost is an error if what was moved could not be moved back, or nobody
 * knows what was: the service is not whole.
 */
static int swap(const struct remap *remap, struct call *calls,
		struct error *ret_lost, struct error *err)
{
	size_t count = 0;
	size_t made;
	int r;

	for (size_t i = 0; i < remap->choice.count; i++) {
		const struct remap_run *run = &remap->choice.items[i];
		const uint64_t size = run_size(run);

		calls[count++] = move(run->start, aside_of(remap, run), size);
		calls[count++] = move(slot_of(remap, run), run->start, size);
	}
	r = make_calls(remap, calls, count, &made, err);
	if (r < 0)
		*ret_lost = *err;
	if (r < 0 || made == count)
		return r;
	error_system(err, (int)-calls[made].result,
		     "it cannot move its memory");
	move_back(remap, calls, made, ret_lost);
	return -err->code;
}

/* What is left over: the slots, or what was put aside. */
static void clear_up(const struct remap *remap)
{
	struct call calls[] = {
		CALL_TRY(SYS_munmap, remap->room, 2 * remap->room_size),
		CALL_TRY(SYS_close, (uint64_t)remap->fd),
	};
	struct error ignored = {0};
	size_t made;

	make_calls(remap, calls, remap->fd < 0 ? 1 : 2, &made, &ignored);
}

static size_t most_calls(const struct remap_choice *choice)
{
	size_t count = 2 * choice->count + 1;

	for (size_t i = 0; i < choice->count; i++)
		count += (size_t)__builtin_popcount(
			choice->items[i].mapping->advice);
	return count;
}

static int move_memory(struct remap *remap, const char *path,
		       struct error *ret_lost, struct error *err)
{
	cleanup_heap struct call *calls =
		calloc(most_calls(&remap->choice), sizeof(*calls));
	int r;

	if (!calls)
		return error_system(err, ENOMEM, "cannot keep the calls");
	r = open_core(remap, path, err);
	if (r == 0)
		r = fill_slots(remap, calls, err);
	if (r == 0)
		r = swap(remap, calls, ret_lost, err);
	clear_up(remap);
	return r;
}

/* How many mappings it may still make, and where there is room for them. */
static int look_for_room(struct remap *remap, size_t *ret_left,
			 struct mapping_list *ret_mappings, struct error *err)
{
	const pid_t pid = remap->service->tracee->pid;
	cleanup_heap char *most = NULL;
	char *maps = NULL;
	const char *at;
	uint64_t max = 0;
	int r = io_read_file("/proc/sys/vm/max_map_count", &most, NULL);

	if (r == 0)
		r = io_read_filef(&maps, NULL, "/proc/%d/maps", pid);
	if (r < 0)
		return error_system(err, -r, "cannot read '/proc/%d/maps'",
				    pid);
	at = most;
	take_decimal(&at, &max);
	r = mapping_list_parse(ret_mappings, maps, err);
	if (r == 0)
		*ret_left = max > ret_mappings->count + SPARE_MAPPINGS
				    ? max - ret_mappings->count - SPARE_MAPPINGS
				    : 0;
	return r;
}

static int find_changed(const struct remap *remap, struct page_runs *changed,
			struct error *err)
{
	const struct core *core = &remap->core;
	cleanup_fd int pagemap = -1;
	int r = pagemap_open(remap->service->tracee->pid, &pagemap, err);

	for (size_t i = 0; r == 0 && i < core->mapping_count; i++) {
		const struct core_mapping *m = &core->mappings[i];

		if (remap_is_of_file(m))
			r = pagemap_find(pagemap, m->start, m->end, changed,
					 NULL, err);
	}
	return r;
}

static int is_equal(const struct remap *remap, const struct remap_run *run,
		    char buffers[2 * PIECE], bool *ret_equal, struct error *err)
{
	const uint64_t size = run_size(run);
	int r = 0;

	*ret_equal = true;
	for (uint64_t at = 0; r == 0 && *ret_equal && at < size; at += PIECE) {
		const uint64_t piece = size - at < PIECE ? size - at : PIECE;

		r = tracee_read(remap->service->tracee, run->start + at,
				buffers, piece, err);
		if (r < 0)
			return r;
		r = io_pread_all(remap->core.fd, buffers + PIECE, piece,
				 offset_of(run) + at);
		if (r < 0)
			return error_system(err, -r, "cannot read the core");
		*ret_equal = memcmp(buffers, buffers + PIECE, piece) == 0;
	}
	return r;
}

/*
 * Nobody knows who else may write there while the service stands
 * (process_vm_writev(2)), nor whether its disk gives back what it was given.
 */
static int keep_equal(struct remap *remap, struct error *err)
{
	struct remap_choice *choice = &remap->choice;
	cleanup_heap char *buffers = malloc(2 * (size_t)PIECE);
	size_t kept = 0;
	int r = 0;

	if (!buffers)
		return error_system(err, ENOMEM, "cannot compare the memory");
	for (size_t i = 0; r == 0 && i < choice->count; i++) {
		const struct remap_run run = choice->items[i];
		bool equal;

		r = is_equal(remap, &run, buffers, &equal, err);
		if (r == 0 && equal)
			choice->items[kept++] = run;
	}
	choice->count = kept;
	return r;
}

/* Later memory is not to be executable, or locked, where earlier was not. */
static int check_kinds(const struct remap *remap, struct error *err)
{
	struct statvfs status;

	if (remap->service->locks_future)
		return error_set(err, FAULT_UNSUPPORTED,
				 "it locks all that it maps (mlockall(2))");
	if (fstatvfs(remap->core.fd, &status) == 0 && status.f_flag & ST_NOEXEC)
		return error_set(err, FAULT_UNSUPPORTED,
				 "the core lies on a file system that is "
				 "mounted noexec");
	return 0;
}

static int check_choice(const struct remap *remap, size_t left,
			struct error *err)
{
	const struct remap_choice *choice = &remap->choice;

	if (choice->count > 0)
		return 0;
	if (choice->found > 0)
		return error_set(err, FAULT_UNSUPPORTED,
				 "it would take %zu mappings, and it may only "
				 "have %zu more (vm.max_map_count)",
				 choice->found, left);
	if (remap->service->dropper[0])
		return error_set(err, FAULT_UNSUPPORTED,
				 "its memory is copied at restore, because %s "
				 "may drop pages",
				 remap->service->dropper);
	return error_set(err, FAULT_UNSUPPORTED,
			 "no %d KiB in a row are its own and are mapped at "
			 "restore",
			 REMAP_SHORTEST >> 10);
}

static int choose(struct remap *remap, struct error *err)
{
	struct mapping_list mappings = {0};
	struct page_runs changed = {0};
	size_t left = 0;
	int r = check_kinds(remap, err);

	if (r == 0)
		r = look_for_room(remap, &left, &mappings, err);
	if (r == 0)
		r = find_changed(remap, &changed, err);
	if (r == 0)
		r = remap_choose(&remap->choice, &remap->core, &changed, left,
				 err);
	if (r == 0)
		r = check_choice(remap, left, err);
	if (r == 0)
		r = keep_equal(remap, err);
	remap->room_size = remap_give_slots(&remap->choice);
	if (r == 0)
		r = remap_find_room(&mappings, 2 * remap->room_size,
				    &remap->room, err);
	page_runs_deinit(&changed);
	mapping_list_deinit(&mappings);
	return r;
}

/* Has the service do it, as far as it may. */
static int ask_service(struct remap *remap, const char *path,
		       struct error *ret_lost, struct error *err)
{
	const struct remap_service *service = remap->service;
	struct error ignored = {0};
	int closed;
	int r = inferior_open(&remap->inferior, service->tracee, service->tid,
			      service->vdso, CALLS_AT_ONCE, PATH_MAX, err);

	if (r < 0)
		return r;
	remap->inferior.trap = service->trap;
	remap->inferior.has_trap = true;
	r = choose(remap, err);
	if (r == 0)
		r = move_memory(remap, path, ret_lost, err);
	closed = inferior_close(&remap->inferior, service->tid,
				r < 0 ? &ignored : err);
	return r < 0 ? r : closed;
}

static uint64_t read_kib(const char *text, const char *key)
{
	const char *at = strstr(text, key);
	uint64_t kib = 0;

	if (at && take_word(&at, key)) {
		skip_blanks(&at);
		take_decimal(&at, &kib);
	}
	return kib << 10;
}

/* 0 where the kernel does not sum it up (before Linux 4.14). */
static uint64_t private_memory(const struct tracee *t)
{
	cleanup_heap char *text = NULL;

	if (io_read_filef(&text, NULL, "/proc/%d/smaps_rollup", t->pid) < 0)
		return 0;
	return read_kib(text, "\nPrivate_Clean:") +
	       read_kib(text, "\nPrivate_Dirty:");
}

int remap_onto(struct remapping *ret_remapping,
	       const struct remap_service *service, const char *path,
	       struct error *err)
{
	struct remap remap = {.service = service, .core.fd = -1, .fd = -1};
	struct remapping result = {
		.private_before = private_memory(service->tracee),
	};
	cleanup_heap char *whole_path = realpath(path, NULL);
	struct error lost = {0};
	struct error why = {0};
	int r = 0;

	if (!whole_path)
		r = error_system(&why, errno, "cannot find '%s'", path);
	if (r == 0)
		r = core_open(&remap.core, whole_path, &why);
	if (r == 0)
		r = ask_service(&remap, whole_path, &lost, &why);
	if (r == 0) {
		result.size = remap_size(&remap.choice);
		result.mapping_count = remap.choice.count;
	}
	result.private_after = private_memory(service->tracee);
	memcpy(result.why_not, why.text, sizeof(result.why_not));
	remap_choice_deinit(&remap.choice);
	core_close(&remap.core);
	*ret_remapping = result;
	if (lost.fault == FAULT_NONE)
		return 0;
	*err = lost;
	return error_context(err, "cannot leave the service as it was");
}
