/*
 * test_origin.c - a number belongs to whoever made it last
 *
 * The "tracee" is this process, and its stops are made up.
 */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capture/blame/origin.h"
#include "tests/expect.h"

static struct tracee self;
static struct origins origins;
static int explained;

static void begin(void)
{
	self.pid = getpid();
	explained = dup(STDERR_FILENO);
	origins_init(&origins, explained);
}

static void end(void)
{
	origins_deinit(&origins);
}

TestSuite(origin, .init = begin, .fini = end, .timeout = 20);

static bool enter(pid_t tid, int64_t number, uint64_t a, uint64_t b, uint64_t c)
{
	const struct stop stop = {
		.kind = STOP_SYSCALL_ENTRY,
		.tid = tid,
		.number = number,
		.arguments = {a, b, c},
		.has_registers = true,
	};

	cr_expect(origins_enter(&origins, &self, &stop));
	return origins_await(&origins, tid);
}

static void leave(pid_t tid, int64_t result)
{
	const struct stop stop = {
		.kind = STOP_SYSCALL_EXIT, .tid = tid, .result = result};

	cr_assert(origins_await(&origins, tid));
	origins_leave(&origins, &self, &stop);
	cr_expect(!origins_await(&origins, tid));
}

static void call(pid_t tid, int64_t number, uint64_t a, uint64_t b,
		 int64_t result)
{
	cr_assert(enter(tid, number, a, b, 0));
	leave(tid, result);
}

static const struct origin *find_fd(int fd)
{
	return origins_find(&origins, RESOURCE_DESCRIPTOR, fd);
}

Test(origin, last_who_made_a_number_has_it)
{
	call(1, SYS_socket, 0, 0, 3);
	call(2, SYS_epoll_create1, 0, 0, 3);

	cr_assert(find_fd(3));
	cr_expect(find_fd(3)->tid == 2 &&
		  find_fd(3)->call == SYS_epoll_create1);
	cr_expect(!find_fd(3)->rival, "one began after the other had ended");
	cr_expect(!find_fd(4));
	cr_expect(origins.made.count == 1, "what was replaced is given up");
}

Test(origin, call_that_fails_makes_nothing)
{
	call(1, SYS_socket, 0, 0, 3);
	call(1, SYS_openat, 0, 0, -2);

	cr_expect(find_fd(3)->call == SYS_socket);
	cr_expect(origins.made.count == 1);
}

Test(origin, calls_that_make_nothing_are_not_awaited)
{
	cr_expect(!enter(1, SYS_read, 0, 0, 0));
	cr_expect(!enter(1, SYS_close, 3, 0, 0));
	cr_expect(!enter(1, SYS_fcntl, 3, F_GETFD, 0));
	cr_expect(!origins_await(&origins, 1));
}

Test(origin, calls_that_overlap_are_rivals)
{
	cr_assert(enter(1, SYS_openat, 0, 0, 0));
	cr_assert(enter(2, SYS_socket, 0, 0, 0));
	leave(1, 3);
	leave(2, 3);

	cr_expect(find_fd(3)->tid == 2);
	cr_assert(find_fd(3)->rival && find_fd(3)->rival->tid == 1);
	call(3, SYS_socket, 0, 0, 3);
	cr_expect(!find_fd(3)->rival, "it began later than both");
}

Test(origin, both_ends_have_one)
{
	const int ends[2] = {8, 9};

	cr_assert(enter(1, SYS_pipe2, (uintptr_t)ends, 0, 0));
	leave(1, 0);

	cr_assert(find_fd(8) && find_fd(9));
	cr_expect(find_fd(8)->call == SYS_pipe2);
	cr_expect(find_fd(8)->stack.bytes != find_fd(9)->stack.bytes);
}

Test(origin, copies_know_what_they_are_of_when_that_is_gone)
{
	call(1, SYS_socket, 0, 0, 3);
	call(1, SYS_dup, 3, 0, 4);
	call(1, SYS_openat, 0, 0, 3);
	call(1, SYS_fcntl, 4, F_DUPFD, 7);

	cr_assert(find_fd(7)->base && find_fd(7)->base->call == SYS_dup);
	cr_assert(find_fd(7)->base->base);
	cr_expect(find_fd(7)->base->base->call == SYS_socket);
	cr_expect(origin_root(find_fd(4)) == origin_root(find_fd(7)));
	cr_expect(origin_root(find_fd(3)) == find_fd(3));
}

Test(origin, copies_without_end_are_not_all_kept)
{
	size_t length = 0;

	call(1, SYS_socket, 0, 0, 3);
	for (int i = 0; i < 1000; i++) {
		call(1, SYS_dup2, 3, 4, 4);
		call(1, SYS_dup2, 4, 3, 3);
	}
	for (const struct origin *o = find_fd(3); o; o = o->base)
		length++;

	cr_expect(length >= 2 && length <= 9, "%zu", length);
	cr_expect(origin_root(find_fd(3))->call == SYS_socket);
}

Test(origin, descriptors_of_a_message_are_its_receivers)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} control = {.header = {.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS,
				.cmsg_len = CMSG_LEN(2 * sizeof(int))}};
	const int fds[2] = {11, 12};
	struct mmsghdr messages = {
		.msg_hdr = {.msg_control = &control,
			    .msg_controllen = sizeof(control)}};

	memcpy(CMSG_DATA(&control.header), fds, sizeof(fds));
	cr_assert(enter(1, SYS_recvmsg, 0, (uintptr_t)&messages.msg_hdr, 0));
	leave(1, 1);
	cr_assert(find_fd(11) && find_fd(12));
	cr_assert(enter(2, SYS_recvmmsg, 0, (uintptr_t)&messages, 1));
	leave(2, 1);
	cr_expect(find_fd(11)->tid == 2 && find_fd(12)->tid == 2);
	/* One that claims to be longer than its buffer. */
	control.header.cmsg_len = 4000;
	cr_assert(enter(3, SYS_recvmsg, 0, (uintptr_t)&messages.msg_hdr, 0));
	leave(3, 1);
	control.header.cmsg_len = 3;
	cr_assert(enter(4, SYS_recvmsg, 0, (uintptr_t)&messages.msg_hdr, 0));
	leave(4, 1);
	cr_expect(find_fd(11)->tid != 4);
}

