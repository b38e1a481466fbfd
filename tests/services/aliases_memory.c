/*
 * aliases_memory [private]: a memfd that is closed lives on in its mappings
 *
 * As a compiler at run time has it, there is one to write the code and one to
 * run it; a part is seen again elsewhere; and, if asked for, there is a private
 * one, which shows of the others what was not changed in it.
 */
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "service.h"
#include "smaps.h"

enum {
	PAGE = 4096,
	COUNT = 5,
	SIZE = COUNT * PAGE,
};

/* mov $value, %eax; ret */
static void write_code(unsigned char *code, unsigned char value)
{
	memcpy(code, (unsigned char[]){0xb8, value, 0, 0, 0, 0xc3}, 6);
}

static int call(const unsigned char *code)
{
	return ((int (*)(void))(uintptr_t)code)();
}

static int call_in_child(unsigned char *writable, const unsigned char *code)
{
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		write_code(writable, 44);
		_exit(call(code));
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void check_shared(unsigned char *writable, const unsigned char *code,
			 const unsigned char *part)
{
	service_check(smaps_has_flag(code, "sh") && smaps_has_flag(code, "ex"));
	service_check(!smaps_has_flag(code, "wr"));
	service_check(!smaps_has_flag(writable, "ex"));
	service_check(call(code) == 42);
	write_code(writable, 43);
	service_check(call(code) == 43);
	for (int i = PAGE; i < SIZE; i++)
		service_check(writable[i] == 0x77 && code[i] == 0x77);
	writable[3 * PAGE] = 0x55;
	service_check(part[0] == 0x55 && code[3 * PAGE] == 0x55);
	service_check(part[PAGE - 1] == 0x77);
	service_check(call_in_child(writable, code) == 44);
	service_check(call(code) == 44);
}

static void check_private(unsigned char *own, unsigned char *writable)
{
	service_check(!smaps_has_flag(own, "sh"));
	for (int i = PAGE; i < SIZE; i++)
		service_check(own[i] == (i == 2 * PAGE ? 0x66 : 0x77));
	writable[3 * PAGE] = 0x56;
	service_check(own[3 * PAGE] == 0x56);
	own[PAGE] = 0x88;
	service_check(writable[PAGE] == 0x77);
	writable[PAGE] = 0x78;
	service_check(own[PAGE] == 0x88);
	writable[PAGE] = writable[3 * PAGE] = 0x77;
}

int main(int argc, char *argv[])
{
	int is_private = argc > 1 && strcmp(argv[1], "private") == 0;
	int fd = memfd_create("code", MFD_CLOEXEC);
	unsigned char *writable, *code, *part, *own = NULL;

	if (fd < 0 || ftruncate(fd, SIZE) < 0)
		return 2;
	writable = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	code = mmap(NULL, SIZE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	part = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 3 * PAGE);
	if (is_private)
		own = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd,
			   0);
	close(fd);
	if (code == MAP_FAILED)
		return 2;
	memset(writable + PAGE, 0x77, SIZE - PAGE);
	write_code(writable, 42);
	if (own)
		own[2 * PAGE] = 0x66;

	service_ready();

	if (own)
		check_private(own, writable);
	check_shared(writable, code, part);
	return service_end();
}
