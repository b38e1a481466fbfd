/*
 * test_notify_socket.c - what a service sends, and whether it says READY=1
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "capture/ready/notify_socket.h"
#include "tests/expect.h"

static struct notify_socket receiver;

static void begin(void)
{
	struct error err = {0};

	cr_assert(notify_socket_open(&receiver, &err) == 0, "%s", err.text);
}

static void end(void)
{
	notify_socket_close(&receiver);
}

TestSuite(notify_socket, .init = begin, .fini = end, .timeout = 10);

/* As sd_notify(3) does it. */
static void send_bytes(const char *bytes, size_t size)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const size_t length = strlen(receiver.address);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	cr_assert(receiver.address[0] == '@' &&
		  length < sizeof(address.sun_path));
	memcpy(address.sun_path + 1, receiver.address + 1, length - 1);
	cr_assert(sendto(fd, bytes, size, 0, (struct sockaddr *)&address,
			 (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				     length)) == (ssize_t)size);
	close(fd);
}

static bool is_ready_after(const char *message)
{
	send_bytes(message, strlen(message));
	return notify_socket_is_ready(&receiver);
}

Test(notify_socket, nothing_is_not_ready)
{
	cr_expect(!notify_socket_is_ready(&receiver));
}

/* A restored service has the address in its memory. */
Test(notify_socket, one_listens_again_where_another_did)
{
	char environment[256] = "A=b";
	struct notify_socket again = {.fd = -1};
	struct error err = {0}, in_use = {0}, none = {0};
	int length = snprintf(environment + 4, sizeof(environment) - 4,
			      "NOTIFY_SOCKET=%s", receiver.address);
	const size_t size = (size_t)length + 5;

	cr_expect(notify_socket_open_again(&again, environment, size, &in_use) <
		  0);
	cr_expect(in_use.code == EADDRINUSE && again.fd == -1);
	notify_socket_close(&receiver);
	cr_assert(notify_socket_open_again(&again, environment, size, &err) ==
		  0);
	expect_text(again.address, receiver.address);
	receiver = again;
	cr_expect(is_ready_after("READY=1"));

	cr_expect(notify_socket_open_again(&again, environment, 4, &none) < 0);
	expect_text(none.text, "it knows no $NOTIFY_SOCKET of subctx-capture");
}

Test(notify_socket, ready_is_heard_once)
{
	cr_expect(is_ready_after("READY=1"));
	cr_expect(!notify_socket_is_ready(&receiver));
}

Test(notify_socket, line_that_says_so_is_found_among_others)
{
	cr_expect(is_ready_after("READY=1\n"));
	cr_expect(is_ready_after("STATUS=up\nREADY=1"));
	cr_expect(is_ready_after("READY=1\nSTATUS=up\n"));
	cr_expect(is_ready_after("MAINPID=7\nREADY=1\nSTATUS=up\n"));
	cr_expect(is_ready_after("\nREADY=1"));
	cr_expect(is_ready_after("\n\n\nREADY=1\n\n"));
}

Test(notify_socket, what_only_looks_like_it_is_not_it)
{
	static const char *const messages[] = {
		"",
		"READY=0",
		"READY=10",
		"READY=",
		"XREADY=1",
		"READY=1 ",
		"ready=1",
		" READY=1",
		"READY=1\r\n",
		"STATUS=READY=1",
		"\n\n\n",
		"STOPPING=1\n",
	};

	for (size_t i = 0; i < sizeof(messages) / sizeof(*messages); i++)
		cr_expect(!is_ready_after(messages[i]), "'%s'", messages[i]);
}

Test(notify_socket, one_of_many_messages_is_enough)
{
	send_bytes("STATUS=a", 8);
	send_bytes("READY=1", 7);
	send_bytes("STATUS=b", 8);

	cr_expect(notify_socket_is_ready(&receiver));
	cr_expect(!notify_socket_is_ready(&receiver));
}

Test(notify_socket, bytes_behind_a_nul_do_not_count)
{
	send_bytes("STATUS\0\nREADY=1", 15);

	cr_expect(!notify_socket_is_ready(&receiver));
}

Test(notify_socket, long_message_does_no_harm)
{
	static char message[10000];

	memset(message, 'x', sizeof(message));
	send_bytes(message, sizeof(message));
	cr_expect(!notify_socket_is_ready(&receiver));

	memcpy(message, "READY=1\n", 8);
	send_bytes(message, sizeof(message));
	cr_expect(notify_socket_is_ready(&receiver));
}

Test(notify_socket, each_has_an_address_of_its_own)
{
	struct notify_socket other;
	struct error err = {0};

	cr_assert(notify_socket_open(&other, &err) == 0, "%s", err.text);

	cr_expect(strcmp(other.address, receiver.address) != 0);
	cr_expect(is_ready_after("READY=1"));
	cr_expect(!notify_socket_is_ready(&other));
	notify_socket_close(&other);
	cr_expect(other.fd == -1);
	notify_socket_close(&other);
}

Test(notify_socket, service_does_not_inherit_it)
{
	cr_expect(fcntl(receiver.fd, F_GETFD) == FD_CLOEXEC);
}