Test(origin, lock_is_found_through_every_copy)
{
	call(1, SYS_openat, 0, 0, 3);
	call(1, SYS_dup, 3, 0, 4);
	call(2, SYS_flock, 3, LOCK_EX, 0);

	cr_assert(origins_find(&origins, RESOURCE_LOCK, 4));
	cr_expect(origins_find(&origins, RESOURCE_LOCK, 4)->tid == 2);
	call(1, SYS_openat, 0, 0, 3);
	cr_expect(!origins_find(&origins, RESOURCE_LOCK, 3), "another file");
	cr_expect(origins_find(&origins, RESOURCE_LOCK, 4), "still it");
}

Test(origin, giving_a_lock_up_is_no_taking)
{
	const struct flock take = {.l_type = F_WRLCK};
	const struct flock give = {.l_type = F_UNLCK};

	cr_assert(enter(1, SYS_fcntl, 3, F_SETLK, (uintptr_t)&take));
	leave(1, 0);
	cr_assert(enter(2, SYS_fcntl, 3, F_SETLK, (uintptr_t)&give));
	leave(2, 0);

	cr_assert(origins_find(&origins, RESOURCE_LOCK, 3));
	cr_expect(origins_find(&origins, RESOURCE_LOCK, 3)->tid == 1);
}

Test(origin, newest_mapping_has_the_address)
{
	const struct stop map = {.tid = 1,
				 .number = SYS_mmap,
				 .arguments = {0, 0x3000, 0, MAP_SHARED},
				 .has_registers = true};

	origins_enter(&origins, &self, &map);
	leave(1, 0x10000);
	cr_expect(origins_find(&origins, RESOURCE_MAPPING, 0x12000));
	cr_expect(!origins_find(&origins, RESOURCE_MAPPING, 0x13000));
	origins_enter(&origins, &self, &map);
	leave(1, 0x11000);
	cr_expect(origins_find(&origins, RESOURCE_MAPPING, 0x12000)->id ==
		  0x11000);
	cr_expect(origins_find(&origins, RESOURCE_MAPPING, 0x10000)->id ==
		  0x10000);
}

Test(origin, first_randomness_is_told)
{
	call(1, SYS_getrandom, 0, 32, 32);
	cr_expect(!enter(2, SYS_getrandom, 0, 32, 0));
	cr_expect(origins_find(&origins, RESOURCE_RANDOMNESS, 0)->tid == 1);
	call(3, SYS_openat, 0, (uintptr_t) "/dev/urandom", 3);
	call(4, SYS_openat, 0, (uintptr_t) "/dev/random", 4);
	call(5, SYS_openat, 0, (uintptr_t) "/dev/randomness", 6);
	cr_assert(origins_find(&origins, RESOURCE_RANDOMNESS, RANDOM_DEVICE));
	cr_expect(origins_find(&origins, RESOURCE_RANDOMNESS, RANDOM_DEVICE)
			  ->tid == 3);
}

Test(origin, story_is_of_one_number)
{
	static const enum origin_event wanted[] = {
		ORIGIN_MADE,  ORIGIN_ENDED, ORIGIN_MADE,
		ORIGIN_ENDED, ORIGIN_MADE,
	};

	call(1, SYS_openat, 0, 0, explained);
	call(1, SYS_openat, 0, 0, 900);
	call(1, SYS_close, (uint64_t)explained, 0, 0);
	call(1, SYS_openat, 0, 0, explained);
	call(1, SYS_dup2, 900, (uint64_t)explained, explained);
	cr_expect(!enter(1, SYS_close, 900, 0, 0));

	cr_assert(origins.story.count == sizeof(wanted) / sizeof(*wanted));
	for (size_t i = 0; i < origins.story.count; i++)
		cr_expect(origins.story.items[i]->event == wanted[i], "%zu", i);
	close(explained);
	cr_expect(!enter(1, SYS_close, (uint64_t)explained, 0, 0),
		  "it is not open");
}

Test(origin, middle_of_a_long_story_is_left_out)
{
	for (int i = 0; i < 2000; i++)
		call(i, SYS_openat, 0, 0, explained);

	cr_expect(origins.story.count + origins.story_lost == 2000);
	cr_expect(origins.story.count <= 1000);
	cr_expect(origins.story.items[0]->tid == 0);
	cr_expect(origins.story.items[origins.story.count - 1]->tid == 1999);
}

Test(origin, exec_ends_memory_and_what_is_closed)
{
	const struct stop map = {.tid = 1,
				 .number = SYS_mmap,
				 .arguments = {0, 0x3000, 0, MAP_SHARED},
				 .has_registers = true};

	call(1, SYS_openat, 0, 0, STDERR_FILENO);
	call(1, SYS_openat, 0, 0, 999);
	origins_enter(&origins, &self, &map);
	leave(1, 0x10000);
	cr_assert(enter(2, SYS_accept, 0, 0, 0));
	origins_exec(&origins, &self, &(struct stop){.tid = 1});

	cr_expect(find_fd(STDERR_FILENO));
	cr_expect(!find_fd(999));
	cr_expect(!origins_find(&origins, RESOURCE_MAPPING, 0x10000));
	cr_expect(!origins_await(&origins, 2), "its thread is gone");
}
