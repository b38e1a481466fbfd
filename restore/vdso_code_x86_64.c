/*
 * vdso_code_x86_64.c - machine code that takes the place of a vdso's function
 */
#include "vdso_code.h"

#include <string.h>
#include <sys/syscall.h>

/* movabs $target, %r11; jmp *%r11: r11 is free at a function's entry. */
bool vdso_code_jump(unsigned char *at, size_t size, uint64_t target)
{
	unsigned char code[] = {0x49, 0xbb, 0, 0,    0,	   0,	0,
				0,    0,    0, 0x41, 0xff, 0xe3};

	if (size < sizeof(code))
		return false;
	memcpy(code + 2, &target, sizeof(target));
	memcpy(at, code, sizeof(code));
	return true;
}

/* mov $number, %eax; syscall; ret: arguments are where the call wants them. */
static bool write_call(unsigned char *at, size_t size, uint32_t number)
{
	unsigned char code[] = {0xb8, 0, 0, 0, 0, 0x0f, 0x05, 0xc3};

	if (size < sizeof(code))
		return false;
	memcpy(code + 1, &number, sizeof(number));
	memcpy(at, code, sizeof(code));
	return true;
}

/*
 * Asked for the size of its state (the fifth argument is -1), it says ENOSYS, as
 * where there is none; who has one already gets his bytes from the call.
 *
 *	cmp $-1, %r8; je 1f; mov $number, %eax; syscall; ret; 1: mov $-38, %rax; ret
 */
static bool write_getrandom(unsigned char *at, size_t size)
{
	const uint32_t number = SYS_getrandom;
	unsigned char code[] = {0x49, 0x83, 0xf8, 0xff, 0x74, 0x08, 0xb8, 0,
				0,    0,    0,	  0x0f, 0x05, 0xc3, 0x48, 0xc7,
				0xc0, 0xda, 0xff, 0xff, 0xff, 0xc3};

	if (size < sizeof(code))
		return false;
	memcpy(code + 7, &number, sizeof(number));
	memcpy(at, code, sizeof(code));
	return true;
}

bool vdso_code_call(unsigned char *at, size_t size, const char *name)
{
	static const struct {
		const char *name;
		uint32_t number;
	} calls[] = {
		{"clock_gettime", SYS_clock_gettime},
		{"clock_getres", SYS_clock_getres},
		{"gettimeofday", SYS_gettimeofday},
		{"time", SYS_time},
		{"getcpu", SYS_getcpu},
	};
	const char prefix[] = "__vdso_";

	if (strncmp(name, prefix, strlen(prefix)) == 0)
		name += strlen(prefix);
	if (strcmp(name, "getrandom") == 0)
		return write_getrandom(at, size);
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (strcmp(name, calls[i].name) == 0)
			return write_call(at, size, calls[i].number);
	return false;
}
